import { chargeCurveOf, dischargeCurveOf, type LossCurve } from '../contracts/values/part-load.ts';
import { reserveOf, type Site, type StoreSpec } from '../contracts/values/site.ts';
import type { Finding } from './finding.ts';

/** Bands, reserves and part-load curves. */
export function stores(site: Site): Finding[] {
  const found: Finding[] = [];
  site.stores.forEach((store, index) => {
    if (!(store.socMinPct <= store.reservePct || store.reservePct === 0)) {
      found.push({
        path: ['stores', index, 'reservePct'],
        what: `the reserve (${store.reservePct} %) is below socMinPct (${store.socMinPct} %)`,
        mend: 'enter a reserve of at least socMinPct, or 0 for none',
      });
    }
    if (store.blackStartPct !== undefined && !site.nodes.some(({ kind }) => kind === 'backup')) {
      found.push({
        path: ['stores', index, 'blackStartPct'],
        what: 'a reserve for the restart of an island, and the site has none',
        mend: 'add the node of kind backup, or leave blackStartPct out',
      });
    }
    found.push(...curves(store, index), ...ready(site, store, index));
    if (!(Math.max(store.socMinPct, reserveOf(store)) < store.socMaxPct)) {
      found.push({
        path: ['stores', index, 'socMaxPct'],
        what: `socMaxPct (${store.socMaxPct} %) leaves no band above the minimum or reserve`,
        mend: 'enter socMinPct < socMaxPct, and less of reservePct (and blackStartPct)',
      });
    }
  });
  return found;
}

/** Powers rise, and what the store takes or gives rises with them. */
function curves(store: StoreSpec, index: number): Finding[] {
  const kinds = [
    ['chargeCurve', chargeCurveOf, 'takes'],
    ['dischargeCurve', dischargeCurveOf, 'gives'],
  ] as const;
  return kinds.flatMap(([key, curveOf, does]): Finding[] => {
    const points = store[key];
    if (points === undefined) return [];
    const { terminalW, storeW }: LossCurve = curveOf(points);
    const at = terminalW.findIndex((powerW, n) => n > 0 && powerW <= (terminalW[n - 1] ?? 0));
    const path = ['stores', index, key, (at > 0 ? at : 1) - 1, 'powerW'];
    if (at > 0) {
      const what = `${terminalW[at]} W stands after ${terminalW[at - 1]} W`;
      return [{ path, what, mend: 'write the points by rising power' }];
    }
    const falls = storeW.findIndex((powerW, n) => n > 0 && powerW <= (storeW[n - 1] ?? 0));
    if (falls < 0) return [];
    const what =
      `at ${terminalW[falls]} W the store ${does} ${Math.round(storeW[falls] ?? 0)} W, ` +
      `no more than at ${terminalW[falls - 1]} W`;
    const mend = 'correct efficiencyPct: more power cannot be less energy';
    return [{ path: ['stores', index, key, falls - 1, 'efficiencyPct'], what, mend }];
  });
}

/** A charge that the band does not reach would be missed every day. */
function ready(
  site: Site,
  { terminal, ready: goal, socMaxPct }: StoreSpec,
  index: number,
): Finding[] {
  const isBattery = site.terminals.some(({ id, kind }) => id === terminal && kind === 'battery');
  if (goal === undefined || !isBattery || goal.socPct <= socMaxPct) return [];
  const what = `${goal.socPct} % are above socMaxPct (${socMaxPct} %)`;
  return [{ path: ['stores', index, 'ready', 'socPct'], what, mend: `enter at most ${socMaxPct}` }];
}

/** Hours of a load that has some, and a premium of what produces. */
export function terminalTerms(site: Site): Finding[] {
  return site.terminals.flatMap(({ kind, control, duty, premiumNanoPerWh }, index): Finding[] => {
    const found: Finding[] = [];
    const path = ['terminals', index];
    if (premiumNanoPerWh !== undefined && kind !== 'pv') {
      const what = `a premium is paid for production, and this is of kind '${kind}'`;
      found.push({ path: [...path, 'premiumNanoPerWh'], what, mend: 'leave it out' });
    }
    if (duty === undefined) return found;
    if (kind !== 'load' || control !== 'on-off') {
      const what = 'hours are for a load that is switched';
      const mend = 'write kind: load and control: on-off, or leave duty out';
      found.push({ path: [...path, 'duty'], what, mend });
    }
    const { fromMinute, untilMinute, minutesPerDay } = duty;
    const openMinutes = untilMinute - fromMinute;
    if (openMinutes < minutesPerDay) {
      const what = `${minutesPerDay} minutes do not fit between ${fromMinute} and ${untilMinute}`;
      const mend = 'enter fewer minutesPerDay, or an untilMinute that is later';
      found.push({ path: [...path, 'duty', 'minutesPerDay'], what, mend });
    }
    return found;
  });
}
