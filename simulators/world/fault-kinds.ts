import { HOUR_MS } from '../../gateway/contracts/values/time.ts';
import type { Random } from '../../gateway/ports.ts';

/** What a fault is when it strikes: how long it stands, and its words where it needs any. */
export interface Drawn {
  readonly forMs: number;
  readonly line: string;
}

export interface FaultSpec {
  /** Numbers of the fault matrix (reliability reference, section 4). */
  readonly faultIds: readonly string[];
  readonly does: string;
  readonly weight: number; // how often, beside the others
  /**
   * The gateway is shown a lie: while it stands and as long as it may take to be noticed, what is
   * true at the connection cannot be asked of it.
   */
  readonly lies?: true;
  /** Of the broker, the cloud or its sources: it strikes every site. */
  readonly everywhere?: true;
  readonly draw: (random: Random) => Drawn;
}

const between = (random: Random, least: number, most: number): number =>
  least + (most - least) * random.next();
const lasting = (random: Random, leastS: number, mostS: number): number =>
  Math.round(between(random, leastS, mostS) * 1_000);
const chance = (random: Random): string => `chance ${(0.05 + 0.6 * random.next()).toFixed(2)}`;

type Draw = FaultSpec['draw'];

/** A rule of the wire's devices, as in docs/simulated-devices.md. */
const wire =
  (line: (random: Random) => string, leastS: number, mostS: number): Draw =>
  (random) => {
    const forMs = lasting(random, leastS, mostS);
    return { line: `${line(random)} for ${forMs}ms`, forMs };
  };
const span =
  (leastS: number, mostS: number, line: (random: Random) => string = () => ''): Draw =>
  (random) => ({ line: line(random), forMs: lasting(random, leastS, mostS) });

const hours = (random: Random, least: number, most: number): string =>
  String(Math.round(between(random, least, most) * HOUR_MS));
const either = (random: Random, ...of: readonly string[]): string =>
  of[Math.floor(of.length * random.next())] ?? '';

/** By number, so that a list of faults stays a list: a text may hold what parts its entries. */
const HOSTILE: readonly string[] = ['0', '1', '2', '3', '4'];

