import { DEPTH_MAX } from './types.ts';
import type { Flight } from './unit.ts';

/** Requests on one wire, in the order in which they were sent. */
export class Flights {
  private list: Flight[] = [];

  get count(): number {
    return this.list.length;
  }

  add(flight: Flight): void {
    this.list.push(flight);
  }

  land(flight: Flight): void {
    if (this.list[0] === flight) this.list.shift();
    else this.list = this.list.filter((other) => other !== flight);
  }

  /** The least that any unit with a request on the wire allows beside it. */
  depth(): number {
    let depth = DEPTH_MAX;
    for (const { unit } of this.list) depth = Math.min(depth, unit.standing.depth);
    return depth;
  }

  has(flight: Flight): boolean {
    return this.list.includes(flight);
  }

  /** Those whose time is over at `nowMs` (real). */
  over(nowMs: number): Flight[] {
    return this.list.filter(({ deadlineMs }) => deadlineMs <= nowMs);
  }

  /** Real; Infinity when nothing is on the wire. */
  nextDeadlineMs(): number {
    return this.list.reduce((least, { deadlineMs }) => Math.min(least, deadlineMs), Infinity);
  }

  takeAll(): Flight[] {
    const all = this.list;
    this.list = [];
    return all;
  }
}
