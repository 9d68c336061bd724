/**
 * States of a battery that are a fault of its own, by point: SunSpec model 713 `Sta` (2 = error),
 * model 802 `State` (99 = fault). Of a point `fault` every value but 0 is one.
 */
const FAULT_STATES = [
  ['batteryState', 2],
  ['bmsState', 99],
] as const;
type FaultPoint = 'fault' | (typeof FAULT_STATES)[number][0];

/**
 * What its device does not know or cannot tell now is no fault: many leave such points out, and its
 * limits and charge have to be known all the same.
 * @param offered  value of a point: undefined where the device has none, NaN where it is not known
 * @returns 0 = no fault, undefined = its device tells nothing of faults
 */
export function faultOf(offered: (key: FaultPoint) => number | undefined): number | undefined {
  const own = offered('fault');
  let found = own === undefined || Number.isNaN(own) ? undefined : own;
  for (const [key, fault] of FAULT_STATES) {
    if (found !== undefined && found !== 0) return found;
    const state = offered(key);
    if (state === undefined || Number.isNaN(state)) continue;
    found = state === fault ? fault : (found ?? 0);
  }
  return found;
}
