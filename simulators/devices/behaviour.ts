import type { Profile } from '../../devices/profile.ts';
import type { Commanded, ExceptionCode } from './types.ts';

/**
 * What a device does by itself: its timers, what it refuses, what its registers tell it to do. Pure
 * steps on the device's own registers, in canonical units.
 */
export interface Behaviour {
  /** Asked before anything is stored. @param values the write, by point */
  accepts(values: ReadonlyMap<string, number>): ExceptionCode;
  written(keys: ReadonlySet<string>, nowMs: number): void;
  step(nowMs: number): void;
  control(nowMs: number): Commanded;
}

export interface Registers {
  take(key: string): number | undefined;
  put(key: string, value: number): void;
}

/** A device's own time: renewed by writes, it ends what was commanded. */
function createLease(
  registers: Registers,
  options: { readonly time: string; readonly left?: string; readonly end: () => void },
) {
  let endMs: number | undefined;
  const show = (nowMs: number): void => {
    if (options.left === undefined) return;
    const leftMs = endMs === undefined ? 0 : endMs - nowMs;
    registers.put(options.left, Math.ceil(leftMs / 1_000));
  };
  return {
    /** @param running whether there is anything to end */
    renew(running: boolean, nowMs: number): void {
      const timeS = registers.take(options.time) ?? 0;
      endMs = running && timeS > 0 ? nowMs + timeS * 1_000 : undefined;
      show(nowMs);
    },
    step(nowMs: number): void {
      if (endMs !== undefined && nowMs >= endMs) {
        endMs = undefined;
        options.end();
      }
      show(nowMs);
    },
    left: (nowMs: number): { leftMs?: number } =>
      endMs === undefined ? {} : { leftMs: endMs - nowMs },
  };
}

const touches = (profile: Profile): ReadonlySet<string> =>
  new Set(
    profile.control.flatMap(({ arm, set, release }) =>
      [...arm, ...set, ...release].map(({ point }) => point),
    ),
  );
const meets = (keys: ReadonlySet<string>, group: ReadonlySet<string>): boolean =>
  [...keys].some((key) => group.has(key));
const OWN: Commanded = { ownMode: true };

/** Model 704: the setpoint reverts to a value of its own. */
function setpoint704(registers: Registers, profile: Profile): Behaviour {
  const group = touches(profile);
  const on = (): boolean => registers.take('setEnable') === 1;
  const lease = createLease(registers, {
    time: 'setReversionS',
    left: 'setReversionLeftS',
    end: () => {
      registers.put('setW', registers.take('setReversionW') ?? 0);
      registers.put('setEnable', registers.take('setReversionEnable') ?? 0);
    },
  });
  return {
    accepts: () => (registers.take('localControl') === 1 ? 4 : 0),
    written: (keys, nowMs) => {
      if (meets(keys, group)) lease.renew(on(), nowMs);
    },
    step: lease.step,
    control: (nowMs) => {
      const watts = registers.take('setMode') === 1;
      const setpointW = registers.take('setW');
      if (!on() || !watts || setpointW === undefined) return OWN;
      return { ownMode: false, setpointW, ...lease.left(nowMs) };
    },
  };
}

/** Model 123: the limit reverts to full power. */
function limit123(registers: Registers, profile: Profile): Behaviour {
  const group = touches(profile);
  const on = (): boolean => registers.take('limitEnable') === 1;
  const lease = createLease(registers, {
    time: 'limitReversionS',
    end: () => registers.put('limitEnable', 0),
  });
  return {
    accepts: () => 0,
    written: (keys, nowMs) => {
      if (meets(keys, group)) lease.renew(on(), nowMs);
    },
    step: lease.step,
    control: (nowMs) => {
      if (!on()) return OWN;
      const limitW = ((registers.take('limitPct') ?? 100) / 100) * (registers.take('ratedW') ?? 0);
      return { ownMode: false, limitW, ...lease.left(nowMs) };
    },
  };
}

