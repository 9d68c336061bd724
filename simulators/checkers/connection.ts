import { tolerances } from './limits.ts';
import type { Case, Judge, Truth } from './types.ts';
import { type Control, controlsOf, peek } from './wiring.ts';

/**
 * S2: the connection's true power is back inside the limit in force within `limitBackMs` of a
 * step: of leaving it, of the limit's change, and of what uncontrollable power did since. A ramp is
 * a step at every instant, so what it has brought in the last `limitBackMs` does not count yet, and
 * no more than that. Tolerance as in limits.ts. Where uncontrollable power alone exceeds it,
 * everything controllable has to stand at its helpful bound: counted as `unreachable`, an alarm and
 * no violation.
 */
export interface ConnectionJudge extends Judge {
  readonly unreachable: () => number; // episodes
}

type Way = 'import' | 'export';

interface Episode {
  readonly sinceMs: number;
  told: boolean; // reported, as violation or as unreachable
}

export function createConnectionJudge(court: Case): ConnectionJudge {
  const connection = court.site.connections[0]?.id ?? '';
  const controls = controlsOf(court);
  const toleranceW = tolerances(court.site);
  const open: Record<Way, Episode | undefined> = { import: undefined, export: undefined };
  const grown = createGrowth(court.times.limitBackMs);
  let alarms = 0;

  const judge = (way: Way, truth: Truth, grownW: number): void => {
    const powerW = truth.places[connection]?.powerW ?? 0;
    const flowW = way === 'import' ? powerW : -powerW;
    const limit = court.limits.at(truth.atMs);
    const limitW = way === 'import' ? limit.importLimitW : limit.exportLimitW;
    if (flowW <= limitW + toleranceW(limitW)) {
      open[way] = undefined;
      return;
    }
    const episode = open[way] ?? { sinceMs: truth.atMs, told: false };
    open[way] = episode;
    const startMs = Math.max(episode.sinceMs, limit.sinceMs, court.excusedUntilMs());
    if (episode.told) return;
    if (court.pace.elapsedMs(startMs, truth.atMs) <= court.times.limitBackMs) return;
    if (flowW - Math.max(0, grownW) <= limitW + toleranceW(limitW)) return;
    episode.told = true;
    const leftW = controls.reduce((sum, one) => sum + reserveW(court, one, truth, way), 0);
    // What is still controllable could have brought it inside: staying outside was a choice.
    if (leftW > toleranceW(limitW)) {
      const over = `${way} ${Math.round(flowW)} W, limit ${Math.round(limitW)} W`;
      const since = Math.round((truth.atMs - startMs) / 1_000);
      court.report('S2', truth.atMs, `${over}, not back inside after ${since} s`);
    } else alarms += 1;
  };
  return {
    seen: (truth) => {
      const grownW = grown(truth.atMs, aloneW(controls, truth, connection));
      judge('import', truth, grownW);
      judge('export', truth, -grownW);
    },
    unreachable: () => alarms,
  };
}

/**
 * What the connection would carry if nothing were controlled, W, + import: batteries at rest, loads
 * that can be told off, the sun as it comes. No order moves it.
 */
function aloneW(controls: readonly Control[], truth: Truth, connection: string): number {
  let sumW = truth.places[connection]?.powerW ?? 0;
  for (const { terminal } of controls) {
    const place = truth.places[terminal.id];
    if (place === undefined) continue;
    sumW += place.powerW;
    if (terminal.kind === 'pv') sumW -= place.availableW ?? place.powerW;
  }
  return sumW;
}

/** By how much a power has risen within `windowMs`, W, as it is asked over time; at first 0. */
function createGrowth(windowMs: number): (atMs: number, powerW: number) => number {
  let samples: { readonly atMs: number; readonly powerW: number }[] = []; // oldest first
  return (atMs, powerW) => {
    samples.push({ atMs, powerW });
    const oldestIndex = samples.findIndex((one) => one.atMs >= atMs - windowMs);
    if (oldestIndex > 0) samples = samples.slice(oldestIndex);
    return powerW - (samples[0]?.powerW ?? powerW);
  };
}

/**
 * Power that the controllable terminals can still give in the helpful direction; small = at their
 * bound.
 */
function reserveW(court: Case, control: Control, truth: Truth, way: Way): number {
  const { terminal } = control;
  const place = truth.places[terminal.id];
  if (place === undefined) return 0;
  if (terminal.kind === 'pv') {
    return way === 'export' ? place.powerW : Math.max(0, (place.availableW ?? 0) - place.powerW);
  }
  if (terminal.kind === 'battery') {
    const store = court.site.stores.find((entry) => entry.terminal === terminal.id);
    const soc = peek(control.face, terminal.part ? `${terminal.part}.socPct` : 'socPct');
    const low = Math.max(store?.socMinPct ?? 0, store?.reservePct ?? 0) + 1;
    const high = (store?.socMaxPct ?? 100) - 1;
    if (soc === undefined) return 0;
    if (way === 'import') {
      const boundW = soc <= low ? 0 : Math.min(terminal.ratedInW, place.dischargeMaxW ?? 0);
      return Math.max(0, boundW - place.powerW);
    }
    const boundW = soc >= high ? 0 : Math.min(terminal.ratedOutW, place.chargeMaxW ?? 0);
    return Math.max(0, place.powerW + boundW);
  }
  return way === 'import' ? Math.max(0, -place.powerW) : 0;
}
