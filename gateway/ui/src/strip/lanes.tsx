import type { DayView, MarketRow } from '../../../contracts/values/view.ts';
import { figure, priceUnit, priceValue } from '../../../contracts/values/words.ts';
import type { Lane, Layout } from './layout.ts';
import { type Cell, runs } from './model.ts';
import { smoothLine } from './paths.ts';

interface Props {
  readonly layout: Layout;
}

function Name(props: { readonly lane: Lane; readonly name: string; readonly note: string }) {
  return (
    <text x="0" y={props.lane.label} class="lane-name">
      {props.name}
      <tspan class="lane-note"> {props.note}</tspan>
    </text>
  );
}

function Level(
  props: Props & { readonly y: number; readonly text: string; readonly edge?: boolean },
) {
  const { layout, y } = props;
  return (
    <g>
      <path
        d={`M${layout.left} ${y}H${layout.right}`}
        class={props.edge ? 'line-edge' : 'line-hair'}
      />
      <text x={layout.left - 8} y={y + 4} text-anchor="end" class="axis">
        {props.text}
      </text>
    </g>
  );
}

/** A planned line starts at the last measured point. */
function joinedTo(before: readonly Cell[] | undefined, cells: readonly Cell[]): readonly Cell[] {
  const last = before?.at(-1);
  const [first] = cells;
  const joins = first?.kind === 'planned' && last !== undefined && last.index + 1 === first.index;
  return joins ? [last, ...cells] : cells;
}

function StoreLine({ layout, cells }: Props & { readonly cells: readonly Cell[] }) {
  const { store, across, day } = layout;
  if (store === undefined) return null;
  const planned = cells.at(-1)?.kind === 'planned';
  const middle = (cell: Cell | undefined): number => across((cell?.fromMs ?? 0) + day.stepMs / 2);
  const d = smoothLine({ cells, across, stepMs: day.stepMs }, ({ slot }) => {
    return store.y(slot?.socPct ?? 0);
  });
  const foot = `L${middle(cells.at(-1))} ${store.bottom}L${middle(cells[0])} ${store.bottom}Z`;
  return (
    <g>
      <path d={`${d}${foot}`} class="fill-battery" fill-opacity={planned ? 0.1 : 0.22} />
      <path
        d={d}
        class="fill-none line-battery"
        stroke-width={planned ? 1.8 : 2}
        {...(planned ? { 'stroke-dasharray': '4 3' } : {})}
      />
    </g>
  );
}

/** How full the store is: solid as measured, dashed as planned, the reserve shaded. */
export function StoreLane({ layout }: Props) {
  const { store, strip, day, left, right } = layout;
  if (store === undefined) return null;
  const reserve = day.reservePct;
  const parts = runs(
    strip.cells,
    ({ slot }) => slot?.socPct !== null && slot?.socPct !== undefined,
  );
  return (
    <g>
      <Name
        lane={store}
        name="Battery"
        note={reserve === undefined ? '% full' : `% full, kept above ${figure(reserve)}`}
      />
      <Level layout={layout} y={store.y(100)} text="100" />
      <Level
        layout={layout}
        y={store.y(0)}
        text={reserve === undefined || reserve > 30 ? '0' : ''}
      />
      {reserve === undefined ? null : (
        <g>
          <rect
            x={left}
            y={store.y(reserve)}
            width={right - left}
            height={store.bottom - store.y(reserve)}
            class="fill-ink-3"
            fill-opacity=".1"
          />
          <path
            d={`M${left} ${store.y(reserve)}H${right}`}
            class="line-ink-3"
            stroke-dasharray="2 3"
          />
          <text x={left - 8} y={store.y(reserve) + 4} text-anchor="end" class="axis">
            {figure(reserve)}
          </text>
        </g>
      )}
      {parts.map((cells, at) => (
        <StoreLine key={cells[0]?.index} layout={layout} cells={joinedTo(parts[at - 1], cells)} />
      ))}
    </g>
  );
}

/** Neighbouring prices that are known; where they are not there is nothing to draw. */
function pricedRuns(day: DayView): { fromMs: number; value: number }[][] {
  const found: { fromMs: number; value: number }[][] = [];
  for (const { fromMs, importNanoPerWh } of day.prices) {
    if (importNanoPerWh === null || fromMs < day.fromMs || fromMs >= day.untilMs) continue;
    const open = found.at(-1);
    const last = open?.at(-1);
    if (open === undefined || last === undefined || last.fromMs + day.stepMs !== fromMs) {
      found.push([{ fromMs, value: importNanoPerWh }]);
    } else open.push({ fromMs, value: importNanoPerWh });
  }
  return found;
}

/** Darker is dearer. */
function Heat({ layout }: Props) {
  const { price, across, day, left, right } = layout;
  const range = Math.max(1, price.high - price.low);
  const hours = day.prices.filter((_, at) => at % 4 === 1);
  return (
    <linearGradient
      id="strip-heat"
      gradientUnits="userSpaceOnUse"
      x1={left}
      x2={right}
      y1="0"
      y2="0"
    >
      {hours.map(({ fromMs, importNanoPerWh }) =>
        importNanoPerWh === null ? null : (
          <stop
            key={fromMs}
            offset={Math.max(0, Math.min(1, (across(fromMs + day.stepMs) - left) / (right - left)))}
            stop-color="var(--price)"
            stop-opacity={0.12 + (0.7 * (importNanoPerWh - price.low)) / range}
          />
        ),
      )}
    </linearGradient>
  );
}

