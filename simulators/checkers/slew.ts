import { DAY_MS } from '../../gateway/contracts/values/time.ts';
import { tolerances } from './limits.ts';
import { createSettling } from './settled.ts';
import type { Case, Judge, Truth } from './types.ts';
import { type Control, controlsOf, isSetpoint, valueIn } from './wiring.ts';

/**
 * S9: a setpoint moves at most `slewWPerS`, changes its direction at most once in
 * `directionRestMs`, and registers in flash take at most their daily budget. A protective change is
 * free: towards zero, or in the helpful direction while the connection is at or beyond a limit.
 */
export function createSlewJudge(court: Case): Judge {
  const controls = controlsOf(court);
  const connection = court.site.connections[0]?.id ?? '';
  const history = new Map<string, Moves>();
  const writes = new Map<string, number>();
  const toleranceW = tolerances(court.site);
  const near = { import: Number.NEGATIVE_INFINITY, export: Number.NEGATIVE_INFINITY };

  const isClose = (flowW: number, limitW: number): boolean =>
    flowW > limitW * 0.9 - toleranceW(limitW);
  const watch = (truth: Truth): void => {
    const powerW = truth.places[connection]?.powerW ?? 0;
    const limit = court.limits.at(truth.atMs);
    if (isClose(powerW, limit.importLimitW)) near.import = truth.atMs;
    if (isClose(-powerW, limit.exportLimitW)) near.export = truth.atMs;
  };
  const protective = (fromW: number, toW: number, atMs: number): boolean => {
    if (Math.sign(fromW) * toW >= 0 && Math.abs(toW) <= Math.abs(fromW)) return true;
    const since = toW > fromW ? near.import : near.export;
    return atMs - since <= court.times.limitBackMs * 2;
  };
  const settled = createSettling(court.times.cycleMs / 2);
  const judge = (control: Control, nowMs: number): void => {
    const { slewWPerS, id } = control.terminal;
    const told = control.face.control();
    const setpointW = told.ownMode ? undefined : told.setpointW;
    if (setpointW === undefined) history.delete(id);
    const stands = settled(id, setpointW, nowMs);
    if (stands === undefined) return;
    const { value: powerW, sinceMs: atMs } = stands;
    const moves = history.get(id);
    if (moves?.powerW === powerW) return;
    const next = moved(moves, powerW, atMs, smallW(control));
    history.set(id, next);
    if (moves === undefined || protective(moves.powerW, powerW, atMs)) return;
    const seconds = Math.max(court.times.cycleMs, atMs - moves.atMs) / 1_000;
    const stepW = Math.abs(powerW - moves.powerW);
    if (slewWPerS !== undefined && stepW > slewWPerS * seconds * 1.1 + smallW(control)) {
      court.report('S9', atMs, `${id}: ${Math.round(stepW)} W in ${seconds.toFixed(1)} s`);
    }
    const turned = next.sign !== moves.sign && moves.turnedAtMs !== undefined;
    if (turned && atMs - (moves.turnedAtMs ?? 0) < restMs(court, moves.turnedAtMs ?? 0)) {
      court.report('S9', atMs, `${id}: direction changed twice within the rest time`);
    }
  };
  return {
    frame: (heard) => {
      const { frame, span } = heard;
      if (!frame.write || frame.exception !== 0) return;
      for (const control of controls) {
        if (control.device !== frame.device || control.spec.flash !== 'persistent') continue;
        const asks = span.points.some((own) =>
          isSetpoint(control.spec, own.point.key, valueIn(heard, own)),
        );
        if (asks) spend(court, writes, control, court.wallOf(frame.atMs));
      }
    },
    seen: watch,
    turn: (truth) => {
      for (const control of controls) {
        if (control.terminal.control === 'setpoint') judge(control, truth.atMs);
      }
    },
  };
}

interface Moves {
  readonly powerW: number;
  readonly atMs: number; // of the last change
  readonly sign: number; // last direction beyond rest
  readonly side: number; // sign of the last power that was not 0, however small
  readonly crossedAtMs: number; // since then on that side
  readonly turnedAtMs: number | undefined; // crossing of the last change of direction
}

/** Less the way from decision to effect, which differs from one time to the next. */
function restMs({ times, pace }: Case, turnedAtMs: number): number {
  const windowMs = times.safeByMs;
  const heldUpMs = windowMs - pace.elapsedMs(turnedAtMs - windowMs, turnedAtMs);
  return times.directionRestMs - 3 * times.cycleMs - heldUpMs;
}

const smallW = (control: Control): number =>
  Math.max(50, 0.01 * Math.max(control.terminal.ratedInW, control.terminal.ratedOutW));

/**
 * Up to `small` is rest: what follows a meter flickers. A turn counts from its crossing of zero.
 */
function moved(before: Moves | undefined, powerW: number, atMs: number, small: number): Moves {
  const side = powerW === 0 ? (before?.side ?? 0) : Math.sign(powerW);
  const crossedAtMs = before !== undefined && before.side === side ? before.crossedAtMs : atMs;
  const sign = Math.abs(powerW) <= small ? (before?.sign ?? 0) : side;
  const turned = before !== undefined && before.sign !== 0 && sign !== before.sign;
  const turnedAtMs = turned ? crossedAtMs : before?.turnedAtMs;
  return { powerW, atMs, sign, side, crossedAtMs, turnedAtMs };
}

function spend(court: Case, writes: Map<string, number>, control: Control, atMs: number): void {
  const key = `${control.device}/${Math.floor(atMs / DAY_MS)}`;
  const count = (writes.get(key) ?? 0) + 1;
  writes.set(key, count);
  const budget = control.spec.writesPerDay ?? 100;
  if (count === budget + 1) {
    court.report('S9', atMs, `${control.device}: more than ${budget} writes to flash in a day`);
  }
}
