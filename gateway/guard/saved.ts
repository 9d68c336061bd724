import type { Directive } from '../contracts/values/directive.ts';
import type { Mode } from '../contracts/values/image.ts';
import type { KeptOverride } from '../contracts/values/override.ts';
import { HOUR_MS } from '../contracts/values/time.ts';
import type { Clock } from '../ports.ts';
import type { GridState } from './directives.ts';

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
  /** Orders of people in force. */
  readonly overrides?: readonly KeptOverride[];
  /** When this was written down: no later start is before it. */
  readonly wallMs?: number;
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

export interface Kept {
  readonly epoch: number;
  readonly mode: Mode;
  readonly grid: GridState;
  readonly budget: Record<string, number>;
  readonly overrides: readonly KeptOverride[];
}

export function toSave(kept: Kept, nowMs: number, wallMs: number): GuardState {
  const { grid } = kept;
  const { heardWallMs, failsafe } = grid;
  return {
    v: 1,
    epoch: kept.epoch,
    highestSequence: grid.highestSequence,
    envelopes: grid.directives,
    mode: kept.mode,
    budget: kept.budget,
    onLost: grid.onLost,
    wallMs,
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
    const bound = [state.epoch, state.mode, state.onLost, sequences, failsafe, orders].join('|');
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
