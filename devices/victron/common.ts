import type { Profile } from '../profile.ts';

export const VICTRON_SOURCE: Profile['source'] = [
  'victronenergy/dbus_modbustcp@24c50db7:attributes.csv, unitid2di.csv, mappings.cpp',
  'evcc-io/evcc@b29b49e3:templates/definition/meter/victron-gx.yaml',
];

/** A read may span the reserved registers inside one service. Times are ours. */
export const VICTRON_LIMITS: Profile['limits'] = {
  maxRegistersPerRead: 125,
  pauseMs: 0,
  timeoutMs: 1_000,
  latencyMs: 0,
  connectDelayMs: 0,
};
