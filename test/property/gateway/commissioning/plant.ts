import type {
  ProgramStep,
  Trace,
  TraceSample,
} from '../../../../gateway/contracts/values/commissioning.ts';
import type { Reading } from '../../../../gateway/contracts/values/reading.ts';
import type { Site, Terminal } from '../../../../gateway/contracts/values/site.ts';
import { createStream, normalAt, streamKey } from '../../../../simulators/random.ts';

/** How a plant answers, and what is wrong with it. Powers in W, + into the node. */
export interface Nature {
  readonly seed: number;
  readonly loadW: number;
  readonly noiseW: number; // of the load, standard deviation
  readonly alike: number; // of the load from one 0.2 s to the next, 0 to 1
  readonly resolutionW: number;
  readonly ownResolutionW: number;
  readonly meterLatencyS: number;
  readonly ownLatencyS: number;
  readonly deadS: number;
  readonly lagS: number;
  readonly sunW: number; // of the PV
  readonly socPct: number;
  readonly usableWh: number;
  readonly socResolutionPct: number;
  readonly devicePhases: readonly number[]; // 0 to 2
  readonly timerS: number | undefined; // the device's own
  readonly loadSteps: readonly { readonly atS: number; readonly powerW: number }[];
  readonly wrong: Wrong;
}

export interface Wrong {
  readonly gridTurned?: boolean;
  readonly gridCts?: readonly number[]; // phase of each transformer, 0 to 2
  readonly gridCtTurned?: readonly boolean[];
  readonly gridScale?: number;
  readonly gridElsewhere?: boolean; // its transformers sit on another feeder
  readonly gridFrozen?: boolean;
  readonly gridMissing?: boolean;
  readonly metersExchanged?: boolean; // grid and the meter of the PV
  readonly ownSign?: -1;
  readonly ownScale?: number;
  readonly ownFrozen?: boolean;
  readonly setpointSign?: -1;
  readonly setpointScale?: number;
  readonly ignores?: boolean;
  readonly readsBack?: boolean;
  readonly doesAtMost?: number; // W
  readonly chargesNever?: boolean;
  readonly keepsWithoutTimer?: boolean;
  readonly keepsAfterRelease?: boolean;
  readonly twoAnswer?: boolean; // a second battery at the same unit id
  readonly addressExchanged?: boolean; // only the second battery answers
  readonly secondAnswers?: boolean; // the second battery's own control works against it
}

const TICK_S = 0.2;
const PV = 'pv1';

/** One site with a load, a PV, one or two batteries and meters, stepped in fifths of a second. */
export class Plant {
  private readonly site: Site;
  private readonly terminal: Terminal;
  private readonly nature: Nature;
  private readonly noise: number;
  private readonly jitter: { next(): number };
  private tick = 0;
  private unlike: number[] = [0, 0, 0];
  private readonly history: { device: number; second: number; sun: number; load: number[] }[] = [];
  private power: number; // of the device under test
  private second = 0;
  private soc: number;
  private asked: number | null = null;
  private askedHistory: (number | null)[] = [];
  private renewedS = 0;

  constructor(site: Site, terminal: string, nature: Nature) {
    this.site = site;
    this.terminal = site.terminals.find(({ id }) => id === terminal)!;
    this.nature = nature;
    this.noise = streamKey(nature.seed, 'load');
    this.jitter = createStream(nature.seed, 'jitter');
    this.soc = nature.socPct;
    this.power = this.terminal.kind === 'pv' ? nature.sunW : 0;
    this.asked = this.terminal.kind === 'pv' ? this.terminal.ratedInW : 0;
    for (let index = 0; index < 100; index += 1) this.advance();
    this.tick = 0;
  }

  run(steps: readonly ProgramStep[], first = 0): TraceSample[] {
    const samples: TraceSample[] = [];
    steps.forEach((step, index) => {
      const cycles = Math.round(step.durationMs / 1_000);
      for (let cycle = 0; cycle < cycles; cycle += 1) {
        this.command(step);
        samples.push(this.sample(step, first + index));
        for (let tick = 0; tick < 5; tick += 1) this.advance();
      }
    });
    return samples;
  }

  trace(samples: readonly TraceSample[]): Trace {
    return { startedAtMs: 1_750_000_000_000, samples, ended: 'complete', why: '' };
  }

  private nowS(): number {
    return this.tick * TICK_S;
  }

  private command({ kind, powerW }: ProgramStep): void {
    const { timerS, wrong } = this.nature;
    if (kind === 'release') {
      if (wrong.keepsAfterRelease !== true) this.asked = null;
      return;
    }
    if (kind !== 'letGo') {
      this.asked = powerW;
      this.renewedS = this.nowS();
    } else if (timerS !== undefined && this.nowS() - this.renewedS >= timerS) {
      if (wrong.keepsWithoutTimer !== true) this.asked = null;
    }
  }

  /** What the device under test goes to: its order, or its own mode. */
  private target(): number {
    const { wrong, sunW, deadS } = this.nature;
    const asked = this.askedHistory.at(-1 - Math.round(deadS / TICK_S)) ?? null;
    const { control, kind, ratedInW, ratedOutW } = this.terminal;
    if (control === 'limit') {
      const limit = asked === null || wrong.ignores ? ratedInW : asked;
      return Math.min(sunW, limit * (wrong.setpointScale ?? 1));
    }
    const own = kind === 'battery' ? this.past(0).load.reduce((sum, one) => sum - one, -sunW) : 0;
    if (asked === null) return Math.max(-ratedOutW, Math.min(own, ratedInW));
    if (wrong.ignores === true) return 0;
    if (wrong.chargesNever === true && asked < 0) return 0;
    if (wrong.addressExchanged === true) return 0;
    const most = Math.min(
      wrong.doesAtMost ?? Number.POSITIVE_INFINITY,
      2 * ratedInW + 2 * ratedOutW,
    );
    const wanted = asked * (wrong.setpointScale ?? 1) * (wrong.setpointSign ?? 1);
    return Math.max(-most, Math.min(most, wanted));
  }

