import type { Reading } from '../../../../../gateway/contracts/values/reading.ts';
import type { Site } from '../../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../../gateway/contracts/values/timing.ts';
import {
  decide,
  type GuardMemory,
  type Plant,
  plantOf,
  startMemory,
  type Turn,
} from '../../../../../gateway/guard/decide.ts';
import type { GridState } from '../../../../../gateway/guard/directives.ts';

/** How a battery comes to its setpoint within its lag. */
export type Shape = 'first-order' | 'dead-time' | 'ramp' | 'mixed';

/**
 * How the meter is late: by a constant time, by a mean over a window, or by a register that it
 * renews now and then. Its latency is how long it takes until it shows a step in full.
 */
export type MeterKind = 'delay' | 'average' | 'hold';

export interface BatteryCase {
  readonly shape: Shape;
  readonly lagMs: number; // time constant, dead time or length of a full ramp
  readonly gain: number; // what it makes of its setpoint
  readonly ownLatencyMs: number; // age of its own reading
}

/** A synthetic site: a meter that is late, three batteries that are slow, a sun, a load. */
export interface LoopCase {
  readonly seed: number;
  readonly latencyMs: number;
  readonly meter: MeterKind;
  readonly windowMs: number; // of a mean
  readonly resolutionW: number;
  readonly noiseW: number;
  readonly batteries: readonly BatteryCase[];
  readonly pollPhaseMs: number; // of the meter, within the cycle
  readonly writeMs: number;
  readonly believed: number; // what the guard believes of latency and lag, as a share of the truth
}

const DT_MS = 50;
const CYCLE_MS = 1_000;
const HISTORY = 160; // 8 s
const times = timing(1);
const GRID_START: GridState = {
  highestSequence: 0,
  directives: [],
  onLost: 'keep',
  heardAtMs: 0,
  heardWallMs: undefined,
  failsafe: undefined,
};

interface Cell {
  powerW: number;
  toldW: number;
  readonly orders: { readonly atMs: number; readonly powerW: number }[];
  readonly past: number[];
}

