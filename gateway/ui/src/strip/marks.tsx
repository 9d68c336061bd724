import { localTime } from '../../../contracts/values/time.ts';
import type { DayEvent } from '../../../contracts/values/view.ts';
import { clockTime, dayName } from '../../../contracts/values/words.ts';
import type { Layout } from './layout.ts';
import type { Cell } from './model.ts';

interface Props {
  readonly layout: Layout;
}

const LETTER = 6.7; // px, for deciding whether a text has room
const HOUR_MS = 3_600_000;

interface Hour {
  readonly atMs: number;
  readonly hour: number;
}

/** Whole local hours of the strip; skipped and doubled ones of a clock change as they are. */
function hours({ day, zone }: Layout): Hour[] {
  const found: Hour[] = [];
  for (let atMs = day.fromMs; atMs < day.untilMs; atMs += day.stepMs) {
    const { minuteOfDay } = localTime(atMs, zone);
    if (minuteOfDay % 60 === 0) found.push({ atMs, hour: minuteOfDay / 60 });
  }
  return found;
}

/** The plan's ground, and the names of the days. */
export function Ground({ layout }: Props) {
  const { across, atMs, right, axis, phone, zone, day, left } = layout;
  const now = Math.min(Math.max(across(atMs), left), right);
  const midnights = hours(layout).filter(({ hour, atMs: at }) => hour === 0 && at > day.fromMs);
  const starts = [day.fromMs, ...midnights.map(({ atMs: at }) => at)];
  return (
    <g>
      <rect x={now} y="40" width={right - now} height={axis - 43} class="fill-sunken" />
      {midnights.map(({ atMs: at }) => (
        <path
          key={at}
          d={`M${across(at)} 16V${axis - 3}`}
          class="line-edge"
          stroke-dasharray="1 3"
        />
      ))}
      {starts.map((at, index) => {
        const end = starts[index + 1] ?? day.untilMs;
        const today = at <= atMs && atMs < end;
        const full = `${dayName(at, zone)}${today ? ', today' : ''}`;
        const room = across(end) - across(at);
        const names = phone ? [dayName(at, zone, 'short')] : [full, dayName(at, zone, 'short')];
        const name = [...names, dayName(at, zone, 'short').slice(0, 3)].find(
          (text) => text.length * 7.4 < room,
        );
        return name === undefined ? null : (
          <text key={at} x={across(at) + (index === 0 ? 0 : 6)} y="26" class="lane-name">
            {name}
          </text>
        );
      })}
    </g>
  );
}

export function Axis({ layout }: Props) {
  const { across, axis, day, atMs, phone, zone, left, right } = layout;
  const pxPerHour = across(day.fromMs + HOUR_MS) - across(day.fromMs);
  const every = [1, 2, 3, 4, 6, 12].find((step) => step * pxPerHour >= (phone ? 32 : 58)) ?? 12;
  const now = across(atMs);
  return (
    <g>
      {hours(layout)
        .filter(({ hour }) => hour % every === 0)
        .map(({ atMs: at }) => {
          const x = across(at);
          const label = phone ? clockTime(at, zone).slice(0, 2) : clockTime(at, zone);
          const free =
            Math.abs(x - now) > (phone ? 34 : 46) && x > left - 1 && x < right - (phone ? 4 : 12);
          return (
            <g key={at}>
              <path d={`M${x} ${axis}v5`} class="line-edge" />
              {free ? (
                <text x={x} y={axis + 20} text-anchor="middle" class="axis">
                  {label}
                </text>
              ) : null}
            </g>
          );
        })}
    </g>
  );
}

/** Now is one line through all lanes; left of it is measured, right of it is plan. */
export function NowLine({ layout }: Props) {
  const { across, atMs, axis, zone, left, right, day } = layout;
  if (atMs < day.fromMs || atMs > day.untilMs) return null;
  const x = across(atMs);
  const pill = Math.min(Math.max(x, left + 6), right - 24);
  return (
    <g>
      <path d={`M${x} 40V${axis + 3}`} class="line-ink" stroke-width="1.6" />
      <rect x={pill - 25} y={axis + 7} width="50" height="19" rx="9.5" class="fill-ink" />
      <text
        x={pill}
        y={axis + 20.5}
        text-anchor="middle"
        font-size="12"
        font-weight="600"
        class="fill-surface"
      >
        {clockTime(atMs, zone)}
      </text>
      {x - left > 64 ? (
        <text x={x - 8} y="50" text-anchor="end" class="axis haloed">
          measured
        </text>
      ) : null}
      {right - x > 36 ? (
        <text x={x + 8} y="50" class="axis haloed-sunken">
          plan
        </text>
      ) : null}
    </g>
  );
}

