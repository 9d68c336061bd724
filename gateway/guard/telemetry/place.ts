import type { Image } from '../../contracts/values/image.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';
import { AnchoredEnergy } from './counter.ts';

/** A connection or terminal whose energy is booked. */
export interface PlaceSpec {
  readonly id: string;
  readonly ratedW: number; // most that flows either way
  readonly residual: boolean;
}

export interface Booked {
  readonly inWh: number;
  readonly outWh: number;
  readonly coveragePct: number;
  readonly source: 'counter' | 'power' | 'residual';
}

interface Sample {
  readonly atMs: number; // monotonic
  readonly powerW: number;
}

/** A gap between two power readings up to this many cycles is bridged by a straight line. */
const BRIDGE_CYCLES = 6;
/**
 * A counter may be called the source when its step is at most this share of a quarter-hour at rated
 * power.
 */
const FINE = 0.01;
/** What a meter may count beyond the rating before it is taken for a jump. */
const MARGIN = 1.5;
/** An answer may be that much later than its request. */
const LATE_CYCLES = 5;

/** Integral of a straight line between two samples, apart for power above and below zero, in Wh. */
function integrals(from: Sample, to: Sample): { inWh: number; outWh: number } {
  const hours = (to.atMs - from.atMs) / HOUR_MS;
  const a = from.powerW;
  const b = to.powerW;
  if (a >= 0 && b >= 0) return { inWh: ((a + b) / 2) * hours, outWh: 0 };
  if (a <= 0 && b <= 0) return { inWh: 0, outWh: (-(a + b) / 2) * hours };
  const share = a / (a - b); // where the line crosses zero
  const first = Math.abs(a / 2) * share * hours;
  const second = Math.abs(b / 2) * (1 - share) * hours;
  return a > 0 ? { inWh: first, outWh: second } : { inWh: second, outWh: first };
}

const between = (from: Sample, to: Sample, atMs: number): Sample => {
  const share = to.atMs === from.atMs ? 1 : (atMs - from.atMs) / (to.atMs - from.atMs);
  return { atMs, powerW: from.powerW + share * (to.powerW - from.powerW) };
};

/** Energy of one place, from interval to interval. */
export class PlaceEnergy {
  readonly spec: PlaceSpec;
  seen = false;
  private readonly into = new AnchoredEnergy();
  private readonly out = new AnchoredEnergy();
  private last: Sample | undefined; // newest power reading
  private before: Sample | undefined; // the one before, for counters that are older
  private coveredMs = 0;
  private counted = false; // a counter was read in this interval
  private readonly points: Readonly<Record<'powerW' | 'inWh' | 'outWh', string>>;
  private readonly countedAtMs = {
    inWh: Number.NEGATIVE_INFINITY,
    outWh: Number.NEGATIVE_INFINITY,
  };

  constructor(spec: PlaceSpec) {
    this.spec = spec;
    const { id } = spec;
    this.points = { powerW: `${id}.powerW`, inWh: `${id}.inWh`, outWh: `${id}.outWh` };
  }

  /** Newest instant that the power is known for. */
  get knownUntilMs(): number {
    return this.last?.atMs ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Takes an image in, up to `untilMs` (monotonic) when an interval ends there.
   * @returns true when a counter began a new epoch
   */
  take(image: Image, cycleMs: number, untilMs = Number.POSITIVE_INFINITY): boolean {
    this.power(image.points[this.points.powerW], cycleMs, untilMs);
    const into = this.counter(image, 'inWh', cycleMs, untilMs);
    const out = this.counter(image, 'outWh', cycleMs, untilMs);
    return into || out;
  }

  private power(reading: Reading | undefined, cycleMs: number, untilMs: number): void {
    if (reading !== undefined) this.seen = true;
    if (reading?.quality !== 'good') return;
    const newest = { atMs: reading.atMs, powerW: reading.value };
    const { last } = this;
    if (last !== undefined && newest.atMs <= last.atMs) return;
    const bridged = last !== undefined && newest.atMs - last.atMs <= BRIDGE_CYCLES * cycleMs;
    if (!bridged) {
      if (newest.atMs > untilMs) return;
      this.before = undefined;
      this.last = newest;
      return;
    }
    const end = newest.atMs > untilMs ? between(last, newest, untilMs) : newest;
    if (end.atMs <= last.atMs) return;
    const { inWh, outWh } = integrals(last, end);
    this.into.add(inWh);
    this.out.add(outWh);
    this.coveredMs += end.atMs - last.atMs;
    this.before = last;
    this.last = end;
  }

  private counter(image: Image, key: 'inWh' | 'outWh', cycleMs: number, untilMs: number): boolean {
    const reading = image.points[this.points[key]];
    if (reading?.quality !== 'good' || this.spec.residual) return false;
    if (reading.atMs <= this.countedAtMs[key] || reading.atMs > untilMs) return false;
    this.seen = true;
    this.counted = true;
    this.countedAtMs[key] = reading.atMs;
    const since = this.since(reading.atMs);
    const { ratedW } = this.spec;
    // A reading is dated by its request; the device may have counted on until it answered.
    const most = (ms: number): number =>
      ratedW > 0
        ? (MARGIN * ratedW * (ms + LATE_CYCLES * cycleMs)) / HOUR_MS + 1
        : Number.POSITIVE_INFINITY;
    const energy = key === 'inWh' ? this.into : this.out;
    return energy.anchor(reading.value, reading.atMs, since[key], most).newEpoch;
  }

  /** What the power integral has added after an instant a moment ago. */
  private since(atMs: number): { inWh: number; outWh: number } {
    const { before, last } = this;
    if (before === undefined || last === undefined || atMs >= last.atMs) {
      return { inWh: 0, outWh: 0 };
    }
    return integrals(between(before, last, Math.max(atMs, before.atMs)), last);
  }

  /** Energy of the interval that ends now, whole Wh; the remainder goes into the next one. */
  book(durationMs: number): Booked {
    const coveragePct = Math.min(100, Math.round((1_000 * this.coveredMs) / durationMs) / 10);
    const fineWh = (FINE * this.spec.ratedW * durationMs) / HOUR_MS;
    const stepWh = Math.max(this.into.resolutionWh ?? 0, this.out.resolutionWh ?? 0);
    const source = this.counted && stepWh <= Math.max(fineWh, 1) ? 'counter' : 'power';
    this.coveredMs = 0;
    this.counted = false;
    return {
      inWh: this.into.book(this.into.estimateWh),
      outWh: this.out.book(this.out.estimateWh),
      coveragePct,
      source: this.spec.residual ? 'residual' : source,
    };
  }
}
