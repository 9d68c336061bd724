import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Timing } from '../../gateway/contracts/values/timing.ts';
import { createConnectionJudge } from './connection.ts';
import { createLeaseJudge } from './lease.ts';
import { createLimitBook } from './limits.ts';
import { createLossJudge } from './loss.ts';
import { createPace } from './pace.ts';
import { createSlewJudge } from './slew.ts';
import { createStoreJudge } from './stores.ts';
import type { Case, DeviceFace, Heard, Judge, Rule, Truth, Violation, WireFrame } from './types.ts';
import { createHearing } from './wiring.ts';
import { createWriteJudge } from './writes.ts';

/**
 * The judges of one site (S1-S5, S9). They see frames, registers and truth, nothing of the gateway:
 *
 *   const court = createCourt({ site, times: timing(speed), devices: images, wallOf });
 *   onFrame: (frame) => court.frame(frame)
 *   each turn: stepPlant(..., (truth) => court.seen(truth)); bound.put(truth); court.turn(truth);
 *   court.directive(directive, seenAtMs);   // each envelope or emergency published to it
 *   court.violations, court.count()
 *
 * Beside it: energy.ts (true energies, error of booked ones), balance.ts (sums of registers),
 * cost.ts (both bills).
 */
export interface Court {
  frame(frame: WireFrame): void;
  /** The last frame's answer was not sent. */
  unanswered(): void;
  seen(truth: Truth): void;
  turn(truth: Truth): void;
  directive(directive: Directive, seenAtMs: number): void;
  /**
   * Devices show what is not so, until then (UTC): what follows from a number that the gateway
   * could not know to be wrong is counted apart.
   */
  excuse(untilMs: number): void;
  readonly excused: () => number;
  /** The first hundred, in order; `count` is all of them. */
  readonly violations: readonly Violation[];
  readonly count: () => number;
  /**
   * Episodes in which a limit could not be kept by anything controllable: alarms, no violations.
   */
  readonly unreachable: () => number;
  /** Controlled terminals that are not in their safe state now: after a gateway's end, none. */
  readonly unreleased: () => readonly string[];
}

export interface CourtOptions {
  readonly site: Site;
  readonly times: Timing;
  readonly devices: Readonly<Record<string, DeviceFace>>;
  /** UTC of a frame's monotonic instant: wall clock at monotonic 0 plus it. */
  readonly wallOf: (monoMs: number) => number;
}

const KEPT = 100;
/** Rules whose judgement needs readings that are true. */
const NEEDS_TRUTH: ReadonlySet<Rule> = new Set<Rule>(['S1', 'S2', 'S3', 'S9']);

export function createCourt(options: CourtOptions): Court {
  const violations: Violation[] = [];
  let count = 0;
  let excused = 0;
  let excusedUntilMs = Number.NEGATIVE_INFINITY;
  const limits = createLimitBook(options.site);
  const pace = createPace(options.times, options.wallOf);
  const open: Case = {
    ...options,
    limits,
    pace,
    excusedUntilMs: () => excusedUntilMs,
    report: (rule: Rule, atMs: number, what: string) => {
      if (NEEDS_TRUTH.has(rule) && atMs <= excusedUntilMs) {
        excused += 1;
        return;
      }
      count += 1;
      if (violations.length < KEPT) violations.push({ rule, site: options.site.id, atMs, what });
    },
  };
  const hear = createHearing(options.devices);
  let last: Heard | undefined;
  const connection = createConnectionJudge(open);
  const loss = createLossJudge(open);
  const judges: readonly Judge[] = [
    createWriteJudge(open),
    connection,
    createStoreJudge(open),
    loss,
    createLeaseJudge(open),
    createSlewJudge(open),
  ];
  return {
    excuse: (untilMs) => {
      excusedUntilMs = Math.max(excusedUntilMs, untilMs);
    },
    excused: () => excused,
    frame: (frame) => {
      pace.frame(frame);
      last = hear(frame);
      if (last === undefined) return;
      for (const judge of judges) judge.frame?.(last);
    },
    unanswered: () => {
      if (last === undefined) return;
      for (const judge of judges) judge.unanswered?.();
    },
    seen: (truth) => {
      for (const judge of judges) judge.seen?.(truth);
    },
    turn: (truth) => {
      for (const judge of judges) judge.turn?.(truth);
    },
    directive: (directive, seenAtMs) => limits.directive(directive, seenAtMs),
    violations,
    count: () => count,
    unreachable: connection.unreachable,
    unreleased: loss.unsafe,
  };
}