/** Limits from the grid, as spans; the running or next one is named. */
export function Limits({ layout }: Props) {
  const { limits, day, across, left, right, atMs } = layout;
  if (limits === undefined) return null;
  const all = (day.limits ?? []).filter(
    ({ fromMs, untilMs }) => untilMs > day.fromMs && fromMs < day.untilMs,
  );
  const named = all.find(({ untilMs }) => untilMs > atMs) ?? all.at(-1);
  return (
    <g>
      {all.map((limit) => {
        const x = Math.max(left, across(limit.fromMs));
        const end = Math.min(right, across(limit.untilMs));
        const width = Math.max(2, end - x);
        const letters = limit.text.length * LETTER;
        const before = x - left > letters + 10;
        const after = right - end > letters + 10;
        return (
          <g key={`${limit.fromMs} ${limit.text}`}>
            <rect
              x={x}
              y={limits}
              width={width}
              height="20"
              rx="4"
              class="fill-ink-2"
              fill-opacity=".14"
            />
            <path
              d={`M${x} ${limits}v20M${end} ${limits}v20`}
              class="line-ink-2"
              stroke-width="1.5"
            />
            {limit !== named || !(before || after) ? (
              <title>{limit.text}</title>
            ) : (
              <text
                x={before ? x - 8 : end + 8}
                y={limits + 14}
                text-anchor={before ? 'end' : 'start'}
                class="axis second-ink"
              >
                {limit.text}
              </text>
            )}
          </g>
        );
      })}
    </g>
  );
}

interface Spot {
  readonly event: DayEvent;
  readonly x: number;
  readonly named: boolean;
  readonly flipped: boolean; // its name stands left of it
}

/** Names where they have room: alarms first, then the newest. */
function spots({ day, across, phone, left, right }: Layout): Spot[] {
  const events = day.events.filter(({ atMs }) => atMs >= day.fromMs && atMs <= day.untilMs);
  const taken: { from: number; until: number }[] = events.map(({ atMs }) => ({
    from: across(atMs) - 6,
    until: across(atMs) + 6,
  }));
  const order = events
    .map((event, index) => ({ event, index }))
    .sort(
      (a, b) =>
        Number(b.event.kind === 'alarm') - Number(a.event.kind === 'alarm') || b.index - a.index,
    );
  const placed = order.map(({ event, index }): Spot => {
    const x = across(event.atMs);
    const letters = event.text.length * LETTER;
    for (const flipped of [false, true]) {
      const from = flipped ? x - 8 - letters : x + 8;
      const until = from + letters;
      const free = taken.every(
        (span, at) => at === index || until < span.from || from > span.until,
      );
      if (!phone && free && from > left && until < right) {
        taken.push({ from, until });
        return { event, x, named: true, flipped };
      }
    }
    return { event, x, named: false, flipped: false };
  });
  return placed.reverse(); // alarms are drawn last, over the others
}

export function Events({ layout }: Props) {
  const y = layout.events;
  return (
    <g>
      {spots(layout).map(({ event, x, named, flipped }) => {
        const alarm = event.kind === 'alarm';
        return (
          <g key={`${event.atMs} ${event.text}`}>
            {alarm ? (
              <path
                d={`M${x - 6} ${y + 5}L${x} ${y - 6}L${x + 6} ${y + 5}Z`}
                class="fill-alarm line-surface"
                stroke-width="2"
              />
            ) : (
              <circle cx={x} cy={y} r="3.5" class="fill-ink-2" />
            )}
            {named ? (
              <text
                x={flipped ? x - 9 : x + 9}
                y={y + 4}
                text-anchor={flipped ? 'end' : 'start'}
                class={alarm ? 'axis event-alarm haloed-sunken' : 'axis second-ink haloed'}
              >
                {event.text}
              </text>
            ) : (
              <title>{event.text}</title>
            )}
          </g>
        );
      })}
    </g>
  );
}

/** The quarter-hour that the line above reads out. */
export function Selected(
  props: Props & { readonly cell: Cell; readonly priceNanoPerWh: number | null },
) {
  const { layout, cell, priceNanoPerWh } = props;
  const { across, day, axis, power, store, price } = layout;
  const x = across(cell.fromMs + day.stepMs / 2);
  const { slot } = cell;
  return (
    <g>
      <path d={`M${x} 46V${axis - 3}`} class="line-ink-3" stroke-dasharray="2 2" />
      {slot?.loadW === null || slot?.loadW === undefined ? null : (
        <circle
          cx={x}
          cy={power.y(Math.abs(slot.loadW))}
          r="3.5"
          class="fill-surface line-load"
          stroke-width="1.8"
        />
      )}
      {store === undefined || slot?.socPct === null || slot?.socPct === undefined ? null : (
        <circle
          cx={x}
          cy={store.y(slot.socPct)}
          r="3.5"
          class="fill-surface line-battery"
          stroke-width="1.8"
        />
      )}
      {priceNanoPerWh === null ? null : (
        <circle
          cx={x}
          cy={price.y(priceNanoPerWh)}
          r="3.5"
          class="fill-surface line-price"
          stroke-width="1.8"
        />
      )}
    </g>
  );
}
