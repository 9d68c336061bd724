import type { Profile } from '../profile.ts';
import { IDENTITY, SUNSPEC_LIMITS } from './common.ts';
import { sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';
import {
  BATTERY_713,
  DER_ROWS,
  everything,
  LINK_715,
  offered,
  SETPOINT_704,
  setpoint704,
} from './roles.ts';

/**
 * Battery inverter of the 700 series (IEEE 1547-2018): AC measurement from 701, setpoint in watts
 * by 704 with a reversion time and value of its own, state of charge from 713. Model 714 (cell
 * temperature) is optional.
 */
export const SUNSPEC_BATTERY_701: Profile = {
  id: 'sunspec/battery-701',
  kind: 'sunspec',
  maker: 'SunSpec',
  title: 'SunSpec battery inverter, 700 series (models 701, 702, 704, 713, 715, optional 714)',
  role: 'battery-inverter',
  source: ['sunspec/models@7abdf898'],
  wordOrder: 'big',
  limits: SUNSPEC_LIMITS,
  models: [1, 701, 702, 704, 713, 715],
  points: sunspecPoints(MODELS, [
    ...IDENTITY,
    ...DER_ROWS,
    ['ratedW', 702, 'WMaxRtg'],
    ...BATTERY_713,
    ['temperatureC', 714, 'Prt1.Tmp', { class: 'state', min: -60, max: 150 }],
    ...SETPOINT_704,
    ...LINK_715,
  ]),
  identity: ['maker', 'model', 'serial', 'firmware'],
  control: offered(setpoint704(everything)),
  quirks: [
    'When the time ends, setW takes setReversionW and setEnable takes setReversionEnable.',
    'localControl = 1 means that the device refuses remote commands (715 LocRemCtl).',
    'heartbeat is that of the controller (715): a device may demand that it counts each second.',
  ],
  examples: [
    {
      model: 701,
      // charges with 20 kW: 1 234 567 890 123 Wh injected would need 64 bits, as here
      registers: {
        4: [3],
        10: [-2000 & 0xffff, 2010, 200, -995 & 0xffff],
        17: [0, 50_012, 0x0000, 0x011f, 0x71fb, 0x04cb, 0, 0, 0, 3000],
        36: [312],
        41: [-667 & 0xffff],
        45: [290],
        47: [2298],
        64: [-667 & 0xffff],
        68: [291],
        70: [2299],
        87: [-666 & 0xffff],
        91: [289],
        93: [2301],
        113: [0xffff, 0xffff, 0xfffd, 1, 0xfffd, 1, 1, 0],
        122: [0xffff],
      },
      reads: {
        state: 3,
        powerW: -20_000,
        apparentVa: 20_100,
        reactiveVar: 2_000,
        powerFactor: -0.995,
        frequencyHz: 50.012,
        inWh: 1_234_567_890_123,
        outWh: 3_000,
        cabinetC: 31.2,
        powerL1W: -6_670,
        currentL1A: 29,
        voltageL1V: 229.8,
        powerL2W: -6_670,
        currentL2A: 29.1,
        voltageL2V: 229.9,
        powerL3W: -6_660,
        currentL3A: 28.9,
        voltageL3V: 230.1,
      },
    },
    {
      model: 702,
      registers: { 2: [5000], 34: [4500, 5000], 45: [1] },
      reads: { ratedW: 50_000, chargeMaxW: 45_000, dischargeMaxW: 50_000 },
    },
    {
      model: 704,
      registers: { 22: [1, 1, 0xffff, 0xb1e0, 0, 0], 30: [1, 0, 60, 0, 42], 55: [0] },
      reads: {
        setEnable: 1,
        setMode: 1,
        setW: -20_000,
        setReversionW: 0,
        setReversionEnable: 1,
        setReversionS: 60,
        setReversionLeftS: 42,
      },
    },
    {
      model: 713,
      registers: { 2: [1000, 635, 635, 990, 0, 2, 0xffff] },
      reads: { capacityWh: 100_000, socPct: 63.5, sohPct: 99, batteryState: 0 },
    },
    { model: 714, registers: { 19: [0xffff], 41: [-35 & 0xffff] }, reads: { temperatureC: -3.5 } },
    {
      model: 715,
      registers: { 2: [0, 1, 2, 0, 7] },
      reads: { localControl: 0, deviceHeartbeat: 65_538, heartbeat: 7 },
    },
  ],
};
