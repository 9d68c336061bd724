import { type CircuitFacts, type ConnectionFacts, clamp, type Kind, type Ruling } from './facts.ts';
import { drawn } from './rules.ts';

/** Smaller excess than this is arithmetic, not power. */
const SLACK_W = 1;

/** Which way power flows; the sign that a terminal's less makes of it. */
const IMPORT = 1;
const EXPORT = -1;
type Side = typeof IMPORT | typeof EXPORT;

/** A place where the sum of some terminals must stay inside, with the code of what binds there. */
interface Boundary extends Omit<CircuitFacts, 'shares'> {
  readonly shareOf: (ruling: Ruling) => number;
  readonly importCode: string;
  readonly exportCode: string;
}

/**
 * What rulings change at a boundary, W, + import. What may go either way is taken on the dangerous
 * side: a load that is allowed to draw more does so for the import limit and does not for the
 * export limit, and the sun gives what it gives unless it is held below.
 */
function changeW(rulings: readonly Ruling[], side: Side, shareOf: Boundary['shareOf']): number {
  let sum = 0;
  for (const ruling of rulings) {
    const { limits, powerW, alignedW, movable } = ruling;
    if (!movable || Number.isNaN(powerW)) continue;
    const deltaW = alignedW - powerW;
    const share = shareOf(ruling);
    if (limits.kind === 'setpoint') sum += share * deltaW;
    else if (limits.kind === 'limit') sum += share * Math.max(0, deltaW);
    else if (side === IMPORT) sum += share * deltaW;
    else sum += share * Math.min(0, deltaW);
  }
  return sum;
}

/** How far beyond its limit; a limit that is no number is 0, a power that is none is beyond any. */
function excessW(at: Boundary, rulings: readonly Ruling[], side: Side): number {
  const nowW = side === IMPORT ? at.importW : at.exportW;
  const limitW = side === IMPORT ? at.importLimitW : at.exportLimitW;
  const leftW = limitW >= 0 ? limitW : 0;
  const beyondW = nowW + side * changeW(rulings, side, at.shareOf) - leftW;
  return Number.isNaN(beyondW) ? Number.POSITIVE_INFINITY : beyondW;
}

type Change = (ruling: Ruling, excessW: number) => number;

const LOADS: readonly Kind[] = ['on-off', 'steps'];
const BATTERIES: readonly Kind[] = ['setpoint'];
const SUN: readonly Kind[] = ['limit'];

/**
 * What a ruling means for the sum: a released load goes on as measured, the sun gives at most
 * what it gives.
 */
function effectiveW({ limits, powerW, alignedW }: Ruling): number {
  if (limits.kind === 'limit') return Math.max(0, Math.min(powerW, alignedW));
  return Number.isNaN(powerW) ? alignedW : powerW;
}

/** Lets rulings of some kinds give one after the other until the excess is gone. */
function give(
  at: Boundary,
  side: Side,
  rulings: readonly Ruling[],
  kinds: readonly Kind[],
  change: Change,
): readonly Ruling[] {
  let left = excessW(at, rulings, side);
  const changed = new Map<string, Ruling>();
  for (const ruling of inOrder(rulings, kinds)) {
    if (!(left > SLACK_W)) break;
    const share = at.shareOf(ruling);
    const powerW = change(ruling, left / share);
    if (Object.is(powerW, ruling.powerW)) continue;
    const code = side === IMPORT ? at.importCode : at.exportCode;
    const next = { ...ruling, powerW, code, protective: true };
    left -= share * Math.abs(effectiveW(next) - effectiveW(ruling));
    changed.set(ruling.limits.terminal, next);
  }
  return rulings.map((ruling) => changed.get(ruling.limits.terminal) ?? ruling);
}

/** The least important first, ties by name. */
const leastFirst = (a: Ruling, b: Ruling): number =>
  b.limits.priority - a.limits.priority || (a.limits.terminal < b.limits.terminal ? -1 : 1);

/** Loads give by their importance, whatever else in the order of the site file. */
function inOrder(rulings: readonly Ruling[], kinds: readonly Kind[]): readonly Ruling[] {
  const own = rulings.filter(({ limits, movable }) => movable && kinds.includes(limits.kind));
  return kinds === LOADS ? own.sort(leastFirst) : own;
}

/** A load draws what it did at most; released ones are left out, they are their own. */
const noGrowth: Change = ({ limits, powerW, alignedW }) => {
  if (!(powerW < alignedW)) return powerW;
  const draw = drawn(limits, Math.max(0, -alignedW));
  return draw === 0 ? 0 : Math.max(powerW, -draw);
};

