import { ABB_B23_B24 } from './abb/b23-b24.ts';
import { EM24_ETHERNET } from './carlo-gavazzi/em24-ethernet.ts';
import { EM24_RS485 } from './carlo-gavazzi/em24-rs485.ts';
import { EM340_EM530 } from './carlo-gavazzi/em340-em530.ts';
import { CHINT_DTSU666 } from './chint/dtsu666.ts';
import { SDM120 } from './eastron/sdm120.ts';
import { SDM630 } from './eastron/sdm630.ts';
import { DEMO_RELAY } from './edgewatt/demo-relay.ts';
import { DEMO_WALLBOX } from './edgewatt/demo-wallbox.ts';
import { GOODWE_ET } from './goodwe/et.ts';
import { UMG96RM_E } from './janitza/umg96rm-e.ts';
import { UMG604 } from './janitza/umg604.ts';
import { LOVATO_DMG } from './lovato/dmg.ts';
import type { Profile } from './profile.ts';
import { IEM3000 } from './schneider/iem3000.ts';
import { PM5000 } from './schneider/pm5000.ts';
import { PAC2200_3200 } from './siemens/pac2200-3200.ts';
import { SMA_SHM2 } from './sma/shm2.ts';
import { SUNSPEC_BATTERY_124 } from './sunspec/battery-124.ts';
import { SUNSPEC_BATTERY_701 } from './sunspec/battery-701.ts';
import { SUNSPEC_METER_203 } from './sunspec/meter-203.ts';
import { SUNSPEC_PV_INVERTER } from './sunspec/pv-inverter.ts';

/** Every device that we know, sorted by id. */
export const CATALOGUE: readonly Profile[] = [
  ABB_B23_B24,
  EM24_ETHERNET,
  EM24_RS485,
  EM340_EM530,
  CHINT_DTSU666,
  SDM120,
  SDM630,
  DEMO_RELAY,
  DEMO_WALLBOX,
  GOODWE_ET,
  UMG604,
  UMG96RM_E,
  LOVATO_DMG,
  IEM3000,
  PM5000,
  PAC2200_3200,
  SMA_SHM2,
  SUNSPEC_BATTERY_124,
  SUNSPEC_BATTERY_701,
  SUNSPEC_METER_203,
  SUNSPEC_PV_INVERTER,
];

export const profileById = (id: string): Profile | undefined =>
  CATALOGUE.find((profile) => profile.id === id);
