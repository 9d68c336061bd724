import { DAY_MS } from '../../gateway/contracts/values/time.ts';
import { tolerances } from './limits.ts';
import { createSettling, type Settled } from './settled.ts';
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
  const history = new Map<string, Move>();
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
  const judgeStep = (control: Control, { value: powerW, sinceMs: atMs }: Settled): void => {
    const { slewWPerS, id } = control.terminal;
    const before = history.get(id);
    if (before?.powerW === powerW) return;
    history.set(id, { powerW, atMs });
    if (before === undefined || protective(before.powerW, powerW, atMs)) return;
    const seconds = Math.max(court.times.cycleMs, atMs - before.atMs) / 1_000;
    const stepW = Math.abs(powerW - before.powerW);
    if (slewWPerS !== undefined && stepW > slewWPerS * seconds * 1.1 + smallW(control)) {
      court.report('S9', atMs, `${id}: ${Math.round(stepW)} W in ${seconds.toFixed(1)} s`);
    }
  };
  const judgeWay = createWayJudge(court, protective);
  const judge = (control: Control, nowMs: number): void => {
    const { id } = control.terminal;
    const told = control.face.control();
    const setpointW = told.ownMode ? undefined : told.setpointW;
    const stands = settled(id, setpointW, nowMs);
    if (setpointW === undefined) history.delete(id);
    judgeWay(control, setpointW, nowMs);
    if (stands !== undefined) judgeStep(control, stands);
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

/** Judges the direction of a control's setpoint; undefined = in its own mode. */
function createWayJudge(
  court: Case,
  protective: (fromW: number, toW: number, atMs: number) => boolean,
): (control: Control, powerW: number | undefined, nowMs: number) => void {
  const ways = new Map<string, Way>();
  const settled = createSettling(court.times.cycleMs / 2);
  return (control, powerW, nowMs) => {
    const { id } = control.terminal;
    if (powerW === undefined) {
      ways.delete(id);
      settled(id, undefined, nowMs);
      return;
    }
    const sign = Math.abs(powerW) <= smallW(control) ? 0 : Math.sign(powerW);
    const shown = showing(ways.get(id), powerW, sign, nowMs);
    const stands = settled(id, sign, nowMs);
    const next = turning(shown, stands?.value ?? 0);
    ways.set(id, next);
    if (stands === undefined || next.sign === shown.sign || shown.turnedAtMs === undefined) return;
    const atMs = stands.sinceMs;
    if (protective(-next.sign, next.sign, atMs)) return;
    if (atMs - shown.turnedAtMs < restMs(court, shown.turnedAtMs)) {
      court.report('S9', atMs, `${id}: direction changed twice within the rest time`);
    }
  };
}

interface Move {
  readonly powerW: number;
  readonly atMs: number;
}

/** A direction stands although its power may be another one every cycle. */
interface Way {
  readonly sign: number; // last direction that stood, beyond rest
  readonly side: number; // sign of the last power that was not 0, however small
  readonly crossedAtMs: number; // since then on that side
  readonly otherAtMs: number | undefined; // first order the other way since that direction stood
  readonly turnedAtMs: number | undefined; // of the last change of direction
}

/** Less the way from decision to effect, which differs from one time to the next. */
function restMs({ times, pace }: Case, turnedAtMs: number): number {
  const windowMs = times.safeByMs;
  const heldUpMs = windowMs - pace.elapsedMs(turnedAtMs - windowMs, turnedAtMs);
  return times.directionRestMs - 3 * times.cycleMs - heldUpMs;
}

const smallW = (control: Control): number =>
  Math.max(50, 0.01 * Math.max(control.terminal.ratedInW, control.terminal.ratedOutW));

/** Up to `smallW` is rest, `sign` 0: what follows a meter flickers. */
function showing(before: Way | undefined, powerW: number, sign: number, nowMs: number): Way {
  const side = powerW === 0 ? (before?.side ?? 0) : Math.sign(powerW);
  const crossedAtMs = before !== undefined && before.side === side ? before.crossedAtMs : nowMs;
  const stood = before?.sign ?? 0;
  const isOther = stood !== 0 && sign === -stood;
  const otherAtMs = before?.otherAtMs ?? (isOther ? nowMs : undefined);
  return { sign: stood, side, crossedAtMs, otherAtMs, turnedAtMs: before?.turnedAtMs };
}

/** A turn counts from its crossing of zero, or from an order before that did not stand. */
function turning(way: Way, sign: number): Way {
  if (sign === 0) return way;
  const isTurn = way.sign === -sign;
  const { crossedAtMs, otherAtMs = crossedAtMs } = way;
  const turnedAtMs = isTurn ? Math.min(crossedAtMs, otherAtMs) : way.turnedAtMs;
  return { ...way, sign, otherAtMs: undefined, turnedAtMs };
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
