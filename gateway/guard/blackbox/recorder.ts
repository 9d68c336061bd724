import type { Log } from '../../ports.ts';
import type { GuardMemory, Plant, Turn, TurnInput } from '../decide.ts';
import type { GridState } from '../directives.ts';
import { Encoder } from './encoder.ts';
import { type Cycle, type Opening, outcomeOf, timesOf } from './record.ts';

/** Takes blobs away and never waits. */
export interface BlackBox {
  /** @returns false when it was not taken: what follows begins a segment of its own */
  put(blob: Uint8Array, begins: boolean): boolean;
  readonly siteSha256: string;
  readonly program: string; // version
  readonly segmentCycles?: number; // default: 900, a quarter of an hour
}

const SEGMENT_CYCLES = 900;
/** A whole segment's opening is large: after a loss not before so many cycles. */
const AGAIN_CYCLES = 30;

/** Records each turn of a guard: inputs and outcome, as changes since the turn before. */
export class Recorder {
  /** Cycles that are not in the box: nobody took them, or they could not be told. */
  lostCycles = 0;
  private readonly box: BlackBox;
  private readonly plant: Plant;
  private readonly log: Log;
  private encoder: Encoder | undefined;
  private before: Cycle | undefined;
  private cycle = 0;
  private inSegment = 0;
  private waitCycles = 0;
  private grid: GridState | undefined; // as the last turn left it
  private readonly keys = new WeakMap<object, readonly string[]>();

  constructor(box: BlackBox, plant: Plant, log: Log) {
    this.log = log;
    this.box = box;
    this.plant = plant;
  }

  /**
   * @param points  of a device's map, undefined while it was never reached
   */
  turn(
    memory: GuardMemory,
    input: TurnInput,
    turn: Turn,
    points: (device: string) => object | undefined,
  ): void {
    this.cycle += 1;
    const told = this.grid;
    this.grid = turn.memory.grid;
    if (this.waitCycles > 0) {
      this.waitCycles -= 1;
      this.lostCycles += 1;
      return;
    }
    try {
      if (
        this.encoder === undefined ||
        this.inSegment >= (this.box.segmentCycles ?? SEGMENT_CYCLES)
      ) {
        if (!this.open(memory, input)) return;
      }
      const grid = memory.grid === told ? undefined : memory.grid;
      this.put(this.cycleOf(input, turn, grid, points));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.log.error(`a cycle could not be recorded: ${why}`);
      this.lose();
    }
  }

  private open(memory: GuardMemory, { times }: TurnInput): boolean {
    const { plant, box } = this;
    const encoder = new Encoder();
    const opening: Opening = {
      format: 1,
      program: box.program,
      bootId: plant.bootId,
      siteSha256: box.siteSha256,
      site: plant.spec,
      commissioned: [...plant.commissioned].sort(),
      times: timesOf(times),
      memory,
      lostCycles: this.lostCycles,
    };
    if (!box.put(encoder.encode(opening, undefined), true)) {
      this.lose();
      return false;
    }
    this.encoder = encoder;
    this.before = undefined;
    this.inSegment = 0;
    return true;
  }

  private cycleOf(
    { at, times, seen, ...asked }: TurnInput,
    turn: Turn,
    grid: GridState | undefined,
    points: (device: string) => object | undefined,
  ): Cycle {
    const offered: Record<string, readonly string[] | undefined> = {};
    for (const { id } of this.plant.spec.devices) offered[id] = this.keysOf(points(id));
    const { readings, devices } = seen;
    const { freshMs, safeByMs } = times;
    return {
      ...{ cycle: this.cycle, at, readings, devices, offered, times: { freshMs, safeByMs } },
      ...{ asked, grid, outcome: outcomeOf(turn) },
    };
  }

  /** The same list each time, so that the same costs nothing. */
  private keysOf(points: object | undefined): readonly string[] | undefined {
    if (points === undefined) return undefined;
    let keys = this.keys.get(points);
    if (keys === undefined) {
      keys = Object.keys(points);
      this.keys.set(points, keys);
    }
    return keys;
  }

  private put(cycle: Cycle): void {
    const blob = this.encoder?.encode(cycle, this.before);
    if (blob === undefined || !this.box.put(blob, false)) {
      this.lose();
      return;
    }
    this.before = cycle;
    this.inSegment += 1;
  }

  private lose(): void {
    this.lostCycles += 1;
    this.encoder = undefined;
    this.waitCycles = AGAIN_CYCLES;
  }
}
