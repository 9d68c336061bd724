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

type Take = (key: string) => number | undefined;

/** One point that a `put` sets, and which part of the value it gets. */
export interface Spread {
  readonly to: string;
  readonly isCounter: boolean;
  readonly share: (value: number, take: Take) => number;
}

type Share = Spread['share'];

/**
 * What one `put` sets: the point itself, and what follows from it in a balanced three-phase device.
 * Powers are spread over the phases, currents follow; a derived sum over its parts; a limit in W
 * over a register in A.
 */
export function spreadOf(map: DeviceMap, key: string): readonly Spread[] {
  const spreads: Spread[] = [];
  const has = (own: string): boolean => map.points[own] !== undefined;
  const add = (to: string, share: Share): void => {
    if (has(to)) spreads.push({ to, isCounter: /(^|\.|\d)(in|out)Wh$/i.test(to), share });
  };
  add(key, (value) => value);
  const parts = map.sums?.[key] ?? [];
  for (const part of parts) {
    const own = shareOf(part, parts.length);
    for (const { to, share } of spreadOf(map, part)) {
      add(to, (value, take) => share(own(value), take));
    }
  }
  const bound = /^(.*)((?:dis)?chargeMax)W$/.exec(key);
  if (!has(key) && bound !== null) {
    const volt = `${bound[1]}voltageV`;
    const to = `${bound[1]}${bound[2]}A`;
    const stepA = map.points[to]?.scale ?? 1;
    // Rounded down: no BMS allows more than it takes.
    add(to, (value, take) => Math.floor(value / (take(volt) ?? 400) / stepA) * stepA);
  }
  const string = /^(.*string\d)PowerW$/.exec(key);
  if (string !== null) {
    add(`${string[1]}VoltageV`, () => 600);
    add(`${string[1]}CurrentA`, (value) => value / 600);
  }
  if (key === 'battery.powerW') {
    add('battery.currentA', (value, take) => value / (take('battery.voltageV') ?? 400));
  }
  if (lastOf(key) === 'powerW') addPhases(has, key.slice(0, -'powerW'.length), add);
  return spreads;
}

/** Parts are equal, but of what is counted apart only one direction flows. */
function shareOf(part: string, parts: number): (value: number) => number {
  if (part.startsWith('import')) return (value) => Math.max(0, value);
  return part.startsWith('export') ? (value) => Math.min(0, value) : (value) => value / parts;
}

function addPhases(
  has: (key: string) => boolean,
  prefix: string,
  add: (to: string, share: Share) => void,
): void {
  const known = PHASES.filter((phase) =>
    [`power${phase}W`, `voltage${phase}V`, `current${phase}A`].some((name) => has(prefix + name)),
  );
  const count = Math.max(1, known.length);
  for (const phase of known) {
    add(`${prefix}power${phase}W`, (value) => value / count);
    const volt = `${prefix}voltage${phase}V`;
    add(
      `${prefix}current${phase}A`,
      (value, take) => Math.abs(value) / count / (take(volt) ?? 230),
    );
  }
  add(`${prefix}apparentVa`, (value) => Math.abs(value));
  add(`${prefix}reactiveVar`, () => 0);
  add(`${prefix}powerFactor`, (value) => (value < 0 ? -1 : 1));
  add(`${prefix}batteryPowerW`, (value) => value);
}
