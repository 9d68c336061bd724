import type { Profile } from '../profile.ts';
import { AC_103, EXAMPLE_103, IDENTITY, SUNSPEC_LIMITS } from './common.ts';
import { sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';
import { BATTERY_802, everything, LINK_802, offered, SETPOINT_124, setpoint124 } from './roles.ts';

/**
 * Battery inverter of the 100 series: AC from 103, rates in percent of the charge nameplate by 124,
 * battery from 802. The two rates bound the battery from both sides; a negative one forces the
 * other direction, so that both together are a setpoint. The time of 124 gives the battery back to
 * the device's own mode.
 */
export const SUNSPEC_BATTERY_124: Profile = {
  id: 'sunspec/battery-124',
  kind: 'sunspec',
  maker: 'SunSpec',
  title: 'SunSpec battery inverter, 100 series (models 103, 120, 124, 802)',
  role: 'battery-inverter',
  source: ['sunspec/models@7abdf898'],
  wordOrder: 'big',
  limits: SUNSPEC_LIMITS,
  models: [1, 103, 120, 124, 802],
  points: sunspecPoints(MODELS, [
    ...IDENTITY,
    ...AC_103,
    ['nameplateW', 120, 'WRtg'],
    ['ratedW', 124, 'WChaMax'],
    ...BATTERY_802,
    ['batteryPowerW', 802, 'W', { class: 'state' }],
    ...LINK_802,
    ...SETPOINT_124,
  ]),
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: offered(setpoint124(everything, '')),
  quirks: [
    'Both rates refer to WChaMax of model 124, here ratedW; the inverter itself is nameplateW.',
    'Model 103 counts produced energy only: there is no outWh.',
    'The sign of 802 W is not in the model: + is discharge on the devices known.',
    'Power that the battery asks for (802 ReqW) counts as a request for charge, whatever its sign.',
  ],
  examples: [
    EXAMPLE_103,
    {
      model: 103,
      registers: { 14: [-3000 & 0xffff, 0, 5000, 0xfffe], 24: [0, 5000, 0] },
      reads: { powerW: -3_000, frequencyHz: 50, inWh: 5_000 },
    },
    { model: 120, registers: { 3: [10_000, 0] }, reads: { nameplateW: 10_000 } },
    {
      model: 124,
      // charge with 30 %: out -30 %, in +30 %
      registers: { 2: [8000], 5: [3], 12: [-3000 & 0xffff, 3000], 15: [60], 18: [0], 25: [0xfffe] },
      reads: {
        ratedW: 8_000,
        setMode: 3,
        dischargeRatePct: -30,
        chargeRatePct: -30,
        setReversionS: 60,
      },
    },
    {
      model: 802,
      registers: {
        3: [1600, 8000, 8000],
        11: [4250],
        13: [9900],
        17: [0, 12, 11],
        22: [3],
        47: [-3000 & 0xffff],
        49: [-400 & 0xffff],
        53: [1, 0],
        56: [0xfffe],
        58: [0xfffe],
        63: [0],
      },
      reads: {
        capacityWh: 16_000,
        chargeMaxW: 8_000,
        dischargeMaxW: 8_000,
        socPct: 42.5,
        sohPct: 99,
        batteryPowerW: -3_000,
        localControl: 0,
        deviceHeartbeat: 12,
        heartbeat: 11,
        bmsState: 3,
        chargeRequestW: -400,
      },
    },
  ],
};
