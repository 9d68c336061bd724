import { decodeText } from '../../../devices/codec.ts';
import type { DeviceMap, Profile, ResolvedPoint } from '../../../devices/profile.ts';
import { resolveProfile } from '../../../devices/resolve.ts';
import { type SunspecChain, walkChain } from '../../../devices/sunspec/chain.ts';
import { sunspecProfile } from '../../../devices/sunspec/driver.ts';
import { SUNSPEC_GENERIC } from '../../../devices/sunspec/generic.ts';
import { SURVEYED } from '../../../devices/sunspec/survey.ts';
import type { Request } from '../../guard/bus/pdu.ts';
import { type Ask, askTwice, readOf, readPoint } from './judge.ts';
import type { Line } from './line.ts';

/** A device that answered, and the profile whose words make sense of its registers. */
export interface Found {
  readonly unit: number;
  readonly profile: Profile | undefined; // undefined: it answers, and no profile fits
  readonly also: readonly string[]; // further profiles that its registers would fit
  readonly identity: Readonly<Record<string, string>>;
  readonly objects: Readonly<Record<string, string>>; // of 43/14: vendor, product, revision
  readonly chain: SunspecChain | undefined;
  readonly sample: Readonly<Record<string, number>>; // a few readings, for the eye
}

const SAMPLES_MAX = 4;
/** Points that prove a fixed register map: their values are never far from these. */
const TELLING = /^(frequencyHz|voltage(L1)?V)$/;
/** Where these are, too, a map for three phases is the likelier one. */
const FURTHER = /^voltageL[23]V$/;

/** One unit costs no more than this, whatever it answers. */
export const REQUESTS_MAX = 250;

/** A device answers one of these, if only with an exception; who is silent to all is not there. */
export const PRESENCE: readonly Request[] = [
  { fc: 3, at: 40_000, count: 2 },
  { fc: 4, at: 0, count: 2 },
  { fc: 3, at: 0, count: 2 },
];

/** A gateway's way to say that nobody is there. */
const NOBODY = [0x0a, 0x0b];

async function isPresent(ask: Ask): Promise<boolean> {
  for (const request of PRESENCE) {
    const result = await ask(request);
    if (result.ok) return true;
    if (result.exception !== undefined) return !NOBODY.includes(result.exception);
    if (result.why === 'closed' && !result.sent) return false;
  }
  return false;
}

const OBJECTS = ['vendor', 'product', 'revision'] as const;

/** Objects of an answer to 43/14: id, length and text each. "V1.1b3", section 6.21. */
export function parseObjects(bytes: readonly number[]): Record<string, string> {
  const found: Record<string, string> = {};
  const count = bytes[4] ?? 0;
  let at = 5;
  for (let n = 0; n < count; n += 1) {
    const length = bytes[at + 1] ?? 0;
    const name = OBJECTS[bytes[at] ?? -1];
    const text = String.fromCharCode(...bytes.slice(at + 2, at + 2 + length));
    if (name !== undefined) found[name] = text.replaceAll(/[^ -~]/g, '').trim();
    at += 2 + length;
  }
  return found;
}

/** What it says of itself by 43/14; most devices do not know that function. */
async function objectsOf(ask: Ask): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  let object = 0;
  for (let round = 0; round < OBJECTS.length; round += 1) {
    const result = await ask({ fc: 43, level: 1, objectId: object });
    if (!result.ok) break;
    Object.assign(found, parseObjects(result.words));
    const [, , more, next = 0] = result.words;
    if (more !== 0xff || next <= object) break;
    object = next;
  }
  return found;
}

async function chainOf(ask: Ask): Promise<SunspecChain | undefined> {
  const walk = walkChain(SURVEYED);
  let step = walk.next();
  while ('read' in step) {
    const result = await askTwice(ask, { fc: 3, ...step.read });
    step = walk.next(result.ok ? result.words : undefined);
  }
  return 'chain' in step ? step.chain : undefined;
}

async function isTelling(ask: Ask, map: DeviceMap, point: ResolvedPoint): Promise<boolean> {
  const first = await ask(readOf(point));
  if (!first.ok) return false;
  const { value } = await readPoint(async () => first, map, point);
  const [low, high] = point.unit === 'Hz' ? [45, 65] : [80, 300];
  return typeof value === 'number' && value >= low && value <= high;
}

/** How many points are where this map has them; 0 where a telling one is not. */
async function fits(ask: Ask, map: DeviceMap): Promise<number> {
  const points = Object.values(map.points).filter(({ as }) => as !== 'sf');
  const telling = points.filter(({ key }) => TELLING.test(key));
  for (const point of telling) {
    if (!(await isTelling(ask, map, point))) return 0;
  }
  let proven = telling.length;
  if (proven === 0) return 0;
  for (const point of points.filter(({ key }) => FURTHER.test(key))) {
    if (await isTelling(ask, map, point)) proven += 1;
  }
  return proven;
}

