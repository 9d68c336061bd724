import type { DaySlot, DayView } from '../../../contracts/values/view.ts';

/**
 * The strip's cells: one per quarter-hour, measured up to now and planned from now on. What should
 * have been measured and was not is a gap, never a zero.
 */
export interface Cell {
  readonly index: number;
  readonly fromMs: number;
  readonly kind: 'measured' | 'planned' | 'gap' | 'empty';
  readonly slot: DaySlot | undefined;
  readonly partial: boolean; // measured, but a part of it is not known
}

/**
 * Powers of a cell as they stand on each other, W >= 0: above the line what comes in, below it what
 * leaves.
 */
export interface Stack {
  readonly sunW: number;
  readonly dischargeW: number;
  readonly boughtW: number;
  readonly chargeW: number;
  readonly soldW: number;
}

export interface Strip {
  readonly cells: readonly Cell[];
  readonly nowIndex: number;
  readonly has: Readonly<Record<'pvW' | 'loadW' | 'batteryW' | 'gridW' | 'socPct', boolean>>;
  readonly upW: number; // highest above the line
  readonly downW: number; // lowest below it
}

const SERIES = ['pvW', 'loadW', 'batteryW', 'gridW', 'socPct'] as const;

function isEmpty(slot: DaySlot | undefined): boolean {
  return slot === undefined || SERIES.every((key) => slot[key] === null);
}

export function stackOf(slot: DaySlot): Stack {
  const batteryW = slot.batteryW ?? 0;
  const gridW = slot.gridW ?? 0;
  return {
    sunW: Math.max(0, slot.pvW ?? 0),
    dischargeW: Math.max(0, batteryW),
    boughtW: Math.max(0, gridW),
    chargeW: Math.max(0, -batteryW),
    soldW: Math.max(0, -gridW),
  };
}

function cellAt(
  day: DayView,
  index: number,
  nowIndex: number,
  lookUp: SlotLookUp,
): Omit<Cell, 'partial'> {
  const fromMs = day.fromMs + index * day.stepMs;
  const measured = lookUp.measured.get(fromMs);
  const planned = lookUp.planned.get(fromMs);
  // The quarter-hour just ended may still be on its way: its plan stands until then.
  const settled = index < nowIndex - 1;
  if (index < nowIndex && !isEmpty(measured))
    return { index, fromMs, kind: 'measured', slot: measured };
  if (settled) return { index, fromMs, kind: 'gap', slot: undefined };
  if (!isEmpty(planned)) return { index, fromMs, kind: 'planned', slot: planned };
  if (index <= nowIndex && !isEmpty(measured)) {
    return { index, fromMs, kind: 'measured', slot: measured };
  }
  return { index, fromMs, kind: 'empty', slot: undefined };
}

interface SlotLookUp {
  readonly measured: ReadonlyMap<number, DaySlot>;
  readonly planned: ReadonlyMap<number, DaySlot>;
}

/** @param atMs  now, on the site's clock */
export function buildStrip(day: DayView, atMs: number): Strip {
  const count = Math.max(1, Math.round((day.untilMs - day.fromMs) / day.stepMs));
  const nowIndex = Math.min(count, Math.max(0, Math.floor((atMs - day.fromMs) / day.stepMs)));
  const lookUp: SlotLookUp = {
    measured: new Map(day.measured.map((slot) => [slot.fromMs, slot])),
    planned: new Map(day.planned.map((slot) => [slot.fromMs, slot])),
  };
  const all = [...day.measured, ...day.planned];
  const known = (key: (typeof SERIES)[number]): boolean => all.some((slot) => slot[key] !== null);
  const has = {
    pvW: known('pvW'),
    loadW: known('loadW'),
    batteryW: known('batteryW'),
    gridW: known('gridW'),
    socPct: known('socPct'),
  };
  const cells = Array.from({ length: count }, (_, index): Cell => {
    const cell = cellAt(day, index, nowIndex, lookUp);
    const { slot } = cell;
    const partial =
      cell.kind === 'measured' &&
      slot !== undefined &&
      SERIES.some((key) => has[key] && slot[key] === null);
    return { ...cell, partial };
  });
  let upW = 0;
  let downW = 0;
  for (const { slot } of cells) {
    if (slot === undefined) continue;
    const stack = stackOf(slot);
    const inW = stack.sunW + stack.dischargeW + stack.boughtW;
    upW = Math.max(
      upW,
      inW,
      Math.abs(slot.loadW ?? 0),
      slot.pvHighW ?? 0,
      Math.abs(slot.loadHighW ?? 0),
    );
    downW = Math.max(downW, stack.chargeW + stack.soldW);
  }
  return { cells, nowIndex, has, upW, downW };
}

/** Runs of neighbouring cells that belong together. */
export function runs(cells: readonly Cell[], belongs: (cell: Cell) => boolean): Cell[][] {
  const found: Cell[][] = [];
  let open: Cell[] | undefined;
  for (const cell of cells) {
    if (!belongs(cell)) {
      open = undefined;
    } else if (open === undefined || open.at(-1)?.kind !== cell.kind) {
      open = [cell];
      found.push(open);
    } else open.push(cell);
  }
  return found;
}

/** Step of 1, 2 or 5 times a power of ten so that `range` has at most `most` of them. */
export function tickStep(range: number, most: number): number {
  let step = 1;
  while (range / step > most) step *= 10;
  while (range / (step / 10) <= most && step > 1e-3) step /= 10;
  if (range / (step / 5) <= most) return step / 5;
  if (range / (step / 2) <= most) return step / 2;
  return step;
}
