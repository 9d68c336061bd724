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

/** Of each connection and terminal, image by image; kept until its quarter-hour is asked for. */
export class Eyes {
  private readonly ids: readonly string[];
  private readonly batteries: ReadonlyMap<string, number>; // rated W
  private readonly names: ReadonlyMap<string, ReturnType<typeof placeNames>>;
  private fromMs = -1;
  private lastMs = 0;
  private coveredMs = 0;
  private temperatures = new Map<string, { sum: number; count: number }>();
  private powers = new Map<string, number>();
  private readonly counters = new Map<string, { firstWh: number; lastWh: number }>();
  private ohms = new Map<string, number[]>();
  private readonly traces = new Map<string, Trace>();

  /** @param batteries  rated W of each */
  constructor(ids: readonly string[], batteries: ReadonlyMap<string, number>) {
    this.ids = ids;
    this.batteries = batteries;
    this.names = new Map(ids.map((id) => [id, placeNames(id)]));
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
    for (const id of this.ids) {
      const names = this.names.get(id);
      const powerW = names && good(points[names.powerW]);
      if (powerW !== undefined && isNear) {
        this.powers.set(id, (this.powers.get(id) ?? 0) + (powerW * gapMs) / HOUR_MS);
      }
      this.count(id, names && good(points[names.inWh]), names && good(points[names.outWh]));
      const temperatureC = good(points[`${id}.temperatureC`]);
      if (temperatureC !== undefined) {
        const { sum, count } = this.temperatures.get(id) ?? { sum: 0, count: 0 };
        this.temperatures.set(id, { sum: sum + temperatureC, count: count + 1 });
      }
      const ratedW = this.batteries.get(id);
      if (ratedW !== undefined && names) this.step(id, ratedW, powerW, points, names.socPct);
    }
    return ended;
  }

  private count(id: string, inWh: number | undefined, outWh: number | undefined): void {
    if (inWh === undefined || outWh === undefined) return;
    const netWh = inWh - outWh;
    const known = this.counters.get(id);
    this.counters.set(id, { firstWh: known?.firstWh ?? netWh, lastWh: netWh });
  }

  /** Voltage against current between two images: polled, so a trend and no more. */
  private step(
    id: string,
    ratedW: number,
    powerW: number | undefined,
    points: Image['points'],
    socPoint: string,
  ): void {
    const voltageV = good(points[`${id}.voltageV`]);
    const before = this.traces.get(id);
    if (powerW === undefined || voltageV === undefined || voltageV <= 0) {
      this.traces.delete(id);
      return;
    }
    this.traces.set(id, { powerW, voltageV });
    const socPct = good(points[socPoint]);
    if (before === undefined || socPct === undefined) return;
    if (socPct < MIDDLE_PCT[0] || socPct > MIDDLE_PCT[1]) return;
    if (Math.abs(powerW - before.powerW) < STEP_SHARE * ratedW) return;
    const stepA = powerW / voltageV - before.powerW / before.voltageV;
    const ohm = (before.voltageV - voltageV) / stepA;
    if (ohm > 0) this.ohms.set(id, [...(this.ohms.get(id) ?? []), ohm].slice(-99));
  }

  private open(fromMs: Instant): void {
    this.fromMs = fromMs;
    this.coveredMs = 0;
    this.temperatures = new Map();
    this.powers = new Map();
    // From the last word of the quarter-hour before: nothing is lost between two polls.
    for (const [id, { lastWh }] of this.counters) {
      this.counters.set(id, { firstWh: lastWh, lastWh });
    }
    this.ohms = new Map();
  }

  private close(): Seen {
    const isWhole = this.coveredMs >= COVERED_SHARE * QUARTER_MS;
    const counted = [...this.counters].map(([id, { firstWh, lastWh }]) => [id, lastWh - firstWh]);
    return {
      fromMs: this.fromMs,
      temperatureC: Object.fromEntries(
        [...this.temperatures].map(([id, { sum, count }]) => [id, sum / count]),
      ),
      powerWh: isWhole ? Object.fromEntries(this.powers) : {},
      counterWh: isWhole ? Object.fromEntries(counted) : {},
      resistanceOhm: Object.fromEntries(
        [...this.ohms]
          .filter(([, values]) => values.length >= LEAST_STEPS)
          .map(([id, values]) => [id, median(values)]),
      ),
    };
  }
}
