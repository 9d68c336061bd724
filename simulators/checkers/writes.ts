import type { ResolvedPoint } from '../../devices/profile.ts';
import { tolerances } from './limits.ts';
import { createSettling } from './settled.ts';
import type { Case, Heard, Judge, SpanPoint, Truth } from './types.ts';
import { type Control, controlsOf, fromOf, isSetpoint, resolutionOf, valueIn } from './wiring.ts';

/**
 * S1: every write on the wire names a point that a control sequence knows, and lies within
 * nameplate, BMS limits and what the grid limit can bear, after scaling and rounding, in register
 * units. Refused writes count as well.
 */
export function createWriteJudge(court: Case): Judge {
  const controls = controlsOf(court);
  const nodes = new Set(
    court.site.nodes.filter((node) => node.kind !== 'dc').map((node) => node.id),
  );
  const recent: Truth[] = []; // oldest first
  const beyondGrid = createGridBearing(court, controls);
  const asked = new Set<Control>();
  const settled = createSettling(court.times.cycleMs / 2);

  const judgePoint = (heard: Heard, spanned: SpanPoint): void => {
    const { frame, face } = heard;
    const { point } = spanned;
    const atMs = court.wallOf(frame.atMs);
    const own = controls.filter((control) => control.device === frame.device);
    const named = own.filter(({ spec }) =>
      [...spec.arm, ...spec.set, ...spec.release].some((step) => step.point === point.key),
    );
    if (named.length === 0 && !point.key.endsWith('heartbeat')) {
      court.report('S1', atMs, `${frame.device}: no control sequence writes ${point.key}`);
      return;
    }
    const value = valueIn(heard, spanned);
    if (value === undefined) {
      court.report('S1', atMs, `${frame.device}: 'not available' written to ${point.key}`);
      return;
    }
    for (const control of named) {
      const wrong = outside(control, point, value, resolutionOf(face, point));
      if (wrong !== undefined) {
        court.report('S1', atMs, `${frame.device}: ${point.key} = ${value} ${wrong}`);
      }
      if (isSetpoint(control.spec, point.key, value)) asked.add(control);
    }
  };

  return {
    frame: (heard) => {
      const { frame, span } = heard;
      if (!frame.write) return;
      const covered = span.points.reduce((sum, { point }) => sum + point.count, 0);
      if (covered < frame.count) {
        const atMs = court.wallOf(frame.atMs);
        court.report('S1', atMs, `${frame.device}: write to unknown register ${frame.address}`);
      }
      for (const spanned of span.points) judgePoint(heard, spanned);
    },
    seen: (truth) => {
      recent.push(truth);
    },
    turn: (truth) => {
      if (asked.size > 0 || recent.length > FORGET_AT) {
        forget(recent, truth.atMs - court.times.freshMs.state);
      }
      for (const control of asked) {
        const { setpointW, ownMode } = control.face.control();
        if (ownMode || setpointW === undefined) asked.delete(control);
        const stands = settled(control.terminal.id, ownMode ? undefined : setpointW, truth.atMs);
        if (stands === undefined || setpointW === undefined) continue;
        asked.delete(control);
        const wrong =
          beyondBms(control, setpointW, recent) ??
          (nodes.has(control.terminal.node) ? beyondGrid(control, setpointW, recent) : undefined);
        if (wrong !== undefined) court.report('S1', truth.atMs, `${control.terminal.id}: ${wrong}`);
      }
    },
  };
}

/** Instants that are kept before the oldest are looked through. */
const FORGET_AT = 256;

/** Those up to `untilMs`, all at once. */
function forget(recent: Truth[], untilMs: number): void {
  const kept = recent.findIndex(({ atMs }) => atMs > untilMs);
  recent.splice(0, kept < 0 ? recent.length : kept);
}

