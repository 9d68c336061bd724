import type { LiveView } from '../../contracts/values/view.ts';
import { dayAndTime } from '../../contracts/values/words.ts';

/**
 * Alarms are told at once: a triangle, a bold first line, the next step. All well looks like
 * nothing.
 */
export function AlarmList(props: { readonly live: LiveView | undefined }) {
  const { live } = props;
  const alarms = live?.alarms ?? [];
  return (
    <div role="alert">
      {alarms.length === 0 || live === undefined ? null : (
        <ul class="alarms">
          {alarms.map((alarm) => (
            <li key={`${alarm.code} ${alarm.text}`}>
              <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
                <path d="M7 1 13.400 12.600H.6z" class="fill-alarm" />
              </svg>
              <div>
                <b class="strong">
                  <span class="spoken">Alarm: </span>
                  {alarm.text}
                </b>
                <p class="second rows">{alarm.mend}</p>
              </div>
              <span class="note rows whole">
                since {dayAndTime(alarm.sinceMs, live.atMs, live.site.timeZone)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
