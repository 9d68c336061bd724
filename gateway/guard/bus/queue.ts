import { type Request, shapeOf } from './pdu.ts';

/** Writes go first, then what control needs every cycle, then the rest. */
export type Priority = 'write' | 'control' | 'slow';
const ORDER: readonly Priority[] = ['write', 'control', 'slow'];

export interface Waiting {
  readonly unit: number;
  readonly request: Request;
  readonly queuedAtMs: number; // real
}

/**
 * What waits for one wire. Inside a priority the units take turns, not the order of the list, so
 * a busy unit cannot hold up the others. A slow request that has waited `patienceMs` is treated as
 * a control request.
 */
export class RequestQueue<T extends Waiting> {
  private readonly lanes: Record<Priority, T[]> = { write: [], control: [], slow: [] };
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

  get size(): number {
    return ORDER.reduce((sum, lane) => sum + this.lanes[lane].length, 0);
  }

  push(item: T, priority: Priority): void {
    this.lanes[priority].push(item);
  }

  /** Takes the next request, or undefined when there is none. */
  next(nowMs: number): T | undefined {
    this.promote(nowMs);
    for (const priority of ORDER) {
      const lane = this.lanes[priority];
      if (lane.length === 0) continue;
      const index = priority === 'write' ? 0 : this.choose(lane);
      const [item] = lane.splice(index, 1);
      if (item === undefined) continue;
      this.lastUnit = item.unit;
      this.note(item.unit, item.request);
      return item;
    }
    return undefined;
  }

  /** `unit` was last asked this, whoever wanted it. */
  note(unit: number, request: Request): void {
    this.lastShape.set(unit, shapeOf(request));
  }

  /** Takes everything that waits for `unit`, or for anyone. */
  drain(unit?: number): T[] {
    const taken: T[] = [];
    for (const priority of ORDER) {
      const lane = this.lanes[priority];
      const kept = lane.filter((item) => unit !== undefined && item.unit !== unit);
      taken.push(...lane.filter((item) => !kept.includes(item)));
      this.lanes[priority] = kept;
    }
    return taken;
  }

  private promote(nowMs: number): void {
    const ripe = this.lanes.slow.filter((item) => nowMs - item.queuedAtMs >= this.patienceMs);
    if (ripe.length === 0) return;
    this.lanes.slow = this.lanes.slow.filter((item) => !ripe.includes(item));
    this.lanes.control.push(...ripe);
  }

  private choose(lane: readonly T[]): number {
    const units = [...new Set(lane.map((item) => item.unit))].sort((a, b) => a - b);
    const unit = units.find((candidate) => candidate > this.lastUnit) ?? units[0];
    const first = lane.findIndex((item) => item.unit === unit);
    if (!this.varyShape || unit === undefined) return first;
    const last = this.lastShape.get(unit);
    const other = lane.findIndex((item) => item.unit === unit && shapeOf(item.request) !== last);
    return other === -1 ? first : other;
  }
}
