import { useState } from 'preact/hooks';
import type { DayView, LiveView } from '../../../contracts/values/view.ts';
import { narrow, useWidth } from '../state/size.ts';
import { MarketLane, PriceLane, StoreLane } from './lanes.tsx';
import { type Layout, layOut } from './layout.ts';
import { Axis, Events, Ground, Limits, NowLine, Selected } from './marks.tsx';
import { buildStrip, type Cell, type Strip } from './model.ts';
import { PowerLane } from './power.tsx';
import { type Reading, readOut, spanTitle, spoken } from './words.ts';

function Legend({ strip }: { readonly strip: Strip }) {
  const { has, cells } = strip;
  const planned = cells.filter(({ kind }) => kind === 'planned');
  const sunRange = planned.some(({ slot }) => slot?.pvHighW !== undefined);
  const loadRange = planned.some(({ slot }) => slot?.loadHighW !== undefined);
  const entries: readonly (readonly [boolean, string, string])[] = [
    [has.loadW, 'key-load', 'Load'],
    [has.pvW, 'key-sun', 'Sun'],
    [has.batteryW, 'key-battery', 'Battery'],
    [has.gridW, 'key-grid', 'Bought'],
    [has.gridW, 'key-export', 'Sold'],
    [sunRange, 'key-dash', 'Sun, likely range'],
    [loadRange, 'key-band', 'Load, likely range'],
  ];
  return (
    <ul class="legend" aria-label="Key">
      {entries
        .filter(([shown]) => shown)
        .map(([, key, text]) => (
          <li key={key}>
            <i class={key} aria-hidden="true" />
            {text}
          </li>
        ))}
    </ul>
  );
}

function ReadOut({ reading }: { readonly reading: Reading }) {
  return (
    <div class="probe">
      <b class="strong">{reading.when}</b>
      {reading.parts.map(({ text, range }) => (
        <span key={text}>
          {text}
          {range === undefined ? null : <span class="note"> {range}</span>}
        </span>
      ))}
      {reading.why === '' ? null : <span class="why">{reading.why}</span>}
    </div>
  );
}

function Picture(props: {
  readonly layout: Layout;
  readonly cell: Cell;
  readonly select: (index: number) => void;
}) {
  const { layout, cell, select } = props;
  const { width, height, left, right, strip, day } = layout;
  const point = (event: PointerEvent): void => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientX - box.left - left) / (right - left);
    select(Math.floor(share * strip.cells.length));
  };
  const price = day.prices.find(({ fromMs }) => fromMs === cell.fromMs)?.importNanoPerWh ?? null;
  return (
    <svg
      class="strip"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden="true"
      onPointerMove={point}
      onPointerDown={point}
    >
      <defs>
        <pattern
          id="strip-gap"
          width="6"
          height="6"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width="1.5" height="6" fill="var(--ink-3)" fill-opacity=".55" />
        </pattern>
      </defs>
      <Ground layout={layout} />
      <PowerLane layout={layout} />
      <StoreLane layout={layout} />
      <PriceLane layout={layout} />
      <MarketLane layout={layout} />
      <Limits layout={layout} />
      <Axis layout={layout} />
      <Selected layout={layout} cell={cell} priceNanoPerWh={price} />
      <NowLine layout={layout} />
      <Events layout={layout} />
    </svg>
  );
}

/** Arrows move a quarter-hour, with Page keys an hour, Home and End to the ends. */
function moved(key: string, index: number, last: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return index - 1;
    case 'ArrowRight':
    case 'ArrowUp':
      return index + 1;
    case 'PageUp':
      return index + 4;
    case 'PageDown':
      return index - 4;
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return undefined;
  }
}

/**
 * Until somebody points at a moment, the strip reads out a coming act, clear of the line of now, or
 * now.
 */
function firstIndex({ strip, day, atMs }: Layout): number {
  const coming = day.next.filter((act) => act.atMs >= atMs && act.atMs < day.untilMs);
  const next = coming.find((act) => act.atMs >= atMs + 4 * day.stepMs) ?? coming[0];
  if (next === undefined) return strip.nowIndex;
  return Math.floor((next.atMs - day.fromMs) / day.stepMs);
}

const LABEL =
  'Day in quarter-hours: power by source, load, store, price and market. Arrow keys read it out.';

function Drawn(props: { readonly live: LiveView; readonly day: DayView; readonly width: number }) {
  const { live, day, width } = props;
  const { timeZone: zone, currency } = live.site;
  const layout = layOut({ day, atMs: live.atMs, zone, currency, width, phone: narrow.value });
  const [chosenMs, choose] = useState<number | undefined>(undefined);
  const { cells } = layout.strip;
  const last = cells.length - 1;
  const clamp = (index: number): number => Math.min(last, Math.max(0, index));
  const index = clamp(
    chosenMs === undefined ? firstIndex(layout) : Math.floor((chosenMs - day.fromMs) / day.stepMs),
  );
  const select = (to: number): void => choose(day.fromMs + clamp(to) * day.stepMs);
  const cell = cells[index];
  if (cell === undefined) return null;
  const reading = readOut(cell, { day, strip: layout.strip, atMs: live.atMs, zone, currency });
  const onKeyDown = (event: KeyboardEvent): void => {
    const to = moved(event.key, index, last);
    if (event.key === 'Escape') choose(undefined);
    if (to === undefined) return;
    event.preventDefault();
    select(to);
  };
  return (
    <>
      <ReadOut reading={reading} />
      <div
        class="strip-box"
        role="slider"
        tabIndex={0}
        aria-label={LABEL}
        aria-valuemin={0}
        aria-valuemax={last}
        aria-valuenow={index}
        aria-valuetext={spoken(reading)}
        onKeyDown={onKeyDown}
      >
        <Picture layout={layout} cell={cell} select={select} />
      </div>
    </>
  );
}

/** Past and plan share one axis. */
export function StripCard(props: {
  readonly live: LiveView | undefined;
  readonly day: DayView | undefined;
}) {
  const { live, day } = props;
  const [box, width] = useWidth<HTMLDivElement>(narrow.value ? 324 : 1182);
  const ready = live !== undefined && day !== undefined;
  const title = ready ? spanTitle(day, live.atMs, live.site.timeZone) : 'The day';
  const strip = ready ? buildStrip(day, live.atMs) : undefined;
  const unplanned = ready && day.planned.length === 0;
  return (
    <section class="card twelve" id="day" aria-labelledby="h-day">
      <div class="head strip-head">
        <h2 id="h-day">{title}</h2>
        {strip === undefined ? null : <Legend strip={strip} />}
      </div>
      <div ref={box}>
        {ready && width > 0 ? (
          <Drawn live={live} day={day} width={width} />
        ) : (
          <p class="strip-none note">–</p>
        )}
      </div>
      {unplanned ? <p class="small note">The first plan stands here when it is made.</p> : null}
    </section>
  );
}
