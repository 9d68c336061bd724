import type { Directive } from '../contracts/values/directive.ts';
import type { Mode } from '../contracts/values/image.ts';
import type { KeptOverride } from '../contracts/values/override.ts';
import { HOUR_MS } from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';
import type { FillState } from './control/fill/fill.ts';
import type { GridState } from './directives.ts';
import type { Memory, TerminalMemory } from './safety/facts.ts';

/**
 * What binds from the first write after a restart. Written by the writer thread: write, fsync,
 * rename.
 */
export interface GuardState {
  readonly v: 1;
  readonly epoch: number; // of the guard that wrote this: the next one counts on from it
  readonly highestSequence: number; // of directives taken: nothing up to it is taken again
  readonly envelopes: readonly Directive[]; // and emergencies and events, running or to come
  readonly mode: Mode;
  readonly budget: Record<string, number>; // writes to stored registers, by `device@day`
  readonly lastHeartbeatWallMs?: number;
  readonly onLost?: 'keep' | 'failsafe'; // of the last envelope
  readonly failsafeSinceWallMs?: number; // absent: the failsafe limits are not in force
  /** Loads with a minimum run or rest: on or off, since when. */
  readonly switched?: Readonly<Record<string, { readonly on: boolean; readonly atWallMs: number }>>;
  /** When batteries were full last. */
  readonly fullAtWallMs?: Readonly<Record<string, number>>;
  /** Orders of people in force. */
  readonly overrides?: readonly KeptOverride[];
  /** Which way each battery last turned, and when: its rest goes on over a restart. */
  readonly turned?: Readonly<Record<string, Turned>>;
  /** When this was written down: no later start is before it. */
  readonly wallMs?: number;
}

export interface Turned {
  readonly direction: -1 | 1;
  readonly wallMs: number;
}

/**
 * What the kernel goes on from: a restart cuts neither a rest nor a minimum run short. A turn in
 * the future counts as now, anything odd as none.
 * @param blank  what the kernel knows of a terminal that it has never judged
 */
export function restoreKernel(
  saved: GuardState | undefined,
  clock: Clock,
  blank: TerminalMemory,
): Memory {
  const memory: Record<string, Memory[string]> = {};
  const wallMs = clock.wallMs();
  for (const [terminal, turned] of Object.entries(saved?.turned ?? {})) {
    const { direction, wallMs: atWallMs } = turned ?? {};
    const isSound = (direction === 1 || direction === -1) && Number.isFinite(atWallMs);
    if (!isSound) continue;
    const turnedAtMs = clock.monoMs() - Math.max(0, wallMs - atWallMs);
    memory[terminal] = { ...blank, direction, turnedAtMs };
  }
  for (const [terminal, switched] of Object.entries(saved?.switched ?? {})) {
    const { on, atWallMs } = switched ?? {};
    if (typeof on !== 'boolean' || !Number.isFinite(atWallMs)) continue;
    const switchedAtMs = clock.monoMs() - Math.max(0, wallMs - atWallMs);
    memory[terminal] = { ...(memory[terminal] ?? blank), on, switchedAtMs };
  }
  return memory;
}

function turnedOf(kernel: Memory, nowMs: number, wallMs: number): Record<string, Turned> {
  const turned: Record<string, Turned> = {};
  for (const [terminal, { direction, turnedAtMs }] of Object.entries(kernel)) {
    if (direction === 0 || !Number.isFinite(turnedAtMs)) continue;
    turned[terminal] = { direction, wallMs: Math.round(wallMs - (nowMs - turnedAtMs)) };
  }
  return turned;
}

/** The grid agent's word as it was saved; a heartbeat from the future counts as now. */
export function restore(saved: GuardState | undefined, clock: Clock): GridState {
  const nowMs = clock.monoMs();
  const wallMs = clock.wallMs();
  const ago = (atWallMs: number): number => nowMs - Math.max(0, wallMs - atWallMs);
  const heardWallMs = saved?.lastHeartbeatWallMs;
  const sinceWallMs = saved?.failsafeSinceWallMs;
  return {
    highestSequence: saved?.highestSequence ?? 0,
    directives: saved?.envelopes ?? [],
    onLost: saved?.onLost ?? 'keep',
    heardAtMs: heardWallMs === undefined ? nowMs : ago(heardWallMs),
    heardWallMs,
    failsafe:
      sinceWallMs === undefined
        ? undefined
        : { sinceMs: ago(sinceWallMs), backSinceMs: undefined, newLimit: false },
  };
}

export function restoreFull(saved: GuardState | undefined): FillState {
  const state: Record<string, FillState[string]> = {};
  for (const [terminal, lastWallMs] of Object.entries(saved?.fullAtWallMs ?? {})) {
    state[terminal] = { lastWallMs, fullSinceMs: undefined };
  }
  return state;
}

