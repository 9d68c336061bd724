import type { ControlSpec } from '../profile.ts';
import type { Row, Use } from './model.ts';

/**
 * What each SunSpec model says in our words: rows of points, and the controls. The fixed profiles
 * and the driver that reads any chain are put together from these.
 */

/** Whether a device has a point of a model: not every point is mandatory. */
export type Implemented = (model: number, point: string) => boolean;

/** A profile that is written for a device knows that it has all. */
export const everything: Implemented = () => true;

/** The control of a profile, as a list. */
export const offered = (spec: ControlSpec | undefined): ControlSpec[] =>
  spec === undefined ? [] : [spec];

const CONTROL: Use = { class: 'control' };
const STATE: Use = { class: 'state' };
const VOLTS: Use = { class: 'control', min: 0, max: 500 };
const MAINS: Use = { class: 'state', min: 40, max: 70 };
const DEGREES: Use = { class: 'state', min: -60, max: 150 };
const SHARE: Use = { class: 'state', min: 0, max: 100 };
const SWITCH: Use = { class: 'state', min: 0, max: 1 };
const FACTOR: Use = { class: 'state', min: -1, max: 1 };
/** In percent in the models of integers. */
const FACTOR_PCT: Use = { ...FACTOR, scale: 0.01, unit: 'none' };
const LOCAL: Use = { class: 'state', states: { remote: 0, local: 1 } };

/** Longest reversion time of 16 bits, s; 65535 would mean "not available". */
export const LONGEST_S = 65_534;
const DAY_S = 86_400;
const SECONDS: Use = { class: 'state', min: 0, max: LONGEST_S };
const SECONDS_OF_DAY: Use = { class: 'state', min: 0, max: DAY_S };

const PHASES = ['A', 'B', 'C'] as const;

/** The same rows for a part of a hybrid: 'battery.' before each key. */
export const partOf = (prefix: string, rows: readonly Row[]): Row[] =>
  rows.map(([key, ...rest]): Row => [prefix + key, ...rest]);

/** The same rows from the second or third such model of the chain. */
export const positioned = (position: number, rows: readonly Row[]): Row[] =>
  position === 1
    ? [...rows]
    : rows.map(([key, model, name, use]): Row => [key, model, name, { ...use, position }]);

const INVERTER_STATES = {
  off: 1,
  sleeping: 2,
  starting: 3,
  mppt: 4,
  throttled: 5,
  'shutting-down': 6,
  fault: 7,
  standby: 8,
};
const DER_STATES = {
  off: 0,
  sleeping: 1,
  starting: 2,
  running: 3,
  throttled: 4,
  'shutting-down': 5,
  fault: 6,
  standby: 7,
};
const CHARGE_STATES = {
  off: 1,
  empty: 2,
  discharging: 3,
  charging: 4,
  full: 5,
  holding: 6,
  testing: 7,
};

/** 101 to 103 and, as floats, 111 to 113: what an inverter gives to the busbar. */
export function inverterRows(model: number): Row[] {
  const phases = PHASES.slice(0, model % 10);
  return [
    ['powerW', model, 'W', CONTROL],
    ['reactiveVar', model, 'VAr', STATE],
    ['apparentVa', model, 'VA', STATE],
    ['powerFactor', model, 'PF', FACTOR_PCT],
    ...phases.map((phase, n): Row => [`currentL${n + 1}A`, model, `Aph${phase}`, CONTROL]),
    ...phases.map((phase, n): Row => [`voltageL${n + 1}V`, model, `PhVph${phase}`, VOLTS]),
    ['frequencyHz', model, 'Hz', MAINS],
    ['inWh', model, 'WH'],
    ['cabinetC', model, 'TmpCab', DEGREES],
    ['state', model, 'St', { class: 'state', states: INVERTER_STATES }],
  ];
}

