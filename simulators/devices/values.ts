import type { DeviceMap, ResolvedPoint } from '../../devices/profile.ts';
import type { DeviceSettings } from './types.ts';

/** What a device shows before its plant says anything: at rest on a healthy grid. */
const AT_REST: readonly (readonly [RegExp, number])[] = [
  [/voltageL\dV$/, 230],
  [/^battery\.voltageV$/, 400],
  [/frequencyHz$/, 50],
  [/powerFactor$/, 1],
  [/temperatureC$|cabinetC$/, 25],
  [/socPct$/, 50],
  [/sohPct$/, 100],
  [/^model$/, 1650],
  [/^application$/, 7],
];

/** Named states in the order of preference. */
const STATES = [
  'mppt',
  'running',
  'ok',
  'auto',
  'free',
  'closed',
  'remote',
  'percent',
  'connected',
];

/** Values of every number of the map at the start; counters begin at `counterStartWh`. */
export function* startValues(
  map: DeviceMap,
  settings: DeviceSettings,
): Iterable<readonly [key: string, value: number]> {
  const { ratedW, chargeMaxW = ratedW, dischargeMaxW = ratedW } = settings;
  const nameplate: Readonly<Record<string, number>> = {
    ratedW,
    nameplateW: ratedW,
    chargeMaxW,
    dischargeMaxW,
    capacityWh: settings.capacityWh ?? 2 * ratedW,
    limitPct: 100,
    'battery.chargeMaxA': Math.ceil(chargeMaxW / 400),
    'battery.dischargeMaxA': Math.ceil(dischargeMaxW / 400),
    firmware: 1,
  };
  for (const point of Object.values(map.points)) {
    if (point.as === 'str' || point.as === 'sf') continue;
    const rest = AT_REST.find(([pattern]) => pattern.test(point.key))?.[1];
    const counter = point.unit === 'Wh' && point.key.endsWith('Wh');
    const usual = counter ? (settings.counterStartWh ?? 10_000) : (rest ?? stateOf(point));
    yield [point.key, nameplate[point.key] ?? usual];
  }
}

function stateOf(point: ResolvedPoint): number {
  const name = STATES.find((state) => point.states?.[state] !== undefined);
  return name === undefined ? 0 : (point.states?.[name] ?? 0);
}

/**
 * What one `put` sets: the point itself, and what follows from it in a balanced three-phase device.
 * Powers are spread over the phases, currents follow; a derived sum over its parts; a limit in W
 * over a register in A.
 */
export function* spreadOf(
  map: DeviceMap,
  key: string,
  value: number | undefined,
  take: (key: string) => number | undefined,
): Iterable<readonly [key: string, value: number | undefined]> {
  const has = (own: string): boolean => map.points[own] !== undefined;
  const times = (factor: number): number | undefined =>
    value === undefined ? undefined : value * factor;
  if (has(key)) yield [key, value];
  const parts = map.sums?.[key] ?? [];
  for (const part of parts) yield* spreadOf(map, part, times(1 / parts.length), take);

  const bound = /^(.*)((?:dis)?chargeMax)W$/.exec(key);
  if (!has(key) && bound !== null) {
    const voltageV = take(`${bound[1]}voltageV`) ?? 400;
    const ampere = `${bound[1]}${bound[2]}A`;
    if (has(ampere)) yield [ampere, times(1 / voltageV)];
  }
  const string = /^(.*string\d)PowerW$/.exec(key);
  if (string !== null) {
    if (has(`${string[1]}VoltageV`)) yield [`${string[1]}VoltageV`, 600];
    if (has(`${string[1]}CurrentA`)) yield [`${string[1]}CurrentA`, times(1 / 600)];
  }
  if (key === 'battery.powerW' && has('battery.currentA')) {
    yield ['battery.currentA', times(1 / (take('battery.voltageV') ?? 400))];
  }
  if (key === 'powerW') yield* phasesOf(has, value, take);
}

function* phasesOf(
  has: (key: string) => boolean,
  value: number | undefined,
  take: (key: string) => number | undefined,
): Iterable<readonly [key: string, value: number | undefined]> {
  const size = value === undefined ? undefined : Math.abs(value);
  for (const phase of ['L1', 'L2', 'L3']) {
    if (has(`power${phase}W`))
      yield [`power${phase}W`, value === undefined ? undefined : value / 3];
    const voltageV = take(`voltage${phase}V`) ?? 230;
    const currentA = size === undefined ? undefined : size / 3 / voltageV;
    if (has(`current${phase}A`)) yield [`current${phase}A`, currentA];
  }
  if (has('apparentVa')) yield ['apparentVa', size];
  if (has('reactiveVar')) yield ['reactiveVar', value === undefined ? undefined : 0];
  if (has('powerFactor'))
    yield ['powerFactor', value === undefined ? undefined : value < 0 ? -1 : 1];
  if (has('batteryPowerW')) yield ['batteryPowerW', value];
}
