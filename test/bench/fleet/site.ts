import type { ControlSpec, PointSpec, Profile } from '../../../devices/profile.ts';
import { parseSite } from '../../../gateway/config/load.ts';

export const POINTS = 60;

/** How large, and over what. */
export interface Size {
  readonly batteries: number;
  readonly points: number; // each device
  readonly baud?: number; // all on one RS-485 line; default: a TCP connection each
}

const FLEET: Size = { batteries: 31, points: POINTS };

const holding = (at: number, more: Partial<PointSpec> = {}): PointSpec => ({
  at,
  space: 'holding',
  as: 'u16',
  unit: 'none',
  class: 'control',
  ...more,
});

/** More values beside the power, all read every second. */
const values = (points: number) =>
  Object.fromEntries(
    Array.from({ length: points - 1 }, (_, n) => [
      `value${n + 1}W`,
      holding(2 * n + 2, { as: 'u32', unit: 'W' }),
    ]),
  );

const PROFILE: Omit<Profile & { kind: 'registers' }, 'id' | 'role' | 'control' | 'points'> = {
  kind: 'registers',
  maker: 'Bench',
  title: 'Device of 60 points',
  source: [],
  wordOrder: 'big',
  limits: { maxRegistersPerRead: 125, pauseMs: 0, timeoutMs: 800, latencyMs: 0, connectDelayMs: 0 },
  identity: [],
  quirks: [],
  examples: [],
};

const SETPOINT: ControlSpec = {
  binds: '',
  kind: 'setpoint',
  arm: [{ point: 'setReversionS', value: { from: 'timeoutS' } }],
  set: [
    { point: 'setW', value: { from: 'powerW' } },
    { point: 'setEnable', value: { const: 1 } },
  ],
  release: [{ point: 'setEnable', value: { const: 0 } }],
  reversion: { to: 'own-mode', minS: 1, maxS: 300, renewedBy: 'any-write' },
  flash: 'volatile',
  source: 'bench',
};

const power = holding(0, { as: 'i32', unit: 'W' });
const meter = (points: number): Profile => ({
  ...PROFILE,
  id: 'bench/meter60',
  role: 'meter',
  control: [],
  points: { powerW: power, ...values(points) },
});
const battery = (points: number): Profile => ({
  ...PROFILE,
  id: 'bench/battery60',
  role: 'battery-inverter',
  control: [SETPOINT],
  points: {
    powerW: power,
    ...values(points),
    setW: holding(120, { as: 'i32', unit: 'W', writable: true, class: 'state' }),
    setReversionS: holding(122, { unit: 's', writable: true, class: 'state', min: 0, max: 300 }),
    setEnable: holding(123, { writable: true, class: 'state', min: 0, max: 1 }),
    ratedW: holding(126, { unit: 'W', class: 'slow' }),
    socPct: holding(127, { unit: 'pct', class: 'state', min: 0, max: 100 }),
  },
});

const tcp = (n: number, port: number): string =>
  `  - { id: lan${n}, kind: tcp, host: 127.0.0.${n}, port: ${port} }`;

function text(port: number, { batteries, baud }: Size): string {
  const numbers = Array.from({ length: batteries }, (_, n) => n + 2);
  const lines = (of: (n: number) => string): string => numbers.map(of).join('\n');
  const frame = `baud: ${baud}, parity: none, stopBits: 1`;
  const line = `  - { id: line, kind: serial, path: /dev/bench, ${frame} }`;
  const buses = baud === undefined ? [1, ...numbers].map((n) => tcp(n, port)).join('\n') : line;
  const bus = (n: number): string => (baud === undefined ? `lan${n}` : 'line');
  return `version: 1
id: fleet
tenant: bench
gateway: gw-fleet
participant: fleet
name: Fleet
zone: z1
place: { latitudeDeg: 48.1, longitudeDeg: 9.2, timeZone: Europe/Berlin }
currency: EUR
gridCode: vde-ar-n-4105
buses:
${buses}
nodes:
  - { id: main, kind: ac, phases: 3 }
connections:
  - id: grid
    node: main
    meteringPoint: DE00012345
    fuseA: 630
    contractedImportW: 300000
    contractedExportW: 300000
    defaultImportLimitW: 300000
    defaultExportLimitW: 300000
    failsafeImportLimitW: 4200
    failsafeExportLimitW: 0
    tariff:
      id: flat
      currency: EUR
      timeZone: Europe/Berlin
      source: bench
      components:
        - id: in
          kind: energy-import
          windows:
            - { weekdays: [1, 2, 3, 4, 5, 6, 7], fromMinute: 0, untilMinute: 1440, priceNanoPerWh: 300000 }
devices:
  - { id: meter1, bus: ${bus(1)}, unit: 1, profile: bench/meter60 }
${lines((n) => `  - { id: inverter${n}, bus: ${bus(n)}, unit: ${n}, profile: bench/battery60 }`)}
terminals:
${lines(
  (n) => `  - id: battery${n}
    name: Battery ${n}
    node: main
    kind: battery
    device: inverter${n}
    ratedInW: 10000
    ratedOutW: 10000
    control: setpoint
    safeState: { kind: own-mode }`,
)}
  - { id: rest, name: Rest, node: main, kind: load, ratedOutW: 300000 }
stores:
${lines((n) => `  - { id: store${n}, terminal: battery${n}, usableWh: 20000, socMinPct: 5, socMaxPct: 95 }`)}
meters:
  - { id: m1, of: grid, device: meter1, direction: into-node, class: billing }
residuals:
  - { node: main, terminal: rest }
`;
}

/** A meter and batteries; those over TCP all behind `port`. */
export function fleetSite(port: number, size = FLEET) {
  const known = [meter(size.points), battery(size.points)];
  const profiles = (id: string): Profile | undefined => known.find((one) => one.id === id);
  const { site, complaints } = parseSite(text(port, size), profiles);
  if (site === undefined) throw new Error(JSON.stringify(complaints[0]));
  return { site, profiles };
}
