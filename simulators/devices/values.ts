import type { DeviceMap, Profile, ResolvedPoint } from '../../devices/profile.ts';
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

const PHASES = ['L1', 'L2', 'L3'] as const;

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

/** Devices that have a register for each direction of a power. */
export const ONE_WAY: Readonly<Record<string, (powerW: number) => number>> = {
  importW: (powerW) => Math.max(0, powerW),
  exportW: (powerW) => Math.min(0, powerW),
  dischargeW: (powerW) => Math.max(0, powerW),
  chargeW: (powerW) => Math.min(0, powerW),
};

/** Whether a device takes the value for this point. */
export function isAllowed(point: ResolvedPoint, value: number): boolean {
  if (point.states !== undefined) return Object.values(point.states).includes(value);
  return value >= (point.min ?? value) && value <= (point.max ?? value);
}

/** 'battery.socPct' -> 'socPct'. */
const lastOf = (key: string): string => key.slice(key.lastIndexOf('.') + 1);

/**
 * What every number of the map shows at the start, best first: not every register can hold each.
 * Counters begin at `counterStartWh`.
 */
export function* startValues(
  profile: Profile,
  map: DeviceMap,
  settings: DeviceSettings,
): Iterable<readonly [key: string, candidates: readonly number[]]> {
  const { ratedW, chargeMaxW = ratedW, dischargeMaxW = ratedW } = settings;
  const nameplate: Readonly<Record<string, number>> = {
    ratedW,
    nameplateW: ratedW,
    chargeMaxW,
    dischargeMaxW,
    capacityWh: settings.capacityWh ?? 2 * ratedW,
    limitPct: 100,
    chargeMaxA: Math.ceil(chargeMaxW / 400),
    dischargeMaxA: Math.ceil(dischargeMaxW / 400),
    firmware: 1,
  };
  const shown: Readonly<Record<string, number>> = Object.assign(
    {},
    ...profile.examples.map(({ reads }) => reads),
  );
  const identity = new Set(profile.identity);
  for (const point of Object.values(map.points)) {
    if (point.as === 'str' || point.as === 'sf') continue;
    const { key } = point;
    const rest = AT_REST.find(([pattern]) => pattern.test(key))?.[1];
    const counter = point.unit === 'Wh' && key.endsWith('Wh');
    const usual = counter ? (settings.counterStartWh ?? 10_000) : rest;
    const candidates = [
      identity.has(key) ? shown[key] : undefined,
      nameplate[lastOf(key)],
      usual,
      stateOf(point),
      shown[key],
      0,
      point.min,
      point.max,
      1,
    ];
    yield [key, candidates.filter((value) => value !== undefined)];
  }
}

/** A named state, or 0 where a number has no names. */
function stateOf(point: ResolvedPoint): number | undefined {
  if (point.states === undefined) return 0;
  const name = STATES.find((state) => point.states?.[state] !== undefined);
  return name === undefined ? Object.values(point.states)[0] : point.states[name];
}

/** Who the device is. */
export function* startTexts(
  profile: Profile,
  map: DeviceMap,
  { id, settings }: { readonly id: string; readonly settings: DeviceSettings },
): Iterable<readonly [key: string, text: string]> {
  const texts: Readonly<Record<string, string>> = {
    maker: profile.maker,
    model: settings.model ?? 'Simulated',
    firmware: '1.0',
    serial: settings.serial ?? id,
  };
  for (const point of Object.values(map.points)) {
    if (point.as !== 'str') continue;
    const text = texts[lastOf(point.key)] ?? 'SIM';
    yield [point.key, text.slice(0, 2 * point.count)];
  }
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
  for (const part of parts) yield* spreadOf(map, part, shareOf(part, value, parts.length), take);

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
  if (lastOf(key) === 'powerW') yield* phasesOf(has, key.slice(0, -'powerW'.length), value, take);
}

/** Parts are equal, but of what is counted apart only one direction flows. */
function shareOf(part: string, value: number | undefined, parts: number): number | undefined {
  if (value === undefined) return undefined;
  if (part.startsWith('import')) return Math.max(0, value);
  return part.startsWith('export') ? Math.min(0, value) : value / parts;
}

function* phasesOf(
  has: (key: string) => boolean,
  prefix: string,
  value: number | undefined,
  take: (key: string) => number | undefined,
): Iterable<readonly [key: string, value: number | undefined]> {
  const size = value === undefined ? undefined : Math.abs(value);
  const known = PHASES.filter((phase) =>
    [`power${phase}W`, `voltage${phase}V`, `current${phase}A`].some((name) => has(prefix + name)),
  );
  const count = Math.max(1, known.length);
  const each = function* (name: string, own: number | undefined) {
    if (has(prefix + name)) yield [prefix + name, own] as const;
  };
  for (const phase of known) {
    yield* each(`power${phase}W`, value === undefined ? undefined : value / count);
    const voltageV = take(`${prefix}voltage${phase}V`) ?? 230;
    yield* each(`current${phase}A`, size === undefined ? undefined : size / count / voltageV);
  }
  yield* each('apparentVa', size);
  yield* each('reactiveVar', value === undefined ? undefined : 0);
  const sign = value !== undefined && value < 0 ? -1 : 1;
  yield* each('powerFactor', value === undefined ? undefined : sign);
  yield* each('batteryPowerW', value);
}
