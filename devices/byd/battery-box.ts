import type { ThroughDevice } from '../profile.ts';

/** No customer Modbus is documented: it speaks CAN or RS-485 to its inverter. */
export const BYD_BATTERY_BOX: ThroughDevice = {
  id: 'byd/battery-box',
  maker: 'BYD',
  title: 'BYD Battery-Box HVS, HVM and LVS',
  through: [
    'fronius/gen24',
    'sma/inverter',
    'goodwe/et',
    'kostal/plenticore',
    'victron/gx-battery',
    'deye/hybrid-3p-lv',
    'deye/hybrid-3p-hv',
  ],
  note: 'Never control the battery directly: charge, limits and power come from its inverter.',
};
