import { EM24_ETHERNET } from './carlo-gavazzi/em24-ethernet.ts';
import { SDM630 } from './eastron/sdm630.ts';
import { DEMO_RELAY } from './edgewatt/demo-relay.ts';
import { DEMO_WALLBOX } from './edgewatt/demo-wallbox.ts';
import { GOODWE_ET } from './goodwe/et.ts';
import type { Profile } from './profile.ts';
import { SUNSPEC_BATTERY_124 } from './sunspec/battery-124.ts';
import { SUNSPEC_BATTERY_701 } from './sunspec/battery-701.ts';
import { SUNSPEC_METER_203 } from './sunspec/meter-203.ts';
import { SUNSPEC_PV_INVERTER } from './sunspec/pv-inverter.ts';

/** Every device that we know, sorted by id. */
export const CATALOGUE: readonly Profile[] = [
  EM24_ETHERNET,
  SDM630,
  DEMO_RELAY,
  DEMO_WALLBOX,
  GOODWE_ET,
  SUNSPEC_BATTERY_124,
  SUNSPEC_BATTERY_701,
  SUNSPEC_METER_203,
  SUNSPEC_PV_INVERTER,
];

export const profileById = (id: string): Profile | undefined =>
  CATALOGUE.find((profile) => profile.id === id);