/** Model 701: the same of a DER, which may take power too. */
export const DER_ROWS: readonly Row[] = [
  ['powerW', 701, 'W', CONTROL],
  ...[1, 2, 3].map((n): Row => [`powerL${n}W`, 701, `WL${n}`, CONTROL]),
  ['reactiveVar', 701, 'Var', STATE],
  ['apparentVa', 701, 'VA', STATE],
  ['powerFactor', 701, 'PF', FACTOR],
  ...[1, 2, 3].map((n): Row => [`currentL${n}A`, 701, `AL${n}`, CONTROL]),
  ...[1, 2, 3].map((n): Row => [`voltageL${n}V`, 701, `VL${n}`, VOLTS]),
  ['frequencyHz', 701, 'Hz', MAINS],
  ['inWh', 701, 'TotWhInj'],
  ['outWh', 701, 'TotWhAbs'],
  ['cabinetC', 701, 'TmpCab', DEGREES],
  ['state', 701, 'InvSt', { class: 'state', states: DER_STATES }],
];

/** Meters 201 to 204 and, as floats, 211 to 214; + is import unless the maker turns it round. */
export function meterRows(model: number, turned = false): Row[] {
  const phases = PHASES.slice(0, model % 10 === 4 ? 3 : model % 10);
  const power: Use = turned ? { class: 'control', sign: -1 } : CONTROL;
  return [
    ['powerW', model, 'W', power],
    ...phases.map((phase, n): Row => [`powerL${n + 1}W`, model, `Wph${phase}`, power]),
    ...phases.map((phase, n): Row => [`currentL${n + 1}A`, model, `Aph${phase}`, CONTROL]),
    ...phases.map((phase, n): Row => [`voltageL${n + 1}V`, model, `PhVph${phase}`, VOLTS]),
    ['frequencyHz', model, 'Hz', MAINS],
    ['apparentVa', model, 'VA', STATE],
    ['reactiveVar', model, 'VAR', STATE],
    ['powerFactor', model, 'PF', model < 210 ? FACTOR_PCT : FACTOR],
    ['inWh', model, 'TotWhImp'],
    ['outWh', model, 'TotWhExp'],
  ];
}

/** Model 802: the battery itself. The signs of its power and of what it asks for are not in it. */
export const BATTERY_802: readonly Row[] = [
  ['chargeMaxW', 802, 'WChaRteMax', STATE],
  ['dischargeMaxW', 802, 'WDisChaRteMax', STATE],
  ['socPct', 802, 'SoC', SHARE],
  ['sohPct', 802, 'SoH', { min: 0, max: 100 }],
  ['capacityWh', 802, 'WHRtg'],
  ['bmsState', 802, 'State', { class: 'state', states: { connected: 3, fault: 99 } }],
  ['chargeRequestW', 802, 'ReqW', STATE],
];
export const LINK_802: readonly Row[] = [
  ['localControl', 802, 'LocRemCtl', LOCAL],
  ['deviceHeartbeat', 802, 'Hb', STATE],
  ['heartbeat', 802, 'CtrlHb', STATE],
];

/** Model 713 and the charge limits of 702: the battery of a DER. */
export const BATTERY_713: readonly Row[] = [
  ['chargeMaxW', 702, 'WChaRteMax', STATE],
  ['dischargeMaxW', 702, 'WDisChaRteMax', STATE],
  ['socPct', 713, 'SoC', SHARE],
  ['sohPct', 713, 'SoH', { min: 0, max: 100 }],
  ['capacityWh', 713, 'WHRtg'],
  ['batteryState', 713, 'Sta', { class: 'state', states: { ok: 0, warning: 1, error: 2 } }],
];

/** Model 715: who commands, and that both sides are alive. */
export const LINK_715: readonly Row[] = [
  ['localControl', 715, 'LocRemCtl', LOCAL],
  ['deviceHeartbeat', 715, 'DERHb', STATE],
  ['heartbeat', 715, 'ControllerHb', STATE],
];

/** Readings of model 124 that need no control. */
export const BATTERY_124: readonly Row[] = [
  ['socPct', 124, 'ChaState', SHARE],
  ['chargeState', 124, 'ChaSt', { class: 'state', states: CHARGE_STATES }],
];

