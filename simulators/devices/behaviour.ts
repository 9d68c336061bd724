import type { Profile } from '../../devices/profile.ts';
import { byControls, createLease, type Registers } from './lease.ts';
import type { Behaviour, Commanded } from './types.ts';

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

/** Devices that do more than their profile says. */
const BEHAVIOURS: Readonly<Record<string, (registers: Registers, profile: Profile) => Behaviour>> =
  {
    'sunspec/battery-701': setpoint704,
    'sunspec/pv-inverter': limit123,
    'sunspec/battery-124': rates124,
    'edgewatt/demo-wallbox': wallbox,
    'edgewatt/demo-relay': relay,
  };

/** @param ratedW 100 % of a percent value where the device shows no nameplate of its own */
export function behaviourOf(profile: Profile, registers: Registers, ratedW: number): Behaviour {
  const make = BEHAVIOURS[profile.id];
  return make === undefined ? byControls(profile, registers, ratedW) : make(registers, profile);
}
