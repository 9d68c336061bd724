import type { Block } from './plan.ts';

/** A block in the plan, and how its reads go. */
export interface Polled {
  readonly block: Block;
  lastCycle: number;
  attempt: number;
  pending: boolean;
  failed: boolean; // the last read
  failures: number; // exception 4 in a row
  absent: boolean; // a single point that the device refuses
  told: boolean; // that it does
}

export const polledOf = (block: Block): Polled => ({
  block,
  lastCycle: Number.NEGATIVE_INFINITY,
  attempt: 0,
  pending: false,
  failed: false,
  failures: 0,
  absent: false,
  told: false,
});

/** Exceptions that will be the same next time: function, address, value. */
export const isPermanent = (exception: number | undefined): boolean =>
  exception !== undefined && exception >= 1 && exception <= 3;