async function identityOf(ask: Ask, profile: Profile, map: DeviceMap) {
  const identity: Record<string, string> = {};
  for (const key of profile.identity) {
    const point = map.points[key];
    if (point?.as !== 'str') continue;
    const result = await askTwice(ask, readOf(point));
    if (result.ok) identity[key] = decodeText(point, result.words, 0);
  }
  return identity;
}

async function sampleOf(ask: Ask, map: DeviceMap) {
  const sample: Record<string, number> = {};
  const wanted = Object.values(map.points)
    .filter(({ as, class: of }) => as !== 'sf' && as !== 'str' && of === 'control')
    .sort((a, b) => Number(/powerW$/.test(b.key)) - Number(/powerW$/.test(a.key)));
  for (const point of wanted.slice(0, SAMPLES_MAX)) {
    const { state, value } = await readPoint(ask, map, point);
    if (state === 'good' && typeof value === 'number') sample[point.key] = value;
  }
  return sample;
}

/**
 * The profile of the device's own maker, or one that is written for its models; otherwise what its
 * chain says by itself.
 */
function profileOf(chain: SunspecChain, profiles: readonly Profile[]): Profile | undefined {
  const has = (model: number): boolean => chain.models.some(({ id }) => id === model);
  const generic = genericOf(chain);
  const own = (one: Profile): boolean => one.maker === generic?.maker;
  const [best] = profiles
    .filter((one) => one.kind === 'sunspec')
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

interface Fit {
  readonly profile: Profile;
  readonly identity: Readonly<Record<string, string>>;
  readonly weight: number;
}

/** Fixed maps that make sense here, the likeliest first: its maker's, then which proves most. */
async function fitting(ask: Ask, profiles: readonly Profile[]): Promise<Fit[]> {
  const fit: Fit[] = [];
  for (const profile of profiles) {
    if (profile.kind !== 'registers') continue;
    const map = resolveProfile(profile);
    const proven = await fits(ask, map);
    if (proven === 0) continue;
    const identity = await identityOf(ask, profile, map);
    const named = Object.values(identity).some((text) =>
      text.toLowerCase().includes(profile.maker.toLowerCase()),
    );
    fit.push({ profile, identity, weight: proven + (named ? 10 : 0) });
  }
  return fit.sort((a, b) => b.weight - a.weight);
}

/** A device of a running site: nothing is guessed, since a wrong guess costs the guard time. */
async function lookAtKnown(
  ask: Ask,
  unit: number,
  profile: Profile | undefined,
): Promise<Found | undefined> {
  if (profile === undefined) return undefined;
  const chain = profile.kind === 'sunspec' ? await chainOf(ask) : undefined;
  if (profile.kind === 'sunspec' && chain === undefined) return undefined;
  const own = chain !== undefined && isAuto(profile) ? (genericOf(chain) ?? profile) : profile;
  const map = resolveProfile(own, chain);
  const identity = await identityOf(ask, own, map);
  const sample = await sampleOf(ask, map);
  return { unit, objects: {}, chain, profile: own, also: [], identity, sample };
}

const isAuto = (profile: Profile): boolean => profile.kind === 'sunspec' && profile.auto === true;

/**
 * What a unit of an open line is that has answered already; undefined when a running gateway's site
 * does not have it. Reads only.
 */
export async function look(
  line: Line,
  unit: number,
  profiles: readonly Profile[],
): Promise<Found | undefined> {
  let left = REQUESTS_MAX;
  const ask: Ask = async (request) => {
    left -= 1;
    if (left >= 0) return line.ask(unit, request);
    return { ok: false, why: 'timeout', detail: 'asked enough', sent: false };
  };
  if (line.known !== undefined) return lookAtKnown(ask, unit, line.known(unit));
  const objects = await objectsOf(ask);
  const chain = await chainOf(ask);
  const head = { unit, objects, chain };
  const nothing = { ...head, profile: undefined, also: [], identity: {}, sample: {} };
  if (chain !== undefined) {
    const profile = profileOf(chain, profiles);
    if (profile === undefined) return nothing;
    const map = resolveProfile(profile, chain);
    const identity = await identityOf(ask, profile, map);
    return { ...head, profile, also: [], identity, sample: await sampleOf(ask, map) };
  }
  const [best, ...others] = await fitting(ask, profiles);
  if (best === undefined) return nothing;
  const { profile, identity } = best;
  const also = others.map((one) => one.profile.id);
  return { ...head, profile, also, identity, sample: await sampleOf(ask, resolveProfile(profile)) };
}

/** Addresses of a profile's points at this device. @throws Error where it lacks a model */
export async function mapOf(ask: Ask, profile: Profile): Promise<DeviceMap> {
  if (profile.kind === 'registers') return resolveProfile(profile);
  const chain = await chainOf(ask);
  if (chain === undefined) throw new Error('it answers without a SunSpec model chain');
  return resolveProfile(profile, chain);
}

/** Whether a unit is there at all. */
export const answers = async (line: Line, unit: number): Promise<boolean> =>
  line.known === undefined
    ? isPresent((request) => line.ask(unit, request))
    : line.known(unit) !== undefined;