  private advance(): void {
    const { lagS, alike, noiseW, loadW, sunW, wrong, usableWh } = this.nature;
    this.tick += 1;
    this.askedHistory.push(this.asked);
    this.power += (this.target() - this.power) * (1 - Math.exp(-TICK_S / lagS));
    const asked = this.askedHistory.at(-1 - Math.round(this.nature.deadS / TICK_S)) ?? 0;
    if (wrong.twoAnswer === true || wrong.addressExchanged === true) this.second = asked;
    else if (wrong.secondAnswers === true) this.second = -0.7 * this.power;
    this.soc -= (100 * this.power * (TICK_S / 3_600)) / usableWh;
    const steps = this.nature.loadSteps.filter(({ atS }) => atS <= this.nowS());
    const more = steps.reduce((sum, { powerW }) => sum + powerW, 0);
    const spread = Math.sqrt(1 - alike * alike) * noiseW * Math.sqrt(1 / 3);
    this.unlike = this.unlike.map(
      (rest, phase) => alike * rest + spread * normalAt(this.noise, 3 * (this.tick + 200) + phase),
    );
    this.history.push({
      device: this.power,
      second: this.second,
      sun: this.terminal.kind === 'pv' ? this.power : sunW,
      load: this.unlike.map((rest) => -((loadW + more) / 3 + rest)),
    });
  }

  private past(latencyS: number) {
    const back = Math.min(this.history.length, 1 + Math.round(latencyS / TICK_S));
    return this.history.at(-back) ?? { device: 0, second: 0, sun: 0, load: [0, 0, 0] };
  }

  /** Import on each wire, as physics has it. */
  private wires(latencyS: number): number[] {
    const { device, second, sun, load } = this.past(latencyS);
    const { devicePhases } = this.nature;
    const isPv = this.terminal.kind === 'pv';
    return load.map((powerW, phase) => {
      const mine = devicePhases.includes(phase) ? device / devicePhases.length : 0;
      return -(powerW + mine + (isPv ? 0 : sun / 3) + second / 3);
    });
  }

  private gridPhases(): number[] {
    const { wrong, meterLatencyS } = this.nature;
    const wires = wrong.gridElsewhere
      ? this.past(meterLatencyS).load.map((powerW) => -0.6 * powerW)
      : this.wires(meterLatencyS);
    return wires.map((_, phase) => {
      const on = wrong.gridCts?.[phase] ?? phase;
      const angle = on === phase ? 1 : -0.5;
      const turned = wrong.gridCtTurned?.[phase] ? -1 : 1;
      return (
        (wires[on] ?? 0) * angle * turned * (wrong.gridTurned ? -1 : 1) * (wrong.gridScale ?? 1)
      );
    });
  }

  private sample(step: ProgramStep, index: number): TraceSample {
    const { nature } = this;
    const { wrong } = nature;
    const atMs = this.nowS() * 1_000;
    const told = step.kind === 'release' ? null : step.powerW;
    const phases = this.gridPhases();
    const total = phases.reduce((sum, one) => sum + one, 0);
    const sun = this.past(nature.ownLatencyS).sun;
    const [gridW, sunMeterW] = wrong.metersExchanged ? [sun, total] : [total, sun];
    const round = (value: number, resolution: number): number =>
      Math.round(value / resolution) * resolution;
    const reading = (value: number, resolutionW: number): Reading => ({
      quality: 'good',
      value: round(value, resolutionW),
      atMs: atMs - Math.round(this.jitter.next() * 200),
    });
    const own = this.past(nature.ownLatencyS).device * (wrong.ownSign ?? 1) * (wrong.ownScale ?? 1);
    const grid: Record<string, Reading> = {
      powerW: reading(wrong.gridFrozen ? 812 : gridW, nature.resolutionW),
    };
    if (!wrong.metersExchanged && !wrong.gridFrozen) {
      phases.forEach((one, phase) => {
        grid[`powerL${phase + 1}W`] = reading(one, nature.resolutionW);
      });
    }
    const readings: Record<string, Record<string, Reading>> = {};
    const add = (device: string | undefined, points: Record<string, Reading>): void => {
      if (device !== undefined) readings[device] = { ...readings[device], ...points };
    };
    if (!wrong.gridMissing) add(this.site.meters[0]?.device, grid);
    add(this.site.meters.find(({ of }) => of === PV)?.device, {
      powerW: reading(sunMeterW, nature.resolutionW),
    });
    for (const { id, device, kind } of this.site.terminals) {
      if (id === this.terminal.id) {
        add(device, {
          powerW: reading(wrong.ownFrozen ? 0 : own, nature.ownResolutionW),
          socPct: { quality: 'good', value: round(this.soc, nature.socResolutionPct), atMs },
        });
      } else if (kind === 'battery') {
        add(device, {
          powerW: reading(this.past(nature.ownLatencyS).second, nature.ownResolutionW),
        });
      } else if (kind === 'pv') add(device, { powerW: reading(sun, nature.ownResolutionW) });
    }
    return {
      atMs,
      step: index,
      commandedW: { [this.terminal.id]: told },
      readBackW: { [this.terminal.id]: wrong.readsBack === false ? 0 : told },
      readings,
    };
  }
}
