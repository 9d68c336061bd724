import type { ResolvedPoint } from '../../devices/profile.ts';
import { toleranceW } from './limits.ts';
import { createSettling } from './settled.ts';
import type { Case, Judge, Truth, WireFrame } from './types.ts';
import {
  type Control,
  controlsOf,
  fromOf,
  isSetpoint,
  pointsIn,
  resolutionOf,
  valueIn,
} from './wiring.ts';

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
  let recent: Truth[] = [];
  const asked = new Set<Control>();
  const settled = createSettling(court.times.cycleMs / 2);

  const judgePoint = (frame: WireFrame, point: ResolvedPoint): void => {
    const atMs = court.wallOf(frame.atMs);
    const own = controls.filter((control) => control.device === frame.device);
    const face = court.devices[frame.device];
    if (face === undefined) return;
    const named = own.filter(({ spec }) =>
      [...spec.arm, ...spec.set, ...spec.release].some((step) => step.point === point.key),
    );
    if (named.length === 0 && !point.key.endsWith('heartbeat')) {
      court.report('S1', atMs, `${frame.device}: no control sequence writes ${point.key}`);
      return;
    }
    const value = valueIn(face, frame, point);
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
    frame: (frame) => {
      const face = court.devices[frame.device];
      if (!frame.write || face === undefined) return;
      const points = pointsIn(face, frame);
      const covered = points.reduce((sum, point) => sum + point.count, 0);
      if (covered < frame.count) {
        const atMs = court.wallOf(frame.atMs);
        court.report('S1', atMs, `${frame.device}: write to unknown register ${frame.address}`);
      }
      for (const point of points) judgePoint(frame, point);
    },
    seen: (truth) => {
      recent.push(truth);
    },
    turn: (truth) => {
      recent = recent.filter((one) => one.atMs > truth.atMs - court.times.freshMs.state);
      for (const control of asked) {
        const { setpointW, ownMode } = control.face.control();
        if (ownMode || setpointW === undefined) asked.delete(control);
        const stands = settled(control.terminal.id, ownMode ? undefined : setpointW, truth.atMs);
        if (stands === undefined || setpointW === undefined) continue;
        asked.delete(control);
        const wrong =
          beyondBms(control, setpointW, recent) ??
          (nodes.has(control.terminal.node)
            ? beyondGrid(court, control, controls, setpointW, recent)
            : undefined);
        if (wrong !== undefined) court.report('S1', truth.atMs, `${control.terminal.id}: ${wrong}`);
      }
    },
  };
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
function beyondBms(control: Control, setpointW: number, recent: readonly Truth[]) {
  const { terminal } = control;
  const slackW = Math.max(50, 0.01 * Math.max(terminal.ratedInW, terminal.ratedOutW));
  const most = (pick: 'chargeMaxW' | 'dischargeMaxW'): number =>
    recent.reduce(
      (max, truth) => Math.max(max, truth.places[terminal.id]?.[pick] ?? Number.POSITIVE_INFINITY),
      recent.length === 0 ? Number.POSITIVE_INFINITY : 0,
    );
  if (setpointW > most('dischargeMaxW') + slackW) {
    const limitW = Math.round(most('dischargeMaxW'));
    return `setpoint ${setpointW} W above the BMS discharge limit ${limitW} W`;
  }
  if (-setpointW > most('chargeMaxW') + slackW) {
    return `setpoint ${setpointW} W above the BMS charge limit ${Math.round(most('chargeMaxW'))} W`;
  }
  return undefined;
}

/**
 * Could the limit be kept at all with this setpoint, every other controllable terminal at its most
 * helpful?
 */
function beyondGrid(
  court: Case,
  control: Control,
  controls: readonly Control[],
  setpointW: number,
  recent: readonly Truth[],
): string | undefined {
  const last = recent.at(-1);
  if (last === undefined) return undefined;
  const limit = court.limits.loosest(last.atMs, court.times.limitBackMs + court.times.cycleMs);
  let importW = Number.POSITIVE_INFINITY;
  let exportW = Number.POSITIVE_INFINITY;
  for (const { places } of recent) {
    let fixedW = 0;
    let highW = setpointW;
    let lowW = setpointW;
    for (const [id, place] of Object.entries(places)) {
      if (place.kind === 'grid' || place.dc === true || id === control.terminal.id) continue;
      const other = controls.find((one) => one.terminal.id === id)?.terminal;
      if (other === undefined && place.kind !== 'converter') fixedW += place.powerW;
      else {
        const rated = other ?? court.site.terminals.find((terminal) => terminal.id === id);
        highW += place.availableW ?? rated?.ratedInW ?? 0;
        lowW -= rated?.ratedOutW ?? 0;
      }
    }
    importW = Math.min(importW, -(fixedW + highW));
    exportW = Math.min(exportW, fixedW + lowW);
  }
  const slack = (limitW: number): number => limitW + toleranceW(court.site, limitW);
  if (setpointW < 0 && importW > slack(limit.importLimitW)) {
    return `charging ${-setpointW} W cannot keep the import limit ${limit.importLimitW} W`;
  }
  if (setpointW > 0 && exportW > slack(limit.exportLimitW)) {
    return `discharging ${setpointW} W cannot keep the export limit ${limit.exportLimitW} W`;
  }
  return undefined;
}
