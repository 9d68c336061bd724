import { ABB_B23_B24 } from './abb/b23-b24.ts';
import { BYD_BATTERY_BOX } from './byd/battery-box.ts';
import { EM24_ETHERNET } from './carlo-gavazzi/em24-ethernet.ts';
import { EM24_RS485 } from './carlo-gavazzi/em24-rs485.ts';
import { EM340_EM530 } from './carlo-gavazzi/em340-em530.ts';
import { CHINT_DTSU666 } from './chint/dtsu666.ts';
import { DEYE_HYBRID_1P } from './deye/hybrid-1p.ts';
import { DEYE_HYBRID_3P_HV, DEYE_HYBRID_3P_LV } from './deye/hybrid-3p.ts';
import { SDM120 } from './eastron/sdm120.ts';
import { SDM630 } from './eastron/sdm630.ts';
import { DEMO_RELAY } from './edgewatt/demo-relay.ts';
import { DEMO_WALLBOX } from './edgewatt/demo-wallbox.ts';
import { FOXESS_H3_SMART } from './foxess/h3-smart.ts';
import { FRONIUS_GEN24 } from './fronius/gen24.ts';
import { GOODWE_ET } from './goodwe/et.ts';
import { HUAWEI_SUN2000_LUNA } from './huawei/sun2000-luna.ts';
import { UMG96RM_E } from './janitza/umg96rm-e.ts';
import { UMG604 } from './janitza/umg604.ts';
import { KOSTAL_PLENTICORE } from './kostal/plenticore.ts';
import { LOVATO_DMG } from './lovato/dmg.ts';
import type { Profile, ThroughDevice } from './profile.ts';
import { IEM3000 } from './schneider/iem3000.ts';
import { PM5000 } from './schneider/pm5000.ts';
import { PAC2200_3200 } from './siemens/pac2200-3200.ts';
import { SMA_INVERTER } from './sma/inverter.ts';
import { SMA_SHM2 } from './sma/shm2.ts';
import { SMA_SUNNY_ISLAND } from './sma/sunny-island.ts';
import { SOLAREDGE_STOREDGE } from './solaredge/storedge.ts';
import { SUNGROW_SH } from './sungrow/sh.ts';
import { SUNSPEC_BATTERY_124 } from './sunspec/battery-124.ts';
import { SUNSPEC_BATTERY_701 } from './sunspec/battery-701.ts';
import { SUNSPEC_GENERIC } from './sunspec/generic.ts';
import { SUNSPEC_METER_203 } from './sunspec/meter-203.ts';
import { SUNSPEC_PV_INVERTER } from './sunspec/pv-inverter.ts';
import { VICTRON_GX_AC_LOAD } from './victron/gx-ac-load.ts';
import { VICTRON_GX_BATTERY } from './victron/gx-battery.ts';
import { VICTRON_GX_GRID_METER } from './victron/gx-grid-meter.ts';
import { VICTRON_GX_PV_INVERTER } from './victron/gx-pv-inverter.ts';
import { VICTRON_GX_SYSTEM } from './victron/gx-system.ts';
import { VICTRON_GX_VEBUS } from './victron/gx-vebus.ts';

/** Every device that we know, sorted by id. */
export const CATALOGUE: readonly Profile[] = [
  ABB_B23_B24,
  EM24_ETHERNET,
  EM24_RS485,
  EM340_EM530,
  CHINT_DTSU666,
  DEYE_HYBRID_1P,
  DEYE_HYBRID_3P_HV,
  DEYE_HYBRID_3P_LV,
  SDM120,
  SDM630,
  DEMO_RELAY,
  DEMO_WALLBOX,
  FOXESS_H3_SMART,
  FRONIUS_GEN24,
  GOODWE_ET,
  HUAWEI_SUN2000_LUNA,
  UMG604,
  UMG96RM_E,
  KOSTAL_PLENTICORE,
  LOVATO_DMG,
  IEM3000,
  PM5000,
  PAC2200_3200,
  SMA_INVERTER,
  SMA_SHM2,
  SMA_SUNNY_ISLAND,
  SOLAREDGE_STOREDGE,
  SUNGROW_SH,
  SUNSPEC_BATTERY_124,
  SUNSPEC_BATTERY_701,
  SUNSPEC_GENERIC,
  SUNSPEC_METER_203,
  SUNSPEC_PV_INVERTER,
  VICTRON_GX_AC_LOAD,
  VICTRON_GX_BATTERY,
  VICTRON_GX_GRID_METER,
  VICTRON_GX_PV_INVERTER,
  VICTRON_GX_SYSTEM,
  VICTRON_GX_VEBUS,
];

export const profileById = (id: string): Profile | undefined =>
  CATALOGUE.find((profile) => profile.id === id);

/** Devices that another one speaks for. */
export const THROUGH: readonly ThroughDevice[] = [BYD_BATTERY_BOX];
