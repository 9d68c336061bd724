import { age, clockTime, figure } from '../../../contracts/values/words.ts';
import type { Layout } from './layout.ts';
import { type Cell, runs, type Stack, stackOf } from './model.ts';
import { smoothBand, smoothLine, stepArea, stepLine } from './paths.ts';

interface Layer {
  readonly hue: string;
  readonly upper: (stack: Stack) => number;
  readonly lower: (stack: Stack) => number;
  readonly solid: number;
  readonly pale: number;
}

/** Above the line sun, battery and bought stand on each other; below it charge and sold. */
const LAYERS: readonly Layer[] = [
  { hue: 'sun', upper: (s) => s.sunW, lower: () => 0, solid: 0.78, pale: 0.42 },
  {
    hue: 'battery',
    upper: (s) => s.sunW + s.dischargeW,
    lower: (s) => s.sunW,
    solid: 0.85,
    pale: 0.5,
  },
  {
    hue: 'grid',
    upper: (s) => s.sunW + s.dischargeW + s.boughtW,
    lower: (s) => s.sunW + s.dischargeW,
    solid: 0.8,
    pale: 0.45,
  },
  { hue: 'battery', upper: () => 0, lower: (s) => -s.chargeW, solid: 0.85, pale: 0.5 },
  {
    hue: 'export',
    upper: (s) => -s.chargeW,
    lower: (s) => -s.chargeW - s.soldW,
    solid: 0.95,
    pale: 0.6,
  },
];

const ZERO: Stack = { sunW: 0, dischargeW: 0, boughtW: 0, chargeW: 0, soldW: 0 };
const stack = (cell: Cell): Stack => (cell.slot === undefined ? ZERO : stackOf(cell.slot));

function Ticks({ layout }: { readonly layout: Layout }) {
  const { power, left, right } = layout;
  const levels: number[] = [];
  for (let at = -power.bottomW; at <= power.topW - power.stepW * 0.4; at += power.stepW)
    levels.push(at);
  const decimals = power.stepW < 1_000 ? 1 : 0;
  return (
    <g>
      {levels.map((levelW) => (
        <g key={levelW}>
          <path
            d={`M${left} ${power.y(levelW)}H${right}`}
            class={Math.abs(levelW) < 1 ? 'line-edge' : 'line-hair'}
          />
          <text x={left - 8} y={power.y(levelW) + 4} text-anchor="end" class="axis">
            {figure(levelW / 1_000, Math.abs(levelW) < 1 ? 0 : decimals)}
          </text>
        </g>
      ))}
      <text x="0" y={power.label} class="lane-name">
        kW
      </text>
    </g>
  );
}

function Stacks({ layout }: { readonly layout: Layout }) {
  const { strip, across, day, power } = layout;
  const parts = runs(strip.cells, ({ slot }) => slot !== undefined);
  return (
    <g>
      {parts.flatMap((cells) => {
        const planned = cells[0]?.kind === 'planned';
        return LAYERS.filter((layer) =>
          cells.some((cell) => layer.upper(stack(cell)) - layer.lower(stack(cell)) > 0),
        ).map((layer, at) => (
          <path
            key={`${cells[0]?.index} ${layer.hue} ${at}`}
            d={stepArea(
              { cells, across, stepMs: day.stepMs },
              (cell) => power.y(layer.upper(stack(cell))),
              (cell) => power.y(layer.lower(stack(cell))),
            )}
            class={`fill-${layer.hue}`}
            fill-opacity={planned ? layer.pale : layer.solid}
          />
        ));
      })}
    </g>
  );
}

/** Likely ranges of the plan, 10 to 90 %: the sun's as two dashed lines, the load's as a band. */
function Ranges({ layout }: { readonly layout: Layout }) {
  const { strip, across, day, power } = layout;
  const planned = (has: (cell: Cell) => boolean): Cell[][] =>
    runs(strip.cells, (cell) => cell.kind === 'planned' && has(cell));
  const sun = planned(({ slot }) => slot?.pvLowW !== undefined && slot.pvHighW !== undefined);
  const load = planned(({ slot }) => slot?.loadLowW !== undefined && slot.loadHighW !== undefined);
  const steps = (cells: readonly Cell[]) => ({ cells, across, stepMs: day.stepMs });
  return (
    <g>
      {load.map((cells) => (
        <path
          key={cells[0]?.index}
          d={smoothBand(
            steps(cells),
            ({ slot }) => power.y(Math.abs(slot?.loadHighW ?? 0)),
            ({ slot }) => power.y(Math.abs(slot?.loadLowW ?? 0)),
          )}
          class="fill-load"
          fill-opacity=".2"
        />
      ))}
      {sun.flatMap((cells) =>
        (['pvLowW', 'pvHighW'] as const).map((key) => (
          <path
            key={`${cells[0]?.index} ${key}`}
            d={smoothLine(steps(cells), ({ slot }) => power.y(slot?.[key] ?? 0))}
            class="fill-none line-sun"
            stroke-width="1.1"
            stroke-dasharray="3 3"
            stroke-opacity=".8"
          />
        )),
      )}
    </g>
  );
}