const cut: Change = (ruling, excess) => {
  const drawW = -effectiveW(ruling);
  if (!(drawW > 0)) return ruling.powerW;
  const draw = drawn(ruling.limits, Math.max(0, drawW - excess));
  return draw === 0 ? 0 : -draw;
};

function keepImport(at: Boundary, rulings: readonly Ruling[]): readonly Ruling[] {
  let now = give(at, IMPORT, rulings, LOADS, noGrowth);
  now = give(at, IMPORT, now, BATTERIES, (ruling, excess) => {
    // What only might be is no reason to discharge.
    const reachW = at.measured ? ruling.highW : Math.min(ruling.highW, 0);
    return clamp(ruling.powerW + excess, ruling.powerW, Math.max(ruling.powerW, reachW));
  });
  return give(at, IMPORT, now, LOADS, cut);
}

function keepExport(at: Boundary, rulings: readonly Ruling[]): readonly Ruling[] {
  const now = give(at, EXPORT, rulings, BATTERIES, (ruling, excess) => {
    const reachW = at.measured ? ruling.lowW : Math.max(ruling.lowW, 0);
    return clamp(ruling.powerW - excess, Math.min(ruling.powerW, reachW), ruling.powerW);
  });
  return give(at, EXPORT, now, SUN, (ruling, excess) => Math.max(0, effectiveW(ruling) - excess));
}

const blame = (ruling: Ruling): Ruling =>
  ruling.movable ? { ...ruling, code: 'LIMIT_UNREACHABLE', protective: true } : ruling;

interface Kept {
  readonly rulings: readonly Ruling[];
  readonly importExcessW: number; // beyond the limit, below 0 the room that is left
  readonly exportExcessW: number;
}

const standing = (at: Boundary, rulings: readonly Ruling[]): Kept => ({
  rulings,
  importExcessW: excessW(at, rulings, IMPORT),
  exportExcessW: excessW(at, rulings, EXPORT),
});

const isOut = ({ importExcessW, exportExcessW }: Kept): boolean =>
  importExcessW > SLACK_W || exportExcessW > SLACK_W;

/** Whatever was wished, the sum stays inside, as far as anything that is here can keep it there. */
function keep(at: Boundary, rulings: readonly Ruling[]): Kept {
  const wished = standing(at, rulings);
  if (!isOut(wished)) return wished;
  const kept = standing(at, keepExport(at, keepImport(at, rulings)));
  return isOut(kept) && at.measured ? { ...kept, rulings: kept.rulings.map(blame) } : kept;
}

/**
 * The last line at the connection point. Where uncontrollable power alone exceeds a limit,
 * everything stands at its helpful bound and says so.
 */
export function keepConnection(
  rulings: readonly Ruling[],
  facts: ConnectionFacts,
): readonly Ruling[] {
  if (!Number.isFinite(facts.gridW)) return rulings;
  const at: Boundary = {
    importW: facts.gridW,
    exportW: -facts.gridW,
    measured: true,
    importLimitW: facts.importLimitW,
    exportLimitW: facts.exportLimitW,
    shareOf: () => 1,
    importCode: 'IMPORT_LIMIT',
    exportCode: 'EXPORT_LIMIT',
  };
  return keep(at, rulings).rulings;
}

/**
 * The same inside the site, at a circuit or a phase. Afterwards nothing that protects another place
 * goes further than what is left here: no device bound is wider than that.
 */
export function keepCircuit(rulings: readonly Ruling[], facts: CircuitFacts): readonly Ruling[] {
  const shareOf = ({ limits }: Ruling): number => facts.shares[limits.terminal] ?? 0;
  const members = rulings.filter((ruling) => shareOf(ruling) > 0);
  const at = { ...facts, shareOf, importCode: 'FUSE_LIMIT', exportCode: 'FUSE_LIMIT' };
  const kept = keep(at, members);
  const importRoomW = Math.max(0, -kept.importExcessW);
  const exportRoomW = Math.max(0, -kept.exportExcessW);
  const byTerminal = new Map(kept.rulings.map((ruling) => [ruling.limits.terminal, ruling]));
  return rulings.map((before) => {
    const ruling = byTerminal.get(before.limits.terminal);
    if (ruling === undefined) return before;
    const { powerW, lowW, highW } = ruling;
    if (Number.isNaN(powerW)) return ruling;
    const share = shareOf(ruling);
    return {
      ...ruling,
      lowW: Math.max(lowW, powerW - importRoomW / share),
      highW: Math.min(highW, powerW + exportRoomW / share),
    };
  });
}
