import type { Image } from '../../contracts/values/image.ts';
import { placeNames } from '../../contracts/values/places.ts';
import { good } from '../../contracts/values/reading.ts';
import { HOUR_MS, type Instant, QUARTER_MS } from '../../contracts/values/time.ts';
import { median } from './types.ts';

/** What the images of a quarter-hour show beside its energies. */
export interface Seen {
  readonly fromMs: Instant;
  readonly temperatureC: Readonly<Record<string, number>>; // mean
  readonly powerWh: Readonly<Record<string, number>>; // integral of power, + into the node
  readonly counterWh: Readonly<Record<string, number>>; // difference of the counters
  readonly resistanceOhm: Readonly<Record<string, number>>; // median over load steps
}

const GAP_MS = 30_000; // longer is not integrated
const COVERED_SHARE = 0.95;
const STEP_SHARE = 0.15; // of rated power: a step that shows in the voltage
const LEAST_STEPS = 3;
/** Charge at which a step says something about the battery and not about its ends. */
const MIDDLE_PCT = [30, 80] as const;

interface Trace {
  readonly powerW: number;
  readonly voltageV: number;
}

/** A connection or terminal, and what was seen of it in the running quarter-hour. */
interface Place {
  readonly id: string;
  readonly names: ReturnType<typeof placeNames>;
  readonly temperatureC: string; // names of points
  readonly voltageV: string;
  readonly ratedW: number | undefined; // of a battery
  temperatureSum: number;
  temperatureCount: number;
  powerWh: number | undefined; // undefined: none was seen
  firstWh: number | undefined; // counters
  lastWh: number;
  ohms: number[];
  trace: Trace | undefined;
}

/** Of each connection and terminal, image by image; kept until its quarter-hour is asked for. */
export class QuarterSums {
  private readonly places: readonly Place[];
  private fromMs = -1;
  private lastMs = 0;
  private coveredMs = 0;

  /** @param batteries  rated W of each */
  constructor(ids: readonly string[], batteries: ReadonlyMap<string, number>) {
    this.places = ids.map((id) => ({
      ...{ id, names: placeNames(id), ratedW: batteries.get(id) },
      ...{ temperatureC: `${id}.temperatureC`, voltageV: `${id}.voltageV` },
      ...{ temperatureSum: 0, temperatureCount: 0, powerWh: undefined },
      ...{ firstWh: undefined, lastWh: 0, ohms: [], trace: undefined },
    }));
  }

  /** @returns what was seen of the quarter-hour that has just ended */
  see({ wallMs, points }: Pick<Image, 'wallMs' | 'points'>): Seen | undefined {
    const fromMs = Math.floor(wallMs / QUARTER_MS) * QUARTER_MS;
    const ended = fromMs !== this.fromMs && this.fromMs >= 0 ? this.close() : undefined;
    if (fromMs !== this.fromMs) this.open(fromMs);
    const gapMs = wallMs - this.lastMs;
    const isNear = gapMs > 0 && gapMs <= GAP_MS;
    this.lastMs = wallMs;
    if (isNear) this.coveredMs += gapMs;
    for (const place of this.places) {
      const { names } = place;
      const powerW = good(points[names.powerW]);
      if (powerW !== undefined && isNear) {
        place.powerWh = (place.powerWh ?? 0) + (powerW * gapMs) / HOUR_MS;
      }
      count(place, good(points[names.inWh]), good(points[names.outWh]));
      const temperatureC = good(points[place.temperatureC]);
      if (temperatureC !== undefined) {
        place.temperatureSum += temperatureC;
        place.temperatureCount += 1;
      }
      if (place.ratedW !== undefined) step(place, place.ratedW, powerW, points);
    }
    return ended;
  }

  private open(fromMs: Instant): void {
    this.fromMs = fromMs;
    this.coveredMs = 0;
    for (const place of this.places) {
      place.temperatureSum = 0;
      place.temperatureCount = 0;
      place.powerWh = undefined;
      // From the last word of the quarter-hour before: nothing is lost between two polls.
      if (place.firstWh !== undefined) place.firstWh = place.lastWh;
      place.ohms = [];
    }
  }

  private close(): Seen {
    const isWhole = this.coveredMs >= COVERED_SHARE * QUARTER_MS;
    const temperatureC: Record<string, number> = {};
    const powerWh: Record<string, number> = {};
    const counterWh: Record<string, number> = {};
    const resistanceOhm: Record<string, number> = {};
    for (const one of this.places) {
      const { id, temperatureCount } = one;
      if (temperatureCount > 0) temperatureC[id] = one.temperatureSum / temperatureCount;
      if (isWhole && one.powerWh !== undefined) powerWh[id] = one.powerWh;
      if (isWhole && one.firstWh !== undefined) counterWh[id] = one.lastWh - one.firstWh;
      if (one.ohms.length >= LEAST_STEPS) resistanceOhm[id] = median(one.ohms);
    }
    return { fromMs: this.fromMs, temperatureC, powerWh, counterWh, resistanceOhm };
  }
}

function count(place: Place, inWh: number | undefined, outWh: number | undefined): void {
  if (inWh === undefined || outWh === undefined) return;
  place.lastWh = inWh - outWh;
  place.firstWh ??= place.lastWh;
}

/** Voltage against current between two images: polled, so a trend and no more. */
function step(
  place: Place,
  ratedW: number,
  powerW: number | undefined,
  points: Image['points'],
): void {
  const voltageV = good(points[place.voltageV]);
  const before = place.trace;
  if (powerW === undefined || voltageV === undefined || voltageV <= 0) {
    place.trace = undefined;
    return;
  }
  place.trace = { powerW, voltageV };
  const socPct = good(points[place.names.socPct]);
  if (before === undefined || socPct === undefined) return;
  if (socPct < MIDDLE_PCT[0] || socPct > MIDDLE_PCT[1]) return;
  if (Math.abs(powerW - before.powerW) < STEP_SHARE * ratedW) return;
  const stepA = powerW / voltageV - before.powerW / before.voltageV;
  const ohm = (before.voltageV - voltageV) / stepA;
  if (ohm > 0) place.ohms = [...place.ohms, ohm].slice(-99);
}