/** Next number of a seeded stream, 0..1. */
export function stream(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** One gateway's pure turns against the plant, on virtual time, without clock or queue. */
export class Loop {
  loadW = 0; // <= 0
  sunW = 0; // what the sun offers
  socPct: readonly number[] = [50, 55, 60];
  pvW = 0;
  frequencyHz = 50;
  /** Load by phase, W <= 0, in place of `loadW`: then battery n stands on phase n alone. */
  phaseLoadsW: readonly number[] | undefined;
  nowMs = 0;
  turn: Turn | undefined;
  limitW = Number.POSITIVE_INFINITY; // production limit in force
  readonly cells: readonly Cell[];
  private readonly plant: Plant;
  private readonly setup: LoopCase;
  private memory: GuardMemory = startMemory(GRID_START);
  private readonly readings: Record<string, Record<string, Reading>> = {};
  private readonly gridPast: number[] = [];
  private readonly phasePast: readonly number[][] = [[], [], []];
  private readonly random: () => number;
  private noise = 0;
  private limitOrder = { atMs: 0, powerW: Number.POSITIVE_INFINITY };

  constructor(site: Site, setup: LoopCase) {
    this.setup = setup;
    this.plant = plantOf(site, times, new Set(site.devices.map(({ id }) => id)), 'boot');
    this.cells = setup.batteries.map(() => ({ powerW: 0, toldW: 0, orders: [], past: [] }));
    this.random = stream(setup.seed);
  }

  get batteryW(): number {
    return this.cells.reduce((sum, { powerW }) => sum + powerW, 0);
  }

  /** + import */
  get gridW(): number {
    const loadW = this.phaseLoadsW?.reduce((sum, one) => sum + one, 0) ?? this.loadW;
    return -(loadW + this.noise + this.pvW + this.batteryW);
  }

  /** Of each phase, + import. */
  get phasesW(): number[] {
    return (this.phaseLoadsW ?? []).map(
      (loadW, n) => -(loadW + (this.noise + this.pvW) / 3 + (this.cells[n]?.powerW ?? 0)),
    );
  }

  /** Goes on for `ms`; `each` hears every 50 ms. */
  run(ms: number, each: (loop: Loop) => void = () => undefined): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs += DT_MS;
      this.move();
      this.poll();
      if (this.nowMs % CYCLE_MS === 0) this.decide();
      each(this);
    }
  }

  private move(): void {
    if (this.nowMs % 1_000 === 0) this.noise = (2 * this.random() - 1) * this.setup.noiseW;
    this.setup.batteries.forEach((battery, index) => {
      const cell = this.cells[index];
      if (cell !== undefined) cell.powerW = this.next(battery, cell);
    });
    if (this.limitOrder.atMs <= this.nowMs) this.limitW = this.limitOrder.powerW;
    const share = DT_MS / Math.max(DT_MS, (this.setup.batteries[0]?.lagMs ?? 0) / 2);
    this.pvW += (Math.min(this.sunW, this.limitW) - this.pvW) * share;
    const { gridPast, phasePast } = this;
    gridPast.unshift(this.gridW);
    this.phasesW.forEach((phaseW, n) => {
      phasePast[n]?.unshift(phaseW);
    });
    for (const past of [gridPast, ...phasePast]) past.length = Math.min(past.length, HISTORY);
  }

  private next({ shape, lagMs, gain }: BatteryCase, cell: Cell): number {
    const { powerW, orders } = cell;
    const deadMs = shape === 'dead-time' ? lagMs : shape === 'mixed' ? lagMs / 2 : 0;
    while (orders[0] !== undefined && orders[0].atMs + deadMs <= this.nowMs) {
      cell.toldW = (orders.shift()?.powerW ?? 0) * gain;
    }
    cell.past.unshift(powerW);
    if (cell.past.length > HISTORY) cell.past.length = HISTORY;
    if (shape === 'dead-time') return cell.toldW;
    if (shape === 'ramp') {
      const stepW = (10_000 / 3 / lagMs) * DT_MS;
      return powerW + Math.max(-stepW, Math.min(stepW, cell.toldW - powerW));
    }
    const tauMs = shape === 'mixed' ? lagMs / 2 : lagMs;
    return powerW + (cell.toldW - powerW) * (1 - Math.exp(-DT_MS / tauMs));
  }

  private metered(past: readonly number[]): number {
    const { latencyMs, meter, resolutionW } = this.setup;
    const ago = (ms: number): number => Math.min(Math.round(ms / DT_MS), past.length - 1);
    const from = (latestMs: number, windowMs: number): number => {
      const seen = past.slice(ago(latestMs), ago(latestMs + windowMs) + 1);
      return seen.reduce((sum, w) => sum + w, 0) / Math.max(1, seen.length);
    };
    let trueW = 0;
    if (meter === 'delay') trueW = from(latencyMs, 0);
    else if (meter === 'average') {
      const windowMs = Math.min(this.setup.windowMs, latencyMs);
      trueW = from(latencyMs - windowMs, windowMs);
    } else trueW = from(latencyMs / 2 + (this.nowMs % (latencyMs / 2)), 0);
    return Math.round(trueW / resolutionW) * resolutionW;
  }

  private poll(): void {
    const phase = this.nowMs % CYCLE_MS;
    const { pollPhaseMs, batteries } = this.setup;
    const good = (value: number): Reading => ({ quality: 'good', value, atMs: this.nowMs });
    if (phase === pollPhaseMs) {
      const phases = this.phasesW.map((_, n) => {
        return [`powerL${n + 1}W`, good(this.metered(this.phasePast[n] ?? []))];
      });
      this.readings['meter1'] = {
        powerW: good(this.metered(this.gridPast)),
        voltageL1V: good(230),
        frequencyHz: good(this.frequencyHz),
        ...Object.fromEntries(phases),
      };
    }
    if (phase === (pollPhaseMs + 50) % CYCLE_MS) {
      this.readings['inverter1'] = { powerW: good(Math.round(this.pvW)) };
    }
    batteries.forEach(({ ownLatencyMs }, n) => {
      if (phase !== (pollPhaseMs + 100 * (n + 1)) % CYCLE_MS) return;
      const powerW = this.cells[n]?.past[Math.round(ownLatencyMs / DT_MS)] ?? 0;
      this.readings[`battery${n + 1}`] = {
        powerW: good(Math.round(powerW)),
        socPct: good(this.socPct[n] ?? 50),
      };
    });
  }

  private decide(): void {
    const turn = decide(this.plant, this.memory, {
      at: { nowMs: this.nowMs, wallMs: 1_767_225_600_000 + this.nowMs },
      times,
      seen: {
        readings: { ...this.readings },
        devices: [],
        offers: (_, key) => /powerW|soc/.test(key),
      },
      held: undefined,
    });
    this.memory = turn.memory;
    this.turn = turn;
    const atMs = this.nowMs + this.setup.writeMs;
    for (const { terminal, kind, powerW } of turn.judged.verdicts) {
      const cell = this.cells[Number(terminal.replace('battery', '')) - 1];
      if (terminal.startsWith('battery')) cell?.orders.push({ atMs, powerW });
      if (terminal === 'pv1') {
        this.limitOrder = { atMs, powerW: kind === 'limit' ? powerW : Number.POSITIVE_INFINITY };
      }
    }
  }
}
