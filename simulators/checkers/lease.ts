import type { ControlSpec } from '../../devices/profile.ts';
import type { Case, Heard, Judge, Span, SpanPoint } from './types.ts';
import { type Control, controlsOf, fromOf, isSetpoint, valueIn } from './wiring.ts';

/**
 * S5: no setpoint is accepted by a device before its reversion timer was written with a finite
 * time, at most `reversionMs` or the profile's smallest, and read back. A device without a timer
 * needs `allowWithoutReversion`.
 */
export function createLeaseJudge(court: Case): Judge {
  const timers = new Map<string, Timer>();
  const watched = controlsOf(court).map((control) => {
    const key = `${control.device}/${control.spec.binds}`;
    const timer: Timer = timers.get(key) ?? { valueS: undefined, proven: false };
    timers.set(key, timer);
    return { control, timer, rolesIn: rolesOf(control.spec) };
  });

  const judge = ({ control, timer, rolesIn }: (typeof watched)[number], heard: Heard): void => {
    const { frame } = heard;
    for (const { own, isTimer, isRemaining } of rolesIn(heard.span)) {
      const value = valueIn(heard, own);
      if (isTimer) {
        if (!frame.write) timer.proven = timer.valueS !== undefined && value === timer.valueS;
        else if (value !== timer.valueS) {
          timer.valueS = value;
          timer.proven = false;
        }
      }
      if (!frame.write && isRemaining && (value ?? 0) > 0) {
        timer.proven = timer.valueS !== undefined;
      }
      const { key } = own.point;
      if (!frame.write || !isSetpoint(control.spec, key, value)) continue;
      const why = refusal(court, control, timer);
      if (why === undefined) continue;
      const atMs = court.wallOf(frame.atMs);
      court.report('S5', atMs, `${control.device}: ${key} = ${value} written ${why}`);
    }
  };
  return {
    frame: (heard) => {
      const { device, exception } = heard.frame;
      if (exception !== 0) return;
      for (const one of watched) if (one.control.device === device) judge(one, heard);
    },
  };
}

/** A point that says something about a control's timer, or asks something of its terminal. */
interface Role {
  readonly own: SpanPoint;
  readonly isTimer: boolean;
  readonly isRemaining: boolean; // what is left of its time
}

/** Most frames name none of them. */
function rolesOf(spec: ControlSpec): (span: Span) => readonly Role[] {
  const timers = spec.arm.filter((step) => fromOf(step) === 'timeoutS').map((step) => step.point);
  const known = new WeakMap<Span, readonly Role[]>();
  return (span) => {
    let roles = known.get(span);
    if (roles === undefined) {
      roles = span.points.flatMap((own) => {
        const { key } = own.point;
        const isTimer = timers.includes(key);
        const isRemaining = key === spec.reversion.remaining;
        const asks = spec.set.some((step) => step.point === key);
        return isTimer || isRemaining || asks ? [{ own, isTimer, isRemaining }] : [];
      });
      known.set(span, roles);
    }
    return roles;
  };
}

interface Timer {
  valueS: number | undefined; // as last written
  proven: boolean; // read back since
}

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
