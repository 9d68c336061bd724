import type { Band, HorizonScore, SiteForecast } from '../../contracts/values/outlook.ts';
import { HOUR_MS, type Instant, MINUTE_MS, QUARTER_MS } from '../../contracts/values/time.ts';
import type { Quarter } from './forecaster.ts';

/** How far ahead the end of a scored quarter-hour lies, from the start of the running one. */
const AHEADS_MS = [
  QUARTER_MS,
  HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
  36 * HOUR_MS,
  48 * HOUR_MS,
];
/** A forecast of later in its quarter-hour has seen a part of what it tells. */
const EARLY_MS = 2 * MINUTE_MS;
const KEPT_DAYS = 3;
const LEAST_QUARTERS = 24;
const LEAST_MEAN_W = 50; // below it a percentage says nothing
const KINDS = ['pv', 'load'] as const;
type Kind = (typeof KINDS)[number];

interface Sums {
  quarters: number;
  measuredW: number;
  errorW: number;
  active: number; // quarter-hours in which something was said or came
  inBand: number;
}
const noSums = (): Sums => ({ quarters: 0, measuredW: 0, errorW: 0, active: 0, inBand: 0 });

type Day = ReadonlyMap<Kind, readonly Sums[]>;

/**
 * How good forecasts were as issued, by how far ahead they looked: each quarter-hour that comes is
 * held against what was said of it so long before. Figures of a local day.
 */
export class HorizonScores {
  private readonly said = new Map<Instant, Map<number, Record<Kind, Band | undefined>>>();
  private readonly days = new Map<number, Day>();

  /** A forecast as issued, in any order; of those of one quarter-hour the first counts. */
  issued({ issuedAtMs, fromMs, pv, load }: SiteForecast): void {
    if (issuedAtMs - fromMs > EARLY_MS) return;
    for (const [n, aheadMs] of AHEADS_MS.entries()) {
      const step = aheadMs / QUARTER_MS - 1;
      const atMs = fromMs + step * QUARTER_MS;
      if (load[step] === undefined) continue;
      const about = this.said.get(atMs) ?? new Map();
      if (!about.has(n)) about.set(n, { pv: pv[step], load: load[step] });
      this.said.set(atMs, about);
    }
  }

  /** A quarter-hour as measured, in order of time. @param day  its local day */
  observe({ fromMs, pvW, loadW, curtailed }: Quarter, day: number): void {
    const about = this.said.get(fromMs);
    for (const oldMs of this.said.keys()) if (oldMs <= fromMs) this.said.delete(oldMs);
    if (about === undefined) return;
    const sums = this.dayOf(day);
    for (const [n, bands] of about) {
      const seen = { pv: curtailed ? undefined : pvW, load: loadW };
      for (const kind of KINDS) add(sums.get(kind)?.[n], seen[kind], bands[kind]);
    }
  }

  /** What is known of a day; nothing where it is not enough. */
  of(day: number): HorizonScore[] {
    return KINDS.flatMap((what) =>
      (this.days.get(day)?.get(what) ?? []).flatMap((sums, n) => {
        const { quarters, measuredW, errorW, active, inBand } = sums;
        if (quarters < LEAST_QUARTERS || measuredW / quarters < LEAST_MEAN_W) return [];
        const pct = (share: number): number => Math.round(1_000 * share) / 10;
        return {
          what,
          aheadMs: AHEADS_MS[n] ?? 0,
          errorPct: pct(errorW / measuredW),
          ...(active > 0 && { inBandPct: pct(inBand / active) }),
          quarters,
        };
      }),
    );
  }

  private dayOf(day: number): Day {
    const known = this.days.get(day);
    if (known !== undefined) return known;
    const sums: Day = new Map(KINDS.map((kind) => [kind, AHEADS_MS.map(noSums)]));
    this.days.set(day, sums);
    for (const old of this.days.keys()) if (old <= day - KEPT_DAYS) this.days.delete(old);
    return sums;
  }
}

function add(sums: Sums | undefined, seenW: number | undefined, band: Band | undefined): void {
  if (sums === undefined || seenW === undefined || band === undefined) return;
  sums.quarters += 1;
  sums.measuredW += seenW;
  sums.errorW += Math.abs(band.midW - seenW);
  if (seenW === 0 && band.midW < 1) return; // by night all are right
  sums.active += 1;
  if (band.lowW <= seenW && seenW <= band.highW) sums.inBand += 1;
}

const NAMES = { pv: 'sun', load: 'consumption', price: 'the price' } as const;

/** 'Off for consumption, by how far ahead: 15 min 6 %, 1 h 9 %, 4 h 12 %.' */
export function horizonSentence(scores: readonly HorizonScore[]): string {
  return (['pv', 'load', 'price'] as const)
    .flatMap((kind) => {
      const own = scores.filter(({ what }) => what === kind);
      if (own.length === 0) return [];
      const parts = own.map((one) => `${aheadWords(one.aheadMs)} ${Math.round(one.errorPct)} %`);
      return [`Off for ${NAMES[kind]}, by how far ahead: ${parts.join(', ')}.`];
    })
    .join(' ');
}

const aheadWords = (ms: number): string =>
  ms < HOUR_MS ? `${ms / MINUTE_MS} min` : `${ms / HOUR_MS} h`;