/** Loads whose kernel memory has to outlive a restart. */
function switchedOf({ kernel, timedLoads }: Kept, nowMs: number, wallMs: number) {
  const switched: Record<string, { on: boolean; atWallMs: number }> = {};
  for (const terminal of timedLoads) {
    const past = kernel[terminal];
    if (past === undefined || !Number.isFinite(past.switchedAtMs)) continue;
    const { on, switchedAtMs } = past;
    switched[terminal] = { on, atWallMs: Math.round(wallMs - (nowMs - switchedAtMs)) };
  }
  return switched;
}

const fullOf = (fill: FillState): Record<string, number> =>
  Object.fromEntries(Object.entries(fill).map(([id, { lastWallMs }]) => [id, lastWallMs]));

/** What the guard hands over to be kept, each turn. */
interface Kept {
  readonly kernel: Memory;
  readonly timedLoads: readonly string[]; // terminals with a minimum run or rest
  readonly fill: FillState;
  readonly epoch: number;
  readonly mode: Mode;
  readonly grid: GridState;
  readonly budget: Readonly<Record<string, number>>; // another object when it has changed
  readonly overrides: readonly KeptOverride[];
}

function toSave(kept: Kept, nowMs: number, wallMs: number): GuardState {
  const { grid } = kept;
  const { heardWallMs, failsafe } = grid;
  const turned = turnedOf(kept.kernel, nowMs, wallMs);
  return {
    v: 1,
    epoch: kept.epoch,
    highestSequence: grid.highestSequence,
    envelopes: grid.directives,
    mode: kept.mode,
    budget: kept.budget,
    onLost: grid.onLost,
    wallMs,
    ...(Object.keys(turned).length > 0 && { turned }),
    switched: switchedOf(kept, nowMs, wallMs),
    fullAtWallMs: fullOf(kept.fill),
    ...(kept.overrides.length > 0 && { overrides: kept.overrides }),
    ...(heardWallMs === undefined ? {} : { lastHeartbeatWallMs: heardWallMs }),
    ...(failsafe === undefined
      ? {}
      : { failsafeSinceWallMs: Math.round(wallMs - (nowMs - failsafe.sinceMs)) }),
  };
}

const RARELY_CYCLES = 60;

const sameDirectives = (a: GridState, b: GridState): boolean =>
  a.directives === b.directives ||
  (a.directives.length === b.directives.length &&
    a.directives.every(({ sequence }, n) => sequence === b.directives[n]?.sequence));

const sameOrders = (a: Kept, b: Kept): boolean =>
  a.overrides.length === b.overrides.length &&
  (a.overrides.length === 0 || JSON.stringify(a.overrides) === JSON.stringify(b.overrides));

/** Of a terminal: which way it last turned, whether it is on; 0 and undefined where not known. */
const wayOf = (one: TerminalMemory | undefined): -1 | 0 | 1 =>
  one !== undefined && Number.isFinite(one.turnedAtMs) ? one.direction : 0;
const isOn = (one: TerminalMemory | undefined): boolean | undefined =>
  one !== undefined && Number.isFinite(one.switchedAtMs) ? one.on : undefined;

function sameKernel(a: Kept, b: Kept): boolean {
  for (const id in a.kernel) if (wayOf(a.kernel[id]) !== wayOf(b.kernel[id])) return false;
  for (const id in b.kernel) if (!(id in a.kernel) && wayOf(b.kernel[id]) !== 0) return false;
  return a.timedLoads.every((id) => isOn(a.kernel[id]) === isOn(b.kernel[id]));
}

function sameFill(a: FillState, b: FillState): boolean {
  for (const id in a) if (!Object.is(a[id]?.lastWallMs, b[id]?.lastWallMs)) return false;
  for (const id in b) if (!(id in a)) return false;
  return true;
}

/** Nothing that binds is another than then. */
const sameBounds = (a: Kept, b: Kept): boolean =>
  a.epoch === b.epoch &&
  a.mode === b.mode &&
  a.grid.onLost === b.grid.onLost &&
  (a.grid.failsafe === undefined) === (b.grid.failsafe === undefined) &&
  sameDirectives(a.grid, b.grid) &&
  sameOrders(a, b) &&
  sameKernel(a, b) &&
  sameFill(a.fill, b.fill);

/** Saves at once what binds (limits, sequence, mode), and once in a while what only counts. */
export class Saver {
  private readonly save: (state: GuardState) => void;
  private last: { readonly kept: Kept; readonly hour: number } | undefined;
  private sinceCycles = 0;

  constructor(save: (state: GuardState) => void) {
    this.save = save;
  }

  offer(kept: Kept, nowMs: number, wallMs: number): void {
    this.sinceCycles += 1;
    const { last } = this;
    const hour = Math.floor(wallMs / HOUR_MS);
    if (last !== undefined && sameBounds(kept, last.kept)) {
      const counts =
        hour !== last.hour ||
        kept.budget !== last.kept.budget ||
        kept.grid.highestSequence !== last.kept.grid.highestSequence;
      if (!counts || this.sinceCycles < RARELY_CYCLES) return;
    }
    this.last = { kept, hour };
    this.sinceCycles = 0;
    this.save(toSave(kept, nowMs, wallMs));
  }
}
