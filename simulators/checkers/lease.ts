import type { ControlSpec } from '../../devices/profile.ts';
import type { Case, Judge, WireFrame } from './types.ts';
import { type Control, controlsOf, fromOf, isSetpoint, pointsIn, valueIn } from './wiring.ts';

/**
 * S5: no setpoint is accepted by a device before its reversion timer was written with a finite
 * time, at most `reversionMs` or the profile's smallest, and read back. A device without a timer
 * needs `allowWithoutReversion`.
 */
export function createLeaseJudge(court: Case): Judge {
  const controls = controlsOf(court);
  const timers = new Map<string, Timer>();
  const timerOf = (control: Control): Timer => {
    const key = `${control.device}/${control.spec.binds}`;
    const known = timers.get(key) ?? { valueS: undefined, proven: false };
    timers.set(key, known);
    return known;
  };

  const judge = (control: Control, frame: WireFrame): void => {
    const { face, spec } = control;
    const timer = timerOf(control);
    const keys = timerPoints(spec);
    const atMs = court.wallOf(frame.atMs);
    for (const point of pointsIn(face, frame)) {
      const value = valueIn(face, frame, point);
      if (keys.includes(point.key)) {
        if (!frame.write) timer.proven = timer.valueS !== undefined && value === timer.valueS;
        else if (value !== timer.valueS) {
          timer.valueS = value;
          timer.proven = false;
        }
      }
      if (!frame.write && point.key === spec.reversion.remaining && (value ?? 0) > 0) {
        timer.proven = timer.valueS !== undefined;
      }
      if (frame.write && isSetpoint(spec, point.key, value)) {
        const why = refusal(court, control, timer);
        if (why !== undefined) {
          court.report('S5', atMs, `${control.device}: ${point.key} = ${value} written ${why}`);
        }
      }
    }
  };
  return {
    frame: (frame) => {
      if (frame.exception !== 0) return;
      for (const control of controls) if (control.device === frame.device) judge(control, frame);
    },
  };
}

interface Timer {
  valueS: number | undefined; // as last written
  proven: boolean; // read back since
}

const timerPoints = (spec: ControlSpec): string[] =>
  spec.arm.filter((step) => fromOf(step) === 'timeoutS').map((step) => step.point);

function refusal(court: Case, control: Control, timer: Timer): string | undefined {
  const { spec, device } = control;
  if (spec.reversion.to === 'none') {
    const entry = court.site.devices.find((one) => one.id === device);
    return entry?.allowWithoutReversion === true ? undefined : 'to a device without a timer';
  }
  if (timer.valueS === undefined || timer.valueS <= 0) return 'before its timer was armed';
  if (!timer.proven) return 'before its timer was read back';
  const mostS = Math.max(court.times.reversionMs / 1_000, spec.reversion.minS);
  return timer.valueS > Math.ceil(mostS) ? `with a timer of ${timer.valueS} s` : undefined;
}
