import { READ_FUNCTION } from '../../../devices/functions.ts';
import type {
  DeviceMap,
  PointClass,
  RegisterSpace,
  ResolvedPoint,
} from '../../../devices/profile.ts';
import type { Request } from '../bus/pdu.ts';

/**
 * Which registers to read together and how often. A request costs the same for 2 registers as for
 * 125, so points are merged over gaps, never over registers that are known to be unreadable. A
 * value and its scale factor are one item and come from one answer.
 */
export interface Item {
  readonly points: readonly ResolvedPoint[]; // the value, then its scale factor where it fits
  readonly at: number;
  readonly end: number; // first register behind
}

export interface Span {
  readonly at: number;
  readonly count: number;
}

export type ReadRequest = Extract<Request, { readonly fc: 1 | 2 | 3 | 4 }>;

export interface Block {
  readonly space: RegisterSpace;
  readonly class: PointClass;
  readonly everyCycles: number;
  readonly items: readonly Item[];
  /**
   * Asked in turn: all but the first leave out what is not needed every cycle, so that the shapes
   * differ.
   */
  readonly spans: readonly [Span, ...Span[]];
}

export interface PlanRules {
  /** Answers carry no id: two requests in a row to a unit shall look different. */
  readonly varyShape: boolean;
}

/**
 * Cycles between two reads. Energy counters are booked from, so they come more often than other
 * slow points.
 */
const EVERY = { control: 1, state: 10, counter: 30, slow: 300 } as const;
type Rate = keyof typeof EVERY;
const RATES: readonly Rate[] = ['control', 'state', 'counter', 'slow'];

/**
 * Registers worth reading for nothing to save a request: cheap on TCP, two characters each on a
 * serial line.
 */
const WORTH = { tcp: 64, rtu: 16 } as const;

export const readRequest = (space: RegisterSpace, { at, count }: Span): ReadRequest => ({
  fc: READ_FUNCTION[space],
  at,
  count,
});

const isBits = (space: RegisterSpace): boolean => space === 'coil' || space === 'discrete';

function rateOf(point: ResolvedPoint): Rate {
  if (point.class === 'slow') return point.unit === 'Wh' ? 'counter' : 'slow';
  return point.class;
}

function itemOf(map: DeviceMap, point: ResolvedPoint, most: number): Item {
  const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
  const points = scale === undefined || scale.space !== point.space ? [point] : [point, scale];
  const at = Math.min(...points.map((one) => one.at));
  const end = Math.max(...points.map((one) => one.at + one.count));
  if (end - at <= most) return { points, at, end };
  return { points: [point], at: point.at, end: point.at + point.count };
}

interface Draft {
  readonly space: RegisterSpace;
  readonly rate: Rate;
  at: number;
  end: number;
  readonly items: Item[];
}

class Planner {
  readonly drafts: Draft[] = [];
  private readonly map: DeviceMap;
  private readonly worth: number;

  constructor(map: DeviceMap, rules: PlanRules) {
    this.map = map;
    this.worth = rules.varyShape ? WORTH.rtu : WORTH.tcp;
  }

  most(space: RegisterSpace): number {
    return isBits(space) ? 2_000 : Math.min(125, this.map.limits.maxRegistersPerRead);
  }

  /** Puts an item where it costs least, or opens a block for it. */
  place(space: RegisterSpace, rate: Rate, item: Item): void {
    let best: Draft | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const draft of this.drafts) {
      const growth = draft.space === space ? this.growth(draft, item) : undefined;
      if (growth === undefined || growth >= least) continue;
      best = draft;
      least = growth;
    }
    if (best === undefined) {
      this.drafts.push({ space, rate, at: item.at, end: item.end, items: [item] });
      return;
    }
    best.at = Math.min(best.at, item.at);
    best.end = Math.max(best.end, item.end);
    best.items.push(item);
  }

  /** Registers that a block grows by; undefined when it must not take the item. */
  private growth(draft: Draft, item: Item): number | undefined {
    const at = Math.min(draft.at, item.at);
    const end = Math.max(draft.end, item.end);
    if (end - at > this.most(draft.space)) return undefined;
    const gap = Math.max(item.at - draft.end, draft.at - item.end);
    if (gap > this.worth || this.unreadable(draft.space, at, end)) return undefined;
    return end - at - (draft.end - draft.at);
  }

  private unreadable(space: RegisterSpace, at: number, end: number): boolean {
    return this.map.unreadable.some(
      (hole) => hole.space === space && hole.at < end && at < hole.at + hole.words,
    );
  }
}