/** A DC input of model 160, or a port of 714. */
export function inputRows(model: 160 | 714, n: number, key: string): Row[] {
  const own = model === 160 ? `module${n}` : `Prt${n}`;
  return [
    [`${key}PowerW`, model, `${own}.DCW`, STATE],
    [`${key}VoltageV`, model, `${own}.DCV`, STATE],
    [`${key}CurrentA`, model, `${own}.DCA`, STATE],
    [`${key}InWh`, model, `${own}.${model === 160 ? 'DCWH' : 'DCWhInj'}`],
  ];
}

export const LIMIT_123: readonly Row[] = [
  ['limitPct', 123, 'WMaxLimPct', SHARE],
  ['limitReversionS', 123, 'WMaxLimPct_RvrtTms', SECONDS],
  ['limitEnable', 123, 'WMaxLim_Ena', SWITCH],
];

export const LIMIT_704: readonly Row[] = [
  ['limitEnable', 704, 'WMaxLimPctEna', SWITCH],
  ['limitPct', 704, 'WMaxLimPct', SHARE],
  ['limitReversionPct', 704, 'WMaxLimPctRvrt', SHARE],
  ['limitReversionEnable', 704, 'WMaxLimPctEnaRvrt', SWITCH],
  ['limitReversionS', 704, 'WMaxLimPctRvrtTms', SECONDS_OF_DAY],
  ['limitReversionLeftS', 704, 'WMaxLimPctRvrtRem', STATE],
];

export const SETPOINT_704: readonly Row[] = [
  ['setEnable', 704, 'WSetEna', SWITCH],
  ['setMode', 704, 'WSetMod', { class: 'state', states: { percent: 0, watts: 1 }, max: 1 }],
  ['setW', 704, 'WSet', STATE],
  ['setReversionW', 704, 'WSetRvrt', STATE],
  ['setReversionEnable', 704, 'WSetEnaRvrt', SWITCH],
  ['setReversionS', 704, 'WSetRvrtTms', SECONDS_OF_DAY],
  ['setReversionLeftS', 704, 'WSetRvrtRem', STATE],
];

export const SETPOINT_124: readonly Row[] = [
  ['setMode', 124, 'StorCtl_Mod', { class: 'state', min: 0, max: 3 }],
  ['dischargeRatePct', 124, 'OutWRte', { class: 'state', min: -100, max: 100 }],
  ['chargeRatePct', 124, 'InWRte', { class: 'state', sign: -1, min: -100, max: 100 }],
  ['setReversionS', 124, 'InOutWRte_RvrtTms', SECONDS],
];

const NEVER: ControlSpec['reversion'] = { to: 'none', minS: 0, maxS: 0, renewedBy: 'none' };
const hasAll = (has: Implemented, model: number, points: readonly string[]): boolean =>
  points.every((point) => has(model, point));

/**
 * Production at most a share of ratedW.
 * @param toggles the device takes a new value over only when the enable goes 1, 0, 1
 * @returns undefined where the device does not have it
 */
export function limit123(has: Implemented, toggles = false): ControlSpec | undefined {
  if (!hasAll(has, 123, ['WMaxLimPct', 'WMaxLimPct_SF', 'WMaxLim_Ena'])) return undefined;
  const timed = has(123, 'WMaxLimPct_RvrtTms');
  return {
    binds: '',
    kind: 'limit',
    arm: timed ? [{ point: 'limitReversionS', value: { from: 'timeoutS' } }] : [],
    set: [
      { point: 'limitPct', value: { from: 'powerPct' } },
      ...(toggles ? [{ point: 'limitEnable', value: { const: 0 } }] : []),
      { point: 'limitEnable', value: { const: 1 } },
    ],
    release: [
      { point: 'limitPct', value: { const: 100 } },
      { point: 'limitEnable', value: { const: 0 } },
    ],
    reversion: timed
      ? { to: 'full-power', minS: 1, maxS: LONGEST_S, renewedBy: 'any-write' }
      : NEVER,
    flash: 'volatile',
    source: 'SunSpec model 123; the percentage refers to WMax',
  };
}

