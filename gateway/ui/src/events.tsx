import { localDayStart } from '../../contracts/values/time.ts';
import type { DayEvent, DayView, LiveView } from '../../contracts/values/view.ts';
import { clockTime, dayName, sentence } from '../../contracts/values/words.ts';

const SHOWN = 5;

function Row(props: { readonly event: DayEvent; readonly zone: string; readonly todayMs: number }) {
  const { event, zone } = props;
  const alarm = event.kind === 'alarm';
  const time = clockTime(event.atMs, zone);
  return (
    <li class={alarm ? 'alarm' : ''}>
      <span class="note" title={dayName(event.atMs, zone)}>
        {time}
        {event.atMs < props.todayMs ? <span class="spoken"> yesterday</span> : null}
      </span>
      <span class="dot" aria-hidden="true" />
      <span>
        <b class={`strong${alarm ? ' alarming' : ''}`}>{sentence(event.text)}</b>
        {event.detail === undefined ? null : (
          <>
            <br />
            <span class="second">{event.detail}</span>
          </>
        )}
      </span>
    </li>
  );
}

/** What happened, newest first. */
export function EventCard(props: {
  readonly live: LiveView | undefined;
  readonly day: DayView | undefined;
}) {
  const events = [...(props.day?.events ?? [])].reverse();
  const zone = props.live?.site.timeZone ?? 'UTC';
  const todayMs = props.live === undefined ? 0 : localDayStart(props.live.atMs, zone);
  return (
    <section class="card five" id="events" aria-labelledby="h-events">
      <div class="head">
        <h2 id="h-events">Last events</h2>
        {events.length > SHOWN ? (
          <span class="small note">
            {SHOWN} of {events.length}
          </span>
        ) : null}
      </div>
      {events.length === 0 ? (
        <p class="rows note">
          {props.day === undefined
            ? '–'
            : 'Nothing happened yet today. Changes of mode, limits and devices stand here.'}
        </p>
      ) : (
        <ul class="events">
          {events.slice(0, SHOWN).map((event) => (
            <Row key={`${event.atMs} ${event.text}`} event={event} zone={zone} todayMs={todayMs} />
          ))}
        </ul>
      )}
    </section>
  );
}