/** Poll plan of a device, without text, what can only be written, and scale factors alone. */
export function planBlocks(map: DeviceMap, rules: PlanRules): Block[] {
  const planner = new Planner(map, rules);
  const points = Object.values(map.points).filter(
    (point) => point.as !== 'str' && point.as !== 'sf' && point.writeOnly !== true,
  );
  for (const rate of RATES) {
    const items = points
      .filter((point) => rateOf(point) === rate)
      .map((point) => ({ space: point.space, item: itemOf(map, point, planner.most(point.space)) }))
      .sort((a, b) => a.item.at - b.item.at || a.item.end - b.item.end);
    for (const { space, item } of items) placeWithScale(planner, map, space, rate, item);
  }
  const blocks = planner.drafts.map(finish);
  return rules.varyShape ? varied(blocks) : blocks;
}

/** A scale factor too far from its value is read on its own at the same rate. */
function placeWithScale(
  planner: Planner,
  map: DeviceMap,
  space: RegisterSpace,
  rate: Rate,
  item: Item,
): void {
  planner.place(space, rate, item);
  const [point] = item.points;
  const scale = point?.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
  if (scale === undefined || item.points.includes(scale)) return;
  const own = { points: [scale], at: scale.at, end: scale.at + scale.count };
  planner.place(scale.space, rate, own);
}

const finish = (draft: Draft): Block => ({
  space: draft.space,
  class: draft.rate === 'counter' ? 'slow' : draft.rate,
  everyCycles: EVERY[draft.rate],
  items: draft.items,
  spans: [{ at: draft.at, count: draft.end - draft.at }],
});

/** Gives a unit with a single block per cycle a second shape, or a second block. */
function varied(blocks: readonly Block[]): Block[] {
  const control = blocks.filter((block) => block.everyCycles === 1);
  const lengths = new Set(control.map((block) => `${block.space} ${block.spans[0].count}`));
  const [first] = control;
  if (first === undefined || lengths.size > 1) return [...blocks];
  const needed = first.items.filter((item) => item.points[0]?.class === 'control');
  const at = Math.min(...needed.map((item) => item.at));
  const count = Math.max(...needed.map((item) => item.end)) - at;
  const rest = blocks.filter((block) => block !== first);
  if (count < first.spans[0].count) {
    return [{ ...first, spans: [first.spans[0], { at, count }] }, ...rest];
  }
  return [...halves(first), ...rest];
}

/** Cuts a block in two of different lengths where that is possible. */
function halves(block: Block): Block[] {
  const items = [...block.items].sort((a, b) => a.at - b.at || a.end - b.end);
  for (let cut = 1; cut < items.length; cut += 1) {
    const low = blockOf(block, items.slice(0, cut));
    const high = blockOf(block, items.slice(cut));
    if (low.spans[0].count !== high.spans[0].count) return [low, high];
  }
  return [block];
}

const isPower = ({ points: [point] }: Item): boolean => /(^|\.)powerW$/.test(point?.key ?? '');

/**
 * The block that holds a meter's power, and where reading that alone is sooner by `worthMs` a block
 * of it alone beside the others.
 * @param answerMs  until the answer to a block is there
 */
export function powerOf(
  blocks: readonly Block[],
  answerMs: (block: Block) => number,
  worthMs: number,
): { readonly block: Block; readonly isExtra: boolean } | undefined {
  const block = blocks.find(({ everyCycles, items }) => everyCycles === 1 && items.some(isPower));
  if (block === undefined) return undefined;
  const alone = blockOf(block, block.items.filter(isPower));
  const isExtra = answerMs(block) - answerMs(alone) >= worthMs;
  return { block: isExtra ? alone : block, isExtra };
}

function blockOf(block: Block, items: readonly Item[]): Block {
  const at = Math.min(...items.map((item) => item.at));
  const end = Math.max(...items.map((item) => item.end));
  return { ...block, items, spans: [{ at, count: end - at }] };
}

/**
 * What to ask instead of a block that the device refuses for good: its runs without gaps, and
 * where it has none its items one by one. Empty when there is nothing left to split.
 */
export function splitBlock(block: Block): Block[] {
  if (block.items.length < 2) return [];
  const items = [...block.items].sort((a, b) => a.at - b.at || a.end - b.end);
  const runs: Item[][] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const item of items) {
    const run = runs.at(-1);
    if (run !== undefined && item.at <= end) run.push(item);
    else runs.push([item]);
    end = Math.max(end, item.end);
  }
  const parts = runs.length > 1 ? runs : items.map((item) => [item]);
  return parts.map((part) => blockOf(block, part));
}

/** Items that lie wholly inside a span: what an answer to it can be decoded into. */
export const itemsIn = (block: Block, span: Span): Item[] =>
  block.items.filter((item) => item.at >= span.at && item.end <= span.at + span.count);