/** The same by model 704, where what it reverts to can be chosen. */
export function limit704(has: Implemented): ControlSpec | undefined {
  if (!hasAll(has, 704, ['WMaxLimPct', 'WMaxLimPct_SF', 'WMaxLimPctEna'])) return undefined;
  const timed = has(704, 'WMaxLimPctRvrtTms');
  const valued = timed && hasAll(has, 704, ['WMaxLimPctRvrt', 'WMaxLimPctEnaRvrt']);
  return {
    binds: '',
    kind: 'limit',
    arm: [
      ...(timed ? [{ point: 'limitReversionS', value: { from: 'timeoutS' } } as const] : []),
      ...(valued
        ? ([
            { point: 'limitReversionPct', value: { from: 'safePct' } },
            { point: 'limitReversionEnable', value: { from: 'safeOn' } },
          ] as const)
        : []),
    ],
    set: [
      { point: 'limitPct', value: { from: 'powerPct' } },
      { point: 'limitEnable', value: { const: 1 } },
    ],
    release: [{ point: 'limitEnable', value: { const: 0 } }],
    reversion: timed
      ? {
          to: valued ? 'value' : 'full-power',
          minS: 1,
          maxS: DAY_S,
          ...(has(704, 'WMaxLimPctRvrtRem') && { remaining: 'limitReversionLeftS' }),
          renewedBy: 'any-write',
        }
      : NEVER,
    flash: 'volatile',
    source: 'SunSpec model 704: every control has its own enable, reversion time and value',
  };
}

/** Power at the busbar in W by model 704. */
export function setpoint704(has: Implemented): ControlSpec | undefined {
  if (!hasAll(has, 704, ['WSet', 'WSet_SF', 'WSetEna', 'WSetMod'])) return undefined;
  const timed = has(704, 'WSetRvrtTms');
  const valued = timed && hasAll(has, 704, ['WSetRvrt', 'WSetEnaRvrt']);
  return {
    binds: '',
    kind: 'setpoint',
    arm: [
      ...(timed ? [{ point: 'setReversionS', value: { from: 'timeoutS' } } as const] : []),
      ...(valued
        ? ([
            { point: 'setReversionW', value: { from: 'safeW' } },
            { point: 'setReversionEnable', value: { from: 'safeOn' } },
          ] as const)
        : []),
    ],
    set: [
      { point: 'setW', value: { from: 'powerW' } },
      { point: 'setMode', value: { const: 1 } },
      { point: 'setEnable', value: { const: 1 } },
    ],
    release: [{ point: 'setEnable', value: { const: 0 } }],
    reversion: timed
      ? {
          to: valued ? 'value' : 'own-mode',
          minS: 1,
          maxS: DAY_S,
          ...(has(704, 'WSetRvrtRem') && { remaining: 'setReversionLeftS' }),
          renewedBy: 'any-write',
        }
      : NEVER,
    flash: 'volatile',
    source: 'SunSpec model 704: every control has its own enable, reversion time and value',
  };
}

/**
 * Model 124: the two rates bound the battery from both sides; a negative one forces the other
 * direction, so that both together are a setpoint.
 * @param binds '' or the part of a hybrid
 */
export function setpoint124(has: Implemented, binds: string): ControlSpec | undefined {
  const needed = ['WChaMax', 'StorCtl_Mod', 'OutWRte', 'InWRte', 'InOutWRte_SF'];
  if (!hasAll(has, 124, needed)) return undefined;
  const prefix = binds === '' ? '' : `${binds}.`;
  const timed = has(124, 'InOutWRte_RvrtTms');
  return {
    binds,
    kind: 'setpoint',
    arm: timed ? [{ point: `${prefix}setReversionS`, value: { from: 'timeoutS' } }] : [],
    set: [
      { point: `${prefix}dischargeRatePct`, value: { from: 'powerPct' } },
      { point: `${prefix}chargeRatePct`, value: { from: 'powerPct' } },
      { point: `${prefix}setMode`, value: { const: 3 } },
    ],
    release: [{ point: `${prefix}setMode`, value: { const: 0 } }],
    reversion: timed ? { to: 'own-mode', minS: 1, maxS: LONGEST_S, renewedBy: 'any-write' } : NEVER,
    flash: 'volatile',
    source:
      'SunSpec model 124; forcing by a negative rate as on Fronius: to be proven on the device',
  };
}