/** Model 124: both rates on one value are a setpoint; it reverts to the own mode. */
function rates124(registers: Registers, profile: Profile): Behaviour {
  const group = touches(profile);
  const lease = createLease(registers, {
    time: 'setReversionS',
    end: () => registers.put('setMode', 0),
  });
  return {
    accepts: () => (registers.take('localControl') === 1 ? 4 : 0),
    written: (keys, nowMs) => {
      if (meets(keys, group)) lease.renew(registers.take('setMode') !== 0, nowMs);
    },
    step: lease.step,
    control: (nowMs) => {
      const ratePct = registers.take('dischargeRatePct');
      const same = ratePct !== undefined && ratePct === registers.take('chargeRatePct');
      if (registers.take('setMode') !== 3 || !same) return OWN;
      const setpointW = (ratePct / 100) * (registers.take('ratedW') ?? 0);
      return { ownMode: false, setpointW, ...lease.left(nowMs) };
    },
  };
}

/** EMS mode and power of the GoodWe: no time, no end. */
function emsMode(registers: Registers): Behaviour {
  return {
    accepts: () => 0,
    written: () => undefined,
    step: () => undefined,
    control: () => {
      const mode = registers.take('battery.setMode');
      const sizeW = registers.take('battery.setSizeW') ?? 0;
      if (mode === 11) return { ownMode: false, setpointW: sizeW === 0 ? 0 : -sizeW };
      return mode === 12 ? { ownMode: false, setpointW: sizeW } : OWN;
    },
  };
}

/** The demo charger: current in steps, falls back to its failsafe current. */
function wallbox(registers: Registers, profile: Profile): Behaviour {
  const group = new Set([...touches(profile), 'heartbeat']);
  const on = (): boolean => registers.take('setEnable') === 1;
  const lease = createLease(registers, {
    time: 'setReversionS',
    left: 'setReversionLeftS',
    end: () => registers.put('setCurrentA', registers.take('failsafeCurrentA') ?? 0),
  });
  return {
    accepts: (values) => {
      for (const key of ['setCurrentA', 'failsafeCurrentA']) {
        const currentA = values.get(key) ?? 0;
        if (currentA > 0 && currentA < 6) return 3;
      }
      return 0;
    },
    written: (keys, nowMs) => {
      if (meets(keys, group)) lease.renew(on(), nowMs);
    },
    step: lease.step,
    control: (nowMs) => {
      if (!on()) return { ownMode: true, currentA: 16 };
      const currentA = registers.take('setCurrentA') ?? 0;
      return { ownMode: false, currentA, ...lease.left(nowMs) };
    },
  };
}

/** The demo relay: commanded while its time runs, otherwise closed and the load's own business. */
function relay(registers: Registers): Behaviour {
  const on = (): boolean => registers.take('enable') === 1;
  const commanded = (): boolean => registers.take('commanded') === 1;
  const show = (): void => registers.put('state', on() ? 1 : 0);
  const letGo = (): void => {
    registers.put('enable', 1);
    registers.put('commanded', 0);
    show();
  };
  const lease = createLease(registers, {
    time: 'setReversionS',
    left: 'setReversionLeftS',
    end: letGo,
  });
  letGo();
  return {
    accepts: (values) => {
      const timeS = values.get('setReversionS') ?? registers.take('setReversionS') ?? 0;
      return values.get('enable') === 0 && timeS === 0 ? 3 : 0;
    },
    written: (keys, nowMs) => {
      if ((registers.take('setReversionS') ?? 0) === 0) letGo();
      else if (keys.has('enable')) registers.put('commanded', 1);
      show();
      lease.renew(commanded(), nowMs);
    },
    step: lease.step,
    control: (nowMs) =>
      commanded() ? { ownMode: false, enabled: on(), ...lease.left(nowMs) } : OWN,
  };
}

/** A device that is only read. */
const READ_ONLY: Behaviour = {
  accepts: () => 0,
  written: () => undefined,
  step: () => undefined,
  control: () => OWN,
};

const BEHAVIOURS: Readonly<Record<string, (registers: Registers, profile: Profile) => Behaviour>> =
  {
    'sunspec/battery-701': setpoint704,
    'sunspec/pv-inverter': limit123,
    'sunspec/battery-124': rates124,
    'goodwe/et': emsMode,
    'edgewatt/demo-wallbox': wallbox,
    'edgewatt/demo-relay': relay,
  };

/**
 * @throws Error when a profile can be controlled and nobody wrote down what its device does with
 * that
 */
export function behaviourOf(profile: Profile, registers: Registers): Behaviour {
  const make = BEHAVIOURS[profile.id];
  if (make !== undefined) return make(registers, profile);
  if (profile.control.length === 0) return READ_ONLY;
  throw new Error(`${profile.id} has no simulated behaviour: add it to simulators/devices`);
}