/** Wires and devices. */
const DEVICES = {
  'wire-drop': {
    faultIds: ['1', '28'],
    does: 'a share of the answers is lost',
    weight: 6,
    draw: wire((r) => `drop ${chance(r)}`, 5, 180),
  },
  'wire-silent': {
    faultIds: ['1'],
    does: 'nobody answers on a wire',
    weight: 4,
    draw: wire(() => 'drop', 5, 120),
  },
  'wire-late': {
    faultIds: ['2'],
    does: 'answers come late, some behind the next request',
    weight: 5,
    draw: wire((r) => `late ${Math.round(between(r, 100, 1_500))}ms ${chance(r)}`, 5, 300),
  },
  'wire-overload': {
    faultIds: ['25'],
    does: 'every answer takes so long that a cycle has no room for all reads',
    weight: 2,
    draw: wire((r) => `late ${Math.round(between(r, 150, 400))}ms`, 20, 300),
  },
  'wire-slow': {
    faultIds: ['5'],
    does: 'answers come byte by byte',
    weight: 2,
    draw: wire((r) => `slow 4ms ${chance(r)}`, 5, 60),
  },
  'wire-garbage': {
    faultIds: ['4'],
    does: 'random bytes in place of answers',
    weight: 4,
    draw: wire((r) => `garbage ${chance(r)}`, 5, 120),
  },
  'wire-short': {
    faultIds: ['8'],
    does: 'one register less than asked',
    weight: 2,
    draw: wire((r) => `short ${chance(r)}`, 5, 60),
  },
  'wire-truncate': {
    faultIds: ['4'],
    does: 'frames without their end',
    weight: 2,
    draw: wire((r) => `truncate 3 ${chance(r)}`, 5, 60),
  },
  'wire-wrong-id': {
    faultIds: ['3'],
    does: 'answers name another request or unit',
    weight: 2,
    draw: wire((r) => `wrong-id ${chance(r)}`, 5, 60),
  },
  'wire-shifted': {
    faultIds: ['2'],
    does: 'answers to the request before',
    weight: 2,
    draw: wire((r) => `shifted ${chance(r)}`, 5, 60),
  },
  'wire-close': {
    faultIds: ['27'],
    does: 'the connection is closed in place of an answer',
    weight: 3,
    draw: span(0, 0),
  },
  'device-busy': {
    faultIds: ['6'],
    does: 'exception 6 in bursts',
    weight: 3,
    draw: wire((r) => `exception 6 ${chance(r)}`, 5, 120),
  },
  'device-fails': {
    faultIds: ['6'],
    does: 'exception 4 in bursts',
    weight: 3,
    draw: wire((r) => `exception 4 ${chance(r)}`, 5, 120),
  },
  'device-refuses-writes': {
    faultIds: ['6'],
    does: 'every write is refused',
    weight: 3,
    draw: wire(() => 'exception 4 on writes', 5, 120),
  },
  'device-sentinel': {
    faultIds: ['7', '18'],
    does: 'every value is "not available"',
    weight: 3,
    draw: wire(() => 'sentinel', 5, 120),
  },
  'ack-not-applied': {
    faultIds: ['12'],
    does: 'writes are acknowledged and not followed',
    weight: 2,
    draw: wire(() => 'ignore-write', 5, 60),
  },
  'ack-lost': {
    faultIds: ['13'],
    does: 'writes are followed and not acknowledged',
    weight: 3,
    draw: wire((r) => `drop on writes ${chance(r)}`, 5, 120),
  },
  'device-reboot': {
    faultIds: ['14'],
    does: 'a device is away and comes back as from power-up',
    weight: 3,
    draw: span(3, 60),
  },
  'scale-flips': {
    faultIds: ['9'],
    does: 'a device counts in other steps from one read to the next',
    weight: 2,
    draw: span(2, 120, (r) => either(r, '-1', '1')),
  },
  'device-swapped': {
    faultIds: ['16'],
    does: 'another device stands at the address of one, until that is back',
    weight: 1,
    draw: span(60, 900),
  },
  'second-master': {
    faultIds: ['15', '69'],
    does: 'somebody else writes what the gateway commands',
    weight: 1,
    lies: true,
    draw: span(0, 0),
  },
  'device-stuck': {
    faultIds: ['10'],
    does: 'readings stand still',
    weight: 2,
    lies: true,
    draw: wire(() => 'stuck', 20, 180),
  },
  'power-turned': {
    faultIds: ['11'],
    does: 'powers with the other sign',
    weight: 1,
    lies: true,
    draw: wire(() => 'turned', 10, 90),
  },
  'soc-jump': {
    faultIds: ['17'],
    does: 'the battery shows another state of charge at once',
    weight: 2,
    lies: true,
    draw: span(3, 120, (r) => `socPct=${either(r, '0', '100', '50')}`),
  },
  'bms-hot': {
    faultIds: ['19'],
    does: 'the battery shows a temperature beyond its limits',
    weight: 1,
    lies: true,
    draw: span(5, 120, (r) => `temperatureC=${either(r, '70', '-15')}`),
  },
  'ct-unplugged': {
    faultIds: ['20'],
    does: 'a meter shows 0 W',
    weight: 1,
    lies: true,
    draw: span(20, 180, () => 'powerW=0'),
  },
} as const satisfies Readonly<Record<string, FaultSpec>>;

/** Processes, clock, disk and solver of a gateway. */
const GATEWAYS = {
  'agent-kill': {
    faultIds: ['59', '61'],
    does: 'kill -9 of the agent',
    weight: 3,
    draw: span(0, 0),
  },
  'agent-hang': { faultIds: ['60'], does: 'the agent stands still', weight: 2, draw: span(5, 120) },
  'guard-kill': {
    faultIds: ['59', '61'],
    does: 'kill -9 of the guard',
    weight: 2,
    draw: span(2, 90),
  },
  'power-cut': {
    faultIds: ['55'],
    does: 'both processes end at once; what was not synced is gone',
    weight: 2,
    draw: span(10, 300),
  },
  'clock-1970': {
    faultIds: ['48'],
    does: 'a power cut, and a start with the clock at 1970',
    weight: 1,
    draw: span(30, 300),
  },
  'file-damage': {
    faultIds: ['57'],
    does: 'a power cut, and a file that is no more what it was: guard.state or the database',
    weight: 2,
    draw: span(10, 120, (r) => either(r, 'no JSON', '{"v":1,"epoch":"x"}', 'half', 'database')),
  },
  'crash-loop': {
    faultIds: ['64'],
    does: 'the guard dies soon after each of its next starts',
    weight: 1,
    draw: span(30, 90),
  },
  'plan-babbles': {
    faultIds: ['71'],
    does: 'what is asked of the guard is nonsense: too much, in other units, or no number',
    weight: 2,
    draw: span(60, 1_800, (r) => either(r, 'huge', 'kilo', 'turned', 'crossed', 'NaN')),
  },
  'agent-older': {
    faultIds: ['60'],
    does: 'an agent that another one has followed asks for something',
    weight: 1,
    draw: span(0, 0),
  },
  'clock-jump': {
    faultIds: ['49'],
    does: 'the wall clock jumps and comes back',
    weight: 2,
    draw: span(10, 600, (r) =>
      either(r, hours(r, 1, 1), hours(r, -1, -1), hours(r, 24, 24), hours(r, -24, -24)),
    ),
  },
  'disk-full': {
    faultIds: ['52', '58'],
    does: 'writes are refused',
    weight: 2,
    draw: span(10, 900),
  },
  'disk-error': { faultIds: ['53'], does: 'fsync fails', weight: 2, draw: span(1, 60) },
  'disk-slow': { faultIds: ['54'], does: 'fsync takes 5 s', weight: 2, draw: span(10, 120) },
  'solver-bad': {
    faultIds: ['63'],
    does: 'no solution, none in time, none that is finite, or a crash',
    weight: 2,
    draw: span(300, 3_600, (r) => either(r, 'infeasible', 'time-limit', 'nan', 'crash')),
  },
} as const satisfies Readonly<Record<string, FaultSpec>>;

