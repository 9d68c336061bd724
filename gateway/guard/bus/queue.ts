import { isWrite, type Request, shapeOf } from './pdu.ts';

/**
 * What ends an order goes first, then writes, then the reading that the next turn decides by, then
 * what control needs every cycle, then the rest.
 */
export type Priority = 'end' | 'write' | 'vital' | 'control' | 'slow';
const ORDER: readonly Priority[] = ['end', 'write', 'vital', 'control', 'slow'];

/** What the queue looks at in a unit; its owner keeps it up to date. */
export interface Standing {
  /** Its last request failed: others go first. */
  readonly failing: boolean;
  /** Not asked before (real ms): an answer of its own may still be on the way. */
  readonly restUntilMs: number;
  /** Requests that may be in flight on its connection together with one to it. */
  readonly depth: number;
}

export interface Waiting {
  readonly unit: number;
  readonly request: Request;
  readonly queuedAtMs: number; // real
  readonly standing: Standing;
}

const UNITS = 256;

/**
 * What waits for one wire. Inside a priority the units take turns, not the order of the list, so
 * a busy unit cannot hold up the others, and one that fails goes behind those that answer. Who has
 * waited `patienceMs` is passed over no more: a slow request then goes with the control requests.
 */
export class RequestQueue<T extends Waiting> {
  size = 0;
  private readonly lanes: Record<Priority, T[]> = {
    ...{ end: [], write: [], vital: [], control: [], slow: [] },
  };
  private lastUnit = -1;
  private readonly lastShape = new Map<number, number>();
  private readonly patienceMs: number;
  private readonly varyShape: boolean;

  /**
   * @param varyShape prefer a request whose answer looks different from the unit's last one (RTU
   *   has no ids)
   */
  constructor(patienceMs: number, varyShape: boolean) {
    this.patienceMs = patienceMs;
    this.varyShape = varyShape;
  }

  push(item: T, priority: Priority): void {
    // A look before the end of an order does not stand in front of the end of another one.
    const isLook = priority === 'end' && !isWrite(item.request);
    this.lanes[isLook ? 'write' : priority].push(item);
    this.size += 1;
  }

  /**
   * Takes the next request; undefined when there is none, when all rest, or when the one whose turn
   * it is may not fly with the `flying` others.
   */
  next(nowMs: number, flying: number): T | undefined {
    if (this.lanes.slow.length > 0) this.promote(nowMs);
    for (const priority of ORDER) {
      const lane = this.lanes[priority];
      if (lane.length === 0) continue;
      const index = this.choose(lane, nowMs, priority === 'write' || priority === 'end');
      const item = lane[index];
      if (item === undefined) continue;
      if (flying > 0 && flying >= item.standing.depth) return undefined;
      if (index === 0) lane.shift();
      else lane.splice(index, 1);
      this.size -= 1;
      this.lastUnit = item.unit;
      return item;
    }
    return undefined;
  }

  /** `unit` was last asked this, whoever wanted it. */
  note(unit: number, request: Request): void {
    if (this.varyShape) this.lastShape.set(unit, shapeOf(request));
  }

  /** When the first of those that rest may be asked; Infinity when nothing waits. */
  restUntilMs(): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const priority of ORDER) {
      for (const item of this.lanes[priority]) {
        earliest = Math.min(earliest, item.standing.restUntilMs);
      }
    }
    return earliest;
  }

  /** Takes everything that waits for `unit`, or for anyone. */
  drain(unit?: number): T[] {
    const taken: T[] = [];
    for (const priority of ORDER) {
      const kept: T[] = [];
      for (const item of this.lanes[priority]) {
        const stays = unit !== undefined && item.unit !== unit;
        (stays ? kept : taken).push(item);
      }
      this.lanes[priority] = kept;
    }
    this.size -= taken.length;
    return taken;
  }

  /** Slow requests lie in the order in which they came. */
  private promote(nowMs: number): void {
    const { slow, control } = this.lanes;
    while (slow[0] !== undefined && nowMs - slow[0].queuedAtMs >= this.patienceMs) {
      const ripe = slow.shift();
      if (ripe !== undefined) control.push(ripe);
    }
  }

  /** Index of the one whose turn it is; -1 when all rest. Writes keep the order they came in. */
  private choose(lane: readonly T[], nowMs: number, inOrder: boolean): number {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < lane.length; index += 1) {
      const item = lane[index];
      if (item === undefined || nowMs < item.standing.restUntilMs) continue;
      if (inOrder) return index;
      const rank = this.rank(item, nowMs);
      if (rank >= least) continue;
      best = index;
      least = rank;
    }
    return best;
  }

  /** Least goes first: who answers, then whose turn it is, then another shape than the last. */
  private rank(item: T, nowMs: number): number {
    const { unit, standing } = item;
    const waits = standing.failing && nowMs - item.queuedAtMs < this.patienceMs;
    const turn = unit > this.lastUnit ? unit - this.lastUnit : unit - this.lastUnit + 2 * UNITS;
    const same = this.varyShape && this.lastShape.get(unit) === shapeOf(item.request);
    return (waits ? 8 * UNITS : 0) + 2 * turn + (same ? 1 : 0);
  }
}
