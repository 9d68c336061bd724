import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import {
  boundsOf,
  type MeterTrack,
  NO_TRACK,
  plausible,
} from '../../../../../gateway/guard/site/plausible.ts';
import { wire } from '../../../../../gateway/guard/site/wiring.ts';
import { site } from '../bench/site.ts';

/** A small site that is there in truth: what its meter and devices show follows from it. */
export interface Truth {
  loadW: number; // >= 0
  pvW: number;
  batteryW: number; // + discharge
}

export interface Rig {
  readonly latencyMs?: number;
  readonly resolutionW?: number;
  readonly refreshS?: number; // the meter shows a new value each so many seconds
  readonly quantumWh?: number;
  readonly loadW?: number; // rating of the house
  readonly isFree?: boolean; // the battery follows the load by itself
  readonly shown?: (meterW: number, atS: number) => number; // what the meter makes of the truth
  readonly areCountersStuck?: (atS: number) => boolean;
}

/** What commissioning measures as latency contains the wait for the next new value. */
function spec({ latencyMs = 0, resolutionW = 1, refreshS = 1, loadW = 20_000 }: Rig): Site {
  const home = site({ pv: {}, battery: {} });
  const lateMs = latencyMs + 1_000 * (refreshS - 1);
  return {
    ...home,
    meters: home.meters.map((meter) => ({ ...meter, latencyMs: lateMs, resolutionW })),
    terminals: home.terminals.map((one) =>
      one.kind === 'load' ? { ...one, ratedOutW: loadW } : one,
    ),
  };
}

const ok = (value: number, atMs: number): Reading => ({ quality: 'good', value, atMs });

/** Seconds of a site, one turn each. `act` moves the truth and may look at what the meter shows. */
export class MeterRig {
  track: MeterTrack = NO_TRACK;
  meterW = 0; // as shown
  private readonly rig: Rig;
  private readonly wiring;
  private readonly bounds;
  private readonly past: number[] = [];
  private wh = { in: 5_000, out: 700, shownIn: ok(5_000, 0), shownOut: ok(700, 0) };
  private second = 0;

  constructor(rig: Rig) {
    this.rig = rig;
    this.wiring = wire(spec(rig));
    const [grid] = this.wiring.site.connections;
    if (grid === undefined) throw new Error('the bench has a connection');
    this.bounds = boundsOf(this.wiring, grid);
  }

  turn({ loadW, pvW, batteryW }: Truth): MeterTrack {
    const { latencyMs = 0, resolutionW = 1, refreshS = 1, shown, isFree } = this.rig;
    this.second += 1;
    const atS = this.second;
    const nowMs = atS * 1_000;
    this.past.push(loadW - pvW - batteryW);
    this.count(atS);
    if (this.past.length > 8) this.past.shift();
    const late = this.past.length - 1 - Math.round(latencyMs / 1_000);
    if (atS % refreshS === 0) {
      const trueW = this.past[Math.max(0, late)] ?? 0;
      const seenW = shown === undefined ? trueW : shown(trueW, atS);
      this.meterW = Math.round(seenW / resolutionW) * resolutionW;
    }
    const points = {
      'grid.powerW': ok(this.meterW, nowMs - 100),
      'pv1.powerW': ok(Math.round(pvW), nowMs - 300),
      'battery1.powerW': ok(Math.round(batteryW), nowMs - 200),
      'grid.inWh': this.wh.shownIn,
      'grid.outWh': this.wh.shownOut,
    };
    const told: Record<string, number> = isFree === true ? {} : { battery1: batteryW };
    const { bounds } = this;
    const turn = { id: 'grid', bounds, points, told, nowMs, cycleMs: 1_000 };
    this.track = plausible(this.track, turn);
    return this.track;
  }

  private count(atS: number): void {
    const { quantumWh = 1, areCountersStuck } = this.rig;
    const powerW = this.past[this.past.length - 1] ?? 0;
    const { in: inWh, out: outWh } = this.wh;
    this.wh.in = inWh + Math.max(0, powerW) / 3_600;
    this.wh.out = outWh + Math.max(0, -powerW) / 3_600;
    if (atS % 30 !== 0) return;
    const stuck = areCountersStuck?.(atS) === true;
    const shown = (wh: number, before: Reading): Reading => {
      const last = before.quality === 'good' ? before.value : 0;
      return ok(stuck ? last : Math.floor(wh / quantumWh) * quantumWh, atS * 1_000 - 50);
    };
    this.wh.shownIn = shown(this.wh.in, this.wh.shownIn);
    this.wh.shownOut = shown(this.wh.out, this.wh.shownOut);
  }
}
