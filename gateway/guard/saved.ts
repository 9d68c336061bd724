import type { Directive } from '../contracts/values/directive.ts';
import type { Mode } from '../contracts/values/image.ts';
import type { KeptOverride } from '../contracts/values/override.ts';
import { HOUR_MS } from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';
import type { FillState } from './control/fill/fill.ts';
import type { GridState } from './directives.ts';
import { type Memory, NEW_MEMORY } from './safety/facts.ts';

/**
 * What binds from the first write after a restart. Written by the writer thread: write, fsync,
 * rename.
 */
export interface GuardState {
  readonly v: 1;
  readonly epoch: number;
  readonly highestSequence: number;
  readonly envelopes: readonly Directive[];
  readonly mode: Mode;
  readonly budget: Record<string, number>;
  readonly lastHeartbeatWallMs?: number;
  readonly onLost?: 'keep' | 'failsafe';
  readonly failsafeSinceWallMs?: number;
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
 * What the kernel goes on from: a restart cuts neither a rest nor a minimum run short. A turn in the
 * future counts as now, anything odd as none.
 */
export function restoreKernel(saved: GuardState | undefined, clock: Clock): Memory {
  const memory: Record<string, Memory[string]> = {};
  const wallMs = clock.wallMs();
  for (const [terminal, turned] of Object.entries(saved?.turned ?? {})) {
    const { direction, wallMs: atWallMs } = turned ?? {};
    const isSound = (direction === 1 || direction === -1) && Number.isFinite(atWallMs);
    if (!isSound) continue;
    const turnedAtMs = clock.monoMs() - Math.max(0, wallMs - atWallMs);
    memory[terminal] = { ...NEW_MEMORY, direction, turnedAtMs };
  }
  for (const [terminal, switched] of Object.entries(saved?.switched ?? {})) {
    const { on, atWallMs } = switched ?? {};
    if (typeof on !== 'boolean' || !Number.isFinite(atWallMs)) continue;
    const switchedAtMs = clock.monoMs() - Math.max(0, wallMs - atWallMs);
    memory[terminal] = { ...(memory[terminal] ?? NEW_MEMORY), on, switchedAtMs };
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
function switchedOf({ kernel, resting }: Kept, nowMs: number, wallMs: number) {
  const switched: Record<string, { on: boolean; atWallMs: number }> = {};
  for (const terminal of resting) {
    const { on, switchedAtMs } = kernel[terminal] ?? NEW_MEMORY;
    if (!Number.isFinite(switchedAtMs)) continue;
    switched[terminal] = { on, atWallMs: Math.round(wallMs - (nowMs - switchedAtMs)) };
  }
  return switched;
}

const fullOf = (fill: FillState): Record<string, number> =>
  Object.fromEntries(Object.entries(fill).map(([id, { lastWallMs }]) => [id, lastWallMs]));

export interface Kept {
  readonly kernel: Memory;
  readonly resting: readonly string[]; // terminals with a minimum run or rest
  readonly fill: FillState;

  readonly epoch: number;
  readonly mode: Mode;
  readonly grid: GridState;
  readonly budget: Record<string, number>;
  readonly overrides: readonly KeptOverride[];
}

export function toSave(kept: Kept, nowMs: number, wallMs: number): GuardState {
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

/** Saves at once what binds (limits, sequence, mode), and once in a while what only counts. */
export class Saver {
  private readonly save: (state: GuardState) => void;
  private bound = '';
  private counted = '';
  private sinceCycles = 0;

  constructor(save: (state: GuardState) => void) {
    this.save = save;
  }

  offer(state: GuardState): void {
    this.sinceCycles += 1;
    const sequences = state.envelopes.map(({ sequence }) => sequence).join();
    const failsafe = state.failsafeSinceWallMs === undefined ? '' : 'failsafe';
    const orders = (state.overrides ?? []).map((one) => Object.values(one).join()).join(';');
    const turns = Object.entries(state.turned ?? {}).map(([id, { direction }]) => [id, direction]);
    const switched = Object.entries(state.switched ?? {}).map(([id, { on }]) => [id, on]);
    const full = Object.values(state.fullAtWallMs ?? {});
    const { epoch, mode, onLost } = state;
    const once = [epoch, mode, onLost, sequences, failsafe, orders];
    const bound = JSON.stringify([...once, turns, switched, full]);
    const hour = Math.floor((state.wallMs ?? 0) / HOUR_MS);
    const counted = JSON.stringify([state.budget, state.highestSequence, hour]);
    const due = counted !== this.counted && this.sinceCycles >= RARELY_CYCLES;
    if (bound === this.bound && !due) return;
    this.bound = bound;
    this.counted = counted;
    this.sinceCycles = 0;
    this.save(state);
  }
}