/** Uplink, broker, cloud and sources. */
const BEYOND = {
  'uplink-cut': { faultIds: ['29'], does: 'no way to the broker', weight: 3, draw: span(1, 7_200) },
  'uplink-flaps': {
    faultIds: ['34'],
    does: 'the way to the broker comes and goes each second',
    weight: 1,
    draw: span(10, 60),
  },
  'broker-stalls': { faultIds: ['35'], does: 'no PUBACK', weight: 2, draw: span(5, 120) },
  'broker-loses': {
    faultIds: ['37'],
    does: 'a PUBACK, and the message is lost',
    weight: 2,
    draw: span(30, 600),
  },
  'broker-repeats': {
    faultIds: ['38'],
    does: 'messages come twice, the second one late',
    weight: 2,
    draw: span(30, 600),
  },
  'broker-down': {
    faultIds: ['36'],
    does: 'the broker ends with all it held',
    everywhere: true,
    weight: 3,
    draw: span(10, 1_800),
  },
  'broker-throttles': {
    faultIds: ['40'],
    does: 'the broker takes one message a second and lets the others wait',
    weight: 2,
    draw: span(60, 900),
  },
  'limit-absurd': {
    faultIds: ['44'],
    does: 'a limit of nothing, or of more than any fuse carries, in a sound directive',
    weight: 2,
    draw: span(60, 900, (r) => either(r, '0', '1000000000')),
  },
  'text-hostile': {
    faultIds: ['70'],
    does: 'names and reasons that are orders, markup or queries, in a sound directive and a device',
    weight: 1,
    draw: span(300, 900, (r) => either(r, ...HOSTILE)),
  },
  'cloud-kill': {
    faultIds: ['36'],
    does: 'kill -9 of the cloud',
    everywhere: true,
    weight: 2,
    draw: span(5, 600),
  },
  'grid-silent': {
    faultIds: ['45'],
    does: 'directives and heartbeats do not arrive',
    weight: 2,
    draw: span(60, 1_800),
  },
  'directive-replayed': {
    faultIds: ['41'],
    does: 'an old directive comes again',
    weight: 2,
    draw: span(0, 0),
  },
  'directive-forged': {
    faultIds: ['43'],
    does: 'a directive of somebody without the key',
    weight: 2,
    draw: span(0, 0),
  },
  'weather-away': {
    faultIds: ['72'],
    does: 'no weather from its source',
    everywhere: true,
    weight: 1,
    draw: span(600, 7_200),
  },
  'price-away': {
    faultIds: ['72'],
    does: 'no prices from their source',
    everywhere: true,
    weight: 1,
    draw: span(600, 7_200),
  },
  'price-odd': {
    faultIds: ['72'],
    does: 'prices that are none, or a million',
    everywhere: true,
    weight: 1,
    draw: span(1_800, 14_400, (r) => either(r, 'null', '1000000', '-1000000', 'NaN')),
  },
} as const satisfies Readonly<Record<string, FaultSpec>>;

export const KINDS = { ...DEVICES, ...GATEWAYS, ...BEYOND };
export type FaultKind = keyof typeof KINDS;
export const FAULT_KINDS = Object.keys(KINDS) as readonly FaultKind[];
export const specOf = (kind: FaultKind): FaultSpec => KINDS[kind];
/** Beyond the gateway: what follows from it may take longer to be well again (L1). */
export const isBeyond = (kind: FaultKind): boolean => kind in BEYOND;
export const isFaultKind = (name: string): name is FaultKind => name in KINDS;