/** Nameplate and allowed steps of the terminal, in the register's own steps. */
function outside(
  control: Control,
  point: ResolvedPoint,
  value: number,
  step: number,
): string | undefined {
  const { terminal, spec } = control;
  const from = spec.set.filter((one) => one.point === point.key).map(fromOf);
  const most = Math.max(terminal.ratedInW, terminal.ratedOutW);
  if (
    from.includes('powerW') &&
    (value > terminal.ratedInW + step || value < -terminal.ratedOutW - step)
  ) {
    return `is beyond ${-terminal.ratedOutW}..${terminal.ratedInW} W`;
  }
  if (from.includes('absPowerW') && value > most + step) return `is beyond ${most} W`;
  if (from.includes('powerPct')) {
    const least = spec.kind === 'limit' ? 0 : -100;
    if (value < least || value > 100) return `is beyond ${least}..100 %`;
  }
  if (from.includes('currentA')) {
    const steps = terminal.stepsA ?? [];
    if (!steps.some((allowed) => Math.abs(allowed - value) <= step / 2)) {
      return `is none of the steps ${steps.join(', ')} A`;
    }
  }
  if (from.includes('on') && value !== 0 && value !== 1) return 'is neither 0 nor 1';
  return undefined;
}

/** The most permissive BMS limit while the gateway's own reading of it may be from. */
function beyondBms({ terminal }: Control, setpointW: number, recent: readonly Truth[]) {
  if (setpointW === 0) return undefined;
  const [pick, way] =
    setpointW > 0 ? (['dischargeMaxW', 'discharge'] as const) : (['chargeMaxW', 'charge'] as const);
  const slackW = Math.max(50, 0.01 * Math.max(terminal.ratedInW, terminal.ratedOutW));
  const sizeW = Math.abs(setpointW);
  let mostW = 0;
  // The newest first: it is nearly always enough.
  for (let n = recent.length - 1; n >= 0 && sizeW > mostW + slackW; n -= 1) {
    mostW = Math.max(mostW, recent[n]?.places[terminal.id]?.[pick] ?? Number.POSITIVE_INFINITY);
  }
  if (recent.length === 0 || sizeW <= mostW + slackW) return undefined;
  return `setpoint ${setpointW} W above the BMS ${way} limit ${Math.round(mostW)} W`;
}

/** What a place can do about the connection's power. */
interface Leverage {
  readonly id: string;
  readonly isFixed: boolean;
  readonly ratedInW: number;
  readonly ratedOutW: number;
}

/** Of the places at ac nodes, as they stand in the truth; those of a site are always the same. */
function leverageOf(court: Case, controls: readonly Control[], { places }: Truth): Leverage[] {
  return Object.entries(places).flatMap(([id, { kind, dc }]) => {
    if (kind === 'grid' || dc === true) return [];
    const isControlled = controls.some(({ terminal }) => terminal.id === id);
    const rated = court.site.terminals.find((terminal) => terminal.id === id);
    const isFixed = !isControlled && kind !== 'converter';
    return [{ id, isFixed, ratedInW: rated?.ratedInW ?? 0, ratedOutW: rated?.ratedOutW ?? 0 }];
  });
}

/**
 * Could the limit be kept at all with a setpoint, every other controllable terminal at its most
 * helpful?
 */
function createGridBearing(court: Case, controls: readonly Control[]) {
  const toleranceW = tolerances(court.site);
  let levers: readonly Leverage[] | undefined;
  return ({ terminal }: Control, setpointW: number, recent: readonly Truth[]) => {
    const last = recent.at(-1);
    if (last === undefined || setpointW === 0) return undefined;
    levers ??= leverageOf(court, controls, last);
    const others = levers.filter(({ id }) => id !== terminal.id);
    const limit = court.limits.loosest(last.atMs, court.times.limitBackMs + court.times.cycleMs);
    const isCharging = setpointW < 0;
    const limitW = isCharging ? limit.importLimitW : limit.exportLimitW;
    const mostW = limitW + toleranceW(limitW);
    // One instant at which it could be kept is enough; the newest first.
    for (let n = recent.length - 1; n >= 0; n -= 1) {
      const places = recent[n]?.places ?? {};
      let fixedW = 0;
      let highW = setpointW;
      let lowW = setpointW;
      for (const { id, isFixed, ratedInW, ratedOutW } of others) {
        if (isFixed) fixedW += places[id]?.powerW ?? 0;
        else {
          highW += places[id]?.availableW ?? ratedInW;
          lowW -= ratedOutW;
        }
      }
      if ((isCharging ? -(fixedW + highW) : fixedW + lowW) <= mostW) return undefined;
    }
    return isCharging
      ? `charging ${-setpointW} W cannot keep the import limit ${limitW} W`
      : `discharging ${setpointW} W cannot keep the export limit ${limitW} W`;
  };
}
