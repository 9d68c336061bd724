import { type ConnectionFacts, clamp, type Ruling } from './facts.ts';
import { drawn } from './rules.ts';

/** Smaller excess than this is arithmetic, not power. */
const SLACK_W = 1;

/**
 * Power at the connection after the rulings, W, + import. What may go either way is taken on the
 * dangerous side: a load that is allowed to draw more does so for the import limit and does not
 * for the export limit, and the sun gives what it gives unless it is held below.
 */
export function expectedGridW(
  gridW: number,
  rulings: readonly Ruling[],
  side: 'import' | 'export',
): number {
  let sum = gridW;
  for (const { limits, powerW, alignedW, movable } of rulings) {
    if (!movable || Number.isNaN(powerW)) continue;
    if (limits.kind === 'setpoint') sum += alignedW - powerW;
    else if (limits.kind === 'limit') sum += Math.max(0, alignedW - powerW);
    else if (side === 'import') sum += alignedW - powerW;
    else sum += Math.min(0, alignedW - powerW);
  }
  return sum;
}

type Change = (ruling: Ruling, excessW: number) => number;

/**
 * What a ruling means for the sum: a released load goes on as measured, the sun gives at most
 * what it gives.
 */
function effectiveW({ limits, powerW, alignedW }: Ruling): number {
  if (limits.kind === 'limit') return Math.max(0, Math.min(powerW, alignedW));
  return Number.isNaN(powerW) ? alignedW : powerW;
}

/** Lets rulings give one after the other until the excess is gone. */
function give(
  rulings: readonly Ruling[],
  order: readonly Ruling[],
  excessW: number,
  code: string,
  change: Change,
): { rulings: readonly Ruling[]; excessW: number } {
  let left = excessW;
  const changed = new Map<string, Ruling>();
  for (const ruling of order) {
    if (!(left > SLACK_W)) break;
    const powerW = change(ruling, left);
    if (Object.is(powerW, ruling.powerW)) continue;
    const next = { ...ruling, powerW, code, protective: true };
    left -= Math.abs(effectiveW(next) - effectiveW(ruling));
    changed.set(ruling.limits.terminal, next);
  }
  return {
    excessW: left,
    rulings: rulings.map((ruling) => changed.get(ruling.limits.terminal) ?? ruling),
  };
}

const ofKind = (rulings: readonly Ruling[], ...kinds: readonly string[]): Ruling[] =>
  rulings.filter(({ limits, movable }) => movable && kinds.includes(limits.kind));

/** The least important first, ties by name. */
const leastFirst = (a: Ruling, b: Ruling): number =>
  b.limits.priority - a.limits.priority || (a.limits.terminal < b.limits.terminal ? -1 : 1);

/** A load draws what it did at most; released ones are left out, they are their own. */
const noGrowth: Change = ({ limits, powerW, alignedW }) => {
  if (!(powerW < alignedW)) return powerW;
  const draw = drawn(limits, Math.max(0, -alignedW));
  return draw === 0 ? 0 : Math.max(powerW, -draw);
};

const cut: Change = (ruling, excessW) => {
  const drawW = -effectiveW(ruling);
  if (!(drawW > SLACK_W)) return ruling.powerW;
  const draw = drawn(ruling.limits, Math.max(0, drawW - excessW));
  return draw === 0 ? 0 : -draw;
};

function keepImport(rulings: readonly Ruling[], gridW: number, limitW: number) {
  const excess = (now: readonly Ruling[]): number => expectedGridW(gridW, now, 'import') - limitW;
  const loads = (now: readonly Ruling[]) => ofKind(now, 'on-off', 'steps').sort(leastFirst);
  let now = rulings;
  now = give(now, loads(now), excess(now), 'IMPORT_LIMIT', noGrowth).rulings;
  now = give(now, ofKind(now, 'setpoint'), excess(now), 'IMPORT_LIMIT', (ruling, excessW) =>
    clamp(ruling.powerW + excessW, ruling.powerW, Math.max(ruling.powerW, ruling.highW)),
  ).rulings;
  return give(now, loads(now), excess(now), 'IMPORT_LIMIT', cut);
}

function keepExport(rulings: readonly Ruling[], gridW: number, limitW: number) {
  const excess = (now: readonly Ruling[]): number => -expectedGridW(gridW, now, 'export') - limitW;
  let now = rulings;
  now = give(now, ofKind(now, 'setpoint'), excess(now), 'EXPORT_LIMIT', (ruling, excessW) =>
    clamp(ruling.powerW - excessW, Math.min(ruling.powerW, ruling.lowW), ruling.powerW),
  ).rulings;
  return give(now, ofKind(now, 'limit'), excess(now), 'EXPORT_LIMIT', (ruling, excessW) =>
    Math.max(0, effectiveW(ruling) - excessW),
  );
}

const blame = (rulings: readonly Ruling[]): readonly Ruling[] =>
  rulings.map((ruling) =>
    ruling.movable ? { ...ruling, code: 'LIMIT_UNREACHABLE', protective: true } : ruling,
  );

/**
 * The last line at the connection point: whatever was wished, the sum stays inside. Where
 * uncontrollable power alone exceeds a limit, everything stands at its helpful bound and says so.
 */
export function keepConnection(
  rulings: readonly Ruling[],
  facts: ConnectionFacts,
): readonly Ruling[] {
  if (!Number.isFinite(facts.gridW)) return rulings;
  const imported = keepImport(rulings, facts.gridW, Math.max(0, facts.importLimitW));
  const exported = keepExport(imported.rulings, facts.gridW, Math.max(0, facts.exportLimitW));
  const out = imported.excessW > SLACK_W || exported.excessW > SLACK_W;
  return out ? blame(exported.rulings) : exported.rulings;
}
