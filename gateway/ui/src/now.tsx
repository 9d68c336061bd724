import { Fragment } from 'preact';
import type { DayView, LadderRow, LiveView } from '../../contracts/values/view.ts';
import { clockTime, sentence } from '../../contracts/values/words.ts';
import { Orders } from './orders.tsx';

function Ladder(props: { readonly rows: readonly LadderRow[] }) {
  return (
    <ol class="ladder" aria-label="Who decides, highest first">
      {props.rows.map((row) => (
        <li key={row.authority} class={row.decides ? 'decides' : ''}>
          <span>{row.authority}</span>
          <span>
            {row.asks === '' ? 'none' : row.asks}
            {row.decides ? <span class="spoken">, decides</span> : null}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Next(props: {
  readonly day: DayView | undefined;
  readonly zone: string;
  readonly atMs: number;
}) {
  const next = (props.day?.next ?? []).filter((act) => act.atMs >= props.atMs).slice(0, 3);
  if (next.length === 0) {
    return <p class="next-none rows note">What comes next stands here with the first plan.</p>;
  }
  return (
    <dl class="next rows" aria-label="Next">
      {next.map((act) => (
        <Fragment key={`${act.atMs} ${act.act}`}>
          <dt>{clockTime(act.atMs, props.zone)}</dt>
          <dd>
            {sentence(act.act)}
            {act.why === '' ? '' : `, ${act.why}`}
            {/[.]$/.test(act.why || act.act) ? '' : '.'}
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** The deed as a title; without one, what the battery does; without that, what the grid does. */
function deed(live: LiveView): string {
  if (live.doing !== undefined) return live.doing;
  const flow =
    live.flows.find(({ kind }) => kind === 'battery') ??
    live.flows.find(({ kind }) => kind === 'grid');
  return flow === undefined ? 'Waiting for the first readings' : sentence(flow.doing);
}

/**
 * What is being done and why: the reason, the order of authority with the deciding row filled, and
 * what is next.
 */
export function NowCard(props: {
  readonly live: LiveView | undefined;
  readonly day: DayView | undefined;
}) {
  const { live, day } = props;
  const zone = live?.site.timeZone ?? 'UTC';
  return (
    <section class="card four now" aria-labelledby="h-now">
      <div class="head">
        <h2 id="h-now" class="note">
          Now doing
        </h2>
        {live === undefined ? null : (
          <span class="small note whole">
            since {clockTime(live.doingSinceMs ?? live.modeSinceMs, zone)}
          </span>
        )}
      </div>
      <p class="deed">{live === undefined ? '–' : deed(live)}</p>
      {live?.reason.sentence ? <p class="rows second">{live.reason.sentence}</p> : null}
      {live === undefined ? null : <Ladder rows={live.ladder} />}
      {live === undefined ? null : <Next day={day} zone={zone} atMs={live.atMs} />}
      {live === undefined ? null : <Orders live={live} />}
      {live?.written === undefined || live.written === '' ? null : (
        <p class="small note written">{live.written}</p>
      )}
    </section>
  );
}