export function PriceLane({ layout }: Props) {
  const { price, across, day, currency, left } = layout;
  const zero = price.y(Math.max(0, Math.min(0, price.high)));
  return (
    <g>
      <Name lane={price} name="Price" note={`to buy, ${priceUnit(currency)}`} />
      {price.ticks.map((value) => (
        <Level
          key={value}
          layout={layout}
          y={price.y(value)}
          text={figure(priceValue(value, currency))}
        />
      ))}
      {price.known ? <Heat layout={layout} /> : null}
      {price.known ? null : (
        <text x={left + 8} y={price.bottom - 8} class="axis">
          prices stand here when they are known
        </text>
      )}
      {pricedRuns(day).map((run) => {
        const start = run[0]?.fromMs ?? 0;
        const steps = run
          .map(({ fromMs, value }, at) => {
            const begin = at === 0 ? `M${across(fromMs)} ` : 'V';
            return `${begin}${price.y(value)}H${across(fromMs + day.stepMs)}`;
          })
          .join('');
        return (
          <g key={start}>
            <path d={`${steps}V${zero}H${across(start)}Z`} fill="url(#strip-heat)" />
            <path d={steps} class="fill-none line-price" stroke-width="1.5" />
          </g>
        );
      })}
    </g>
  );
}

interface Bar {
  readonly fromMs: number;
  readonly side: MarketRow['side'];
  readonly orderWh: number;
  readonly awardedWh: number | null;
}

function marketBars(rows: readonly MarketRow[]): Bar[] {
  const bars = new Map<string, Bar>();
  for (const row of rows) {
    const key = `${row.fromMs} ${row.side}`;
    const held = bars.get(key);
    const awardedWh =
      held?.awardedWh === undefined || held.awardedWh === null
        ? row.awardedWh
        : held.awardedWh + (row.awardedWh ?? 0);
    bars.set(key, {
      fromMs: row.fromMs,
      side: row.side,
      orderWh: (held?.orderWh ?? 0) + row.orderWh,
      awardedWh,
    });
  }
  return [...bars.values()];
}

function MarketBar(props: Props & { readonly bar: Bar }) {
  const { layout, bar } = props;
  const { across, day, market } = layout;
  const slotWidth = across(bar.fromMs + day.stepMs) - across(bar.fromMs);
  const width = Math.max(1, Math.min(slotWidth * 0.78, slotWidth - 0.6));
  const x = across(bar.fromMs) + (slotWidth - width) / 2;
  const hue = bar.side === 'buy' ? 'grid' : 'export';
  const sign = bar.side === 'buy' ? 1 : -1;
  const rect = (energyWh: number) => {
    const y = market.y(sign * energyWh);
    const zero = market.y(0);
    return { x, y: Math.min(y, zero), width, height: Math.abs(zero - y) };
  };
  if (bar.awardedWh !== null) return <rect {...rect(bar.awardedWh)} class={`fill-${hue}`} />;
  // Outlined is ordered; where a bar is too thin for an outline, pale.
  return width < 3.2 ? (
    <rect {...rect(bar.orderWh)} class={`fill-${hue}`} fill-opacity=".45" />
  ) : (
    <rect {...rect(bar.orderWh)} class={`fill-none line-${hue}`} stroke-width="1" />
  );
}

/** Orders and awards, kWh a quarter-hour: bought up, sold down. */
export function MarketLane({ layout }: Props) {
  const { market, day, phone, left, across } = layout;
  const bars = marketBars(day.market);
  const thin = across(day.fromMs + day.stepMs) - across(day.fromMs) < 4.2;
  const note =
    phone || thin
      ? 'kWh, pale is ordered'
      : 'kWh a quarter-hour: bought up, sold down; filled is awarded, outlined is ordered';
  const tick = market.tickWh;
  return (
    <g>
      <Name lane={market} name="Market" note={note} />
      {bars.length === 0 || market.upWh < tick ? null : (
        <Level
          layout={layout}
          y={market.y(tick)}
          text={figure(tick / 1_000, tick < 1_000 ? 1 : 0)}
        />
      )}
      {bars.length === 0 || market.downWh < tick ? null : (
        <Level
          layout={layout}
          y={market.y(-tick)}
          text={figure(tick / 1_000, tick < 1_000 ? 1 : 0)}
        />
      )}
      <Level layout={layout} y={market.y(0)} text="0" edge />
      {bars.length > 0 ? null : (
        <text x={left + 8} y={market.y(0) - 8} class="axis">
          orders stand here once the first are sent
        </text>
      )}
      {bars.map((bar) => (
        <MarketBar key={`${bar.fromMs} ${bar.side}`} layout={layout} bar={bar} />
      ))}
    </g>
  );
}
