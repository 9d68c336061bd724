import ModbusRTU from 'modbus-serial';
import { CATALOGUE } from '../../../devices/catalogue.ts';
import { decodePoint, decodeText } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { type SunspecChain, walkChain } from '../../../devices/sunspec/chain.ts';
import { sunspecProfile } from '../../../devices/sunspec/driver.ts';
import { SUNSPEC_GENERIC } from '../../../devices/sunspec/generic.ts';
import { SURVEYED } from '../../../devices/sunspec/survey.ts';
import type { BusSpec } from '../../contracts/values/site.ts';

/** A device that answered, and the profile whose words make sense of its registers. */
export interface Found {
  readonly unit: number;
  readonly profile: Profile | undefined; // undefined: it answers, and no profile fits
  readonly identity: Readonly<Record<string, string>>;
  readonly sample: Readonly<Record<string, number>>; // a few readings, for the eye
}

const ANSWER_MS = 700;
const SAMPLES_MAX = 4;
/** Points that prove a fixed register map: their values are never far from these. */
const TELLING = /^(frequencyHz|voltage(L1)?V)$/;

type Client = InstanceType<typeof ModbusRTU.default>;
type Words = readonly number[];

async function open(bus: BusSpec): Promise<Client> {
  const client = new ModbusRTU.default();
  client.setTimeout(ANSWER_MS);
  if (bus.kind === 'serial') {
    const { baud: baudRate, parity, stopBits } = bus;
    await client.connectRTUBuffered(bus.path, { baudRate, parity, stopBits });
  } else if (bus.kind === 'tcp') {
    await client.connectTCP(bus.host, { port: bus.port, timeout: 2_000 });
  } else if (bus.kind === 'udp') {
    await client.connectUDP(bus.host, { port: bus.port });
  } else {
    await client.connectTelnet(bus.host, { port: bus.port });
  }
  return client;
}

async function read(client: Client, point: Pick<ResolvedPoint, 'space' | 'at' | 'count'>) {
  try {
    const { space, at, count } = point;
    if (space === 'input') return (await client.readInputRegisters(at, count)).data;
    if (space === 'holding') return (await client.readHoldingRegisters(at, count)).data;
  } catch {
    // no answer, or an exception: both say that this is not it
  }
  return undefined;
}

async function chainOf(client: Client): Promise<SunspecChain | undefined> {
  const walk = walkChain(SURVEYED);
  let words: Words | undefined;
  for (;;) {
    const step = walk.next(words);
    if ('chain' in step) return step.chain;
    if ('error' in step) return undefined;
    words = await read(client, { space: 'holding', ...step.read });
  }
}

/** @returns the point's value; undefined when not read, not available or not plausible */
async function pointValue(client: Client, map: DeviceMap, point: ResolvedPoint) {
  const words = await read(client, point);
  if (words === undefined) return undefined;
  const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
  const exponents = scale && (await read(client, scale));
  const exponent = scale && exponents && decodePoint(map, scale, exponents, 0);
  const value = decodePoint(map, point, words, 0, exponent);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = point;
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

/** Whether a fixed register map makes sense here: its telling points answer and are plausible. */
async function fits(client: Client, map: DeviceMap): Promise<boolean> {
  const telling = Object.values(map.points).filter(({ key }) => TELLING.test(key));
  for (const point of telling) {
    const value = await pointValue(client, map, point);
    const isFrequency = point.unit === 'Hz';
    const [low, high] = isFrequency ? [45, 65] : [80, 300];
    if (value === undefined || value < low || value > high) return false;
  }
  return telling.length > 0;
}

async function describe(client: Client, unit: number, profile: Profile, map: DeviceMap) {
  const identity: Record<string, string> = {};
  for (const key of profile.identity) {
    const point = map.points[key];
    const words = point && (await read(client, point));
    if (point && words && point.as === 'str') identity[key] = decodeText(point, words, 0);
  }
  const sample: Record<string, number> = {};
  const wanted = Object.values(map.points).filter(({ as }) => as !== 'sf' && as !== 'str');
  for (const point of wanted.filter(({ class: of }) => of === 'control').slice(0, SAMPLES_MAX)) {
    const value = await pointValue(client, map, point);
    if (value !== undefined) sample[point.key] = value;
  }
  return { unit, profile, identity, sample };
}

/**
 * The profile of the device's own maker, or one that is written for its models; otherwise what its
 * chain says by itself.
 */
function profileOf(chain: SunspecChain): Profile | undefined {
  const has = (model: number): boolean => chain.models.some(({ id }) => id === model);
  const generic = genericOf(chain);
  const own = (one: Profile): boolean => one.maker === generic?.maker;
  const [best] = CATALOGUE.filter((one) => one.kind === 'sunspec')
    .filter((one) => one.auto !== true && (own(one) || one.maker === SUNSPEC_GENERIC.maker))
    .filter((one) => one.models.every(has))
    .sort((a, b) => Number(own(b)) - Number(own(a)) || b.models.length - a.models.length);
  return best ?? generic;
}

function genericOf(chain: SunspecChain): Profile | undefined {
  try {
    return sunspecProfile(SUNSPEC_GENERIC, chain);
  } catch {
    return undefined; // no inverter, meter or battery among its models
  }
}

/** What answers at one unit of an open bus; undefined when nothing does. */
async function look(client: Client, unit: number): Promise<Found | undefined> {
  client.setID(unit);
  const chain = await chainOf(client);
  if (chain !== undefined) {
    const profile = profileOf(chain);
    if (profile === undefined) return { unit, profile, identity: {}, sample: {} };
    return describe(client, unit, profile, resolveProfile(profile, chain));
  }
  for (const profile of CATALOGUE.filter((one) => one.kind === 'registers')) {
    const map = resolveProfile(profile);
    if (await fits(client, map)) return describe(client, unit, profile, map);
  }
  return undefined;
}

/**
 * Asks every unit of a bus who it is; reads only. Not beside a running gateway on a serial line.
 * @throws Error when the bus cannot be opened
 */
export async function scanBus(bus: BusSpec, units: readonly number[]): Promise<Found[]> {
  const client = await open(bus);
  try {
    const found: Found[] = [];
    for (const unit of units) {
      const one = await look(client, unit);
      if (one !== undefined) found.push(one);
    }
    return found;
  } finally {
    await new Promise<void>((resolve) => client.close(() => resolve()));
  }
}