/** What the site uses, over everything: solid as measured, dashed as planned. */
function Load({ layout }: { readonly layout: Layout }) {
  const { strip, across, day, power } = layout;
  if (!strip.has.loadW) return null;
  const parts = runs(strip.cells, ({ slot }) => slot?.loadW !== null && slot?.loadW !== undefined);
  return (
    <g class="fill-none">
      {parts.map((cells) => {
        const d = stepLine({ cells, across, stepMs: day.stepMs }, ({ slot }) =>
          power.y(Math.abs(slot?.loadW ?? 0)),
        );
        return cells[0]?.kind === 'planned' ? (
          <path
            key={cells[0].index}
            d={d}
            class="line-load"
            stroke-width="1.6"
            stroke-dasharray="5 2.5"
          />
        ) : (
          <g key={cells[0]?.index}>
            <path d={d} class="line-surface" stroke-width="4" />
            <path d={d} class="line-load" stroke-width="1.8" stroke-linejoin="round" />
          </g>
        );
      })}
    </g>
  );
}

const GAP_LABEL = 130; // px that the words of a gap take

/** 'no data, 45 min'; what lies before the first measurement is no fault and says so. */
function gapWords(cells: readonly Cell[], { day, zone }: Layout): string {
  const [first] = cells;
  const spanMs = cells.length * day.stepMs;
  if (first?.kind === 'measured') return `not all measured, ${age(spanMs)}`;
  if (first?.index === 0) return `no data before ${clockTime(first.fromMs + spanMs, zone)}`;
  return `no data, ${age(spanMs)}`;
}

interface GapProps {
  readonly layout: Layout;
  readonly cells: readonly Cell[];
  readonly nextX: number; // where the next gap begins
}

function Gap({ layout, cells, nextX }: GapProps) {
  const { across, day, power, store, right } = layout;
  const [first] = cells;
  if (first === undefined) return null;
  const x = across(first.fromMs);
  const width = across(first.fromMs + cells.length * day.stepMs) - x;
  const faint = first.kind === 'measured' || first.index === 0;
  const inside = width > GAP_LABEL + 20;
  const rightward = right - x - width > GAP_LABEL;
  const free = inside || nextX - x - width > GAP_LABEL || !rightward;
  return (
    <g>
      {[power, ...(store === undefined ? [] : [store])].map((lane) => (
        <rect
          key={lane.top}
          x={x}
          y={lane.top}
          width={width}
          height={lane.bottom - lane.top}
          fill="url(#strip-gap)"
          fill-opacity={faint ? 0.5 : 1}
        />
      ))}
      {free ? (
        <text
          x={inside ? x + width / 2 : rightward ? x + width + 6 : x - 6}
          y={power.top + 45}
          class="axis second-ink haloed"
          text-anchor={inside ? 'middle' : rightward ? 'start' : 'end'}
        >
          {gapWords(cells, layout)}
        </text>
      ) : null}
    </g>
  );
}

/** Missing data is hatched, and says for how long. */
function Gaps({ layout }: { readonly layout: Layout }) {
  const { cells } = layout.strip;
  const gaps = [
    ...runs(cells, ({ kind }) => kind === 'gap'),
    ...runs(cells, ({ kind, partial }) => kind === 'measured' && partial),
  ].sort((a, b) => (a[0]?.index ?? 0) - (b[0]?.index ?? 0));
  return (
    <g>
      {gaps.map((gap, at) => {
        const next = gaps[at + 1]?.[0];
        const nextX = next === undefined ? Number.POSITIVE_INFINITY : layout.across(next.fromMs);
        return <Gap key={gap[0]?.index} layout={layout} cells={gap} nextX={nextX} />;
      })}
    </g>
  );
}

export function PowerLane({ layout }: { readonly layout: Layout }) {
  return (
    <g>
      <Ticks layout={layout} />
      <Stacks layout={layout} />
      <Ranges layout={layout} />
      <Load layout={layout} />
      <Gaps layout={layout} />
    </g>
  );
}
