import { encodePoint, encodeUnavailable, wordOffsetsOf } from '../../devices/codec.ts';
import type {
  DeviceMap,
  PointSpec,
  Profile,
  RegisterSpace,
  ResolvedPoint,
} from '../../devices/profile.ts';
import { resolveProfile, wordsOfPoint } from '../../devices/resolve.ts';
import type { SunspecChain } from '../../devices/sunspec/chain.ts';
import { sunspecProfile } from '../../devices/sunspec/driver.ts';
import {
  lengthWith,
  type ModelGroup,
  type ModelPoint,
  pointsOf,
  type SunspecModel,
} from '../../devices/sunspec/model.ts';
import { MODELS } from '../../devices/sunspec/models.ts';
import type { DeviceSettings } from './types.ts';

/**
 * Registers of a device before anything is put: every number not available, models and their chain
 * in place.
 */
export interface Layout {
  readonly map: DeviceMap;
  readonly raw: Readonly<Record<RegisterSpace, Uint16Array>>;
  /** 1 where a read is answered. */
  readonly readable: Readonly<Record<RegisterSpace, Uint8Array>>;
}

const SPACES: readonly RegisterSpace[] = ['holding', 'input', 'coil', 'discrete'];
const ADDRESSES = 65_536;
const SUNSPEC_BASE = 40_000;
/** Registers between two points of a plain map answer as long as the hole is smaller. */
const HOLE = 125;
const END = [0xffff, 0] as const;

export function layOut(profile: Profile, settings: DeviceSettings): Layout {
  const used = new Set(
    Object.values(profile.points).flatMap(({ space, writeAt }): RegisterSpace[] =>
      writeAt === undefined ? [space] : [space, 'holding'],
    ),
  );
  const spaces = <T>(make: (length: number) => T): Record<RegisterSpace, T> => ({
    holding: make(used.has('holding') ? ADDRESSES : 0),
    input: make(used.has('input') ? ADDRESSES : 0),
    coil: make(used.has('coil') ? ADDRESSES : 0),
    discrete: make(used.has('discrete') ? ADDRESSES : 0),
  });
  const raw = spaces((length) => new Uint16Array(length));
  const readable = spaces((length) => new Uint8Array(length));
  const models = profile.kind === 'sunspec' ? modelsOf(profile, settings) : [];
  const base = settings.chain?.base ?? SUNSPEC_BASE;
  const map = resolveProfile(profile, chainOf(base, models));
  if (profile.kind === 'sunspec') layOutChain(base, models, raw.holding, readable.holding);
  layOutSpans(map, readable);
  for (const point of Object.values(map.points)) {
    const words = startOf(map, point, settings);
    wordOffsetsOf(point).forEach((offset, n) => {
      raw[point.space][point.at + offset] = words[n] ?? 0;
    });
  }
  return { map, raw, readable };
}

interface LaidModel {
  readonly model: SunspecModel;
  readonly at: number;
  readonly repetitions: number;
}

const lengthOf = ({ model, repetitions }: Pick<LaidModel, 'model' | 'repetitions'>): number =>
  lengthWith(model, repetitions);

/** Repetitions of a model's group that the points of a profile reach into. */
function repetitionsOf(profile: Profile, model: SunspecModel): number {
  const [group] = model.groups ?? [];
  if (group === undefined) return 0;
  const own = Object.values(profile.points).filter((point) => point.model === model.id);
  const end = Math.max(0, ...own.map((point) => point.at + wordsOfPoint(point)));
  return Math.ceil(Math.max(0, end - model.length - 2) / group.length);
}

/** One after the other, from the marker on. @throws RangeError for a model that is not known */
function laidFrom(
  base: number,
  ids: readonly number[],
  repetitionsOf: (model: SunspecModel) => number,
): LaidModel[] {
  let at = base + 2;
  return ids.map((id) => {
    const model = MODELS.find((candidate) => candidate.id === id);
    if (model === undefined) throw new RangeError(`SunSpec model ${id} is not known`);
    const laid = {
      model,
      at,
      repetitions: model.groups === undefined ? 0 : repetitionsOf(model),
    };
    at += lengthOf(laid) + 2;
    return laid;
  });
}

const leastOf = (model: SunspecModel, { strings = 2 }: Pick<DeviceSettings, 'strings'>): number =>
  model.id === 160 ? strings : 1;

/**
 * The models that the settings name, in that order; otherwise those that a profile needs and can
 * use, in the order of their numbers.
 */
function modelsOf(profile: Profile & { kind: 'sunspec' }, settings: DeviceSettings): LaidModel[] {
  const { chain } = settings;
  const ids = new Set<number>(profile.models);
  for (const { model } of Object.values(profile.points)) if (model !== undefined) ids.add(model);
  const list = chain?.models ?? [...ids].sort((a, b) => a - b);
  return laidFrom(chain?.base ?? SUNSPEC_BASE, list, (model) =>
    Math.max(leastOf(model, settings), repetitionsOf(profile, model)),
  );
}

/**
 * The profile of a SunSpec device with just these models, as a gateway would put it together if
 * every point of them were there.
 * @throws RangeError for a model that is not known
 * @throws Error in one line, when they make no inverter, meter or battery
 */
function chainedProfile(
  generic: Profile,
  { base, models }: NonNullable<DeviceSettings['chain']>,
  settings: Pick<DeviceSettings, 'strings'>,
): Profile {
  const laid = laidFrom(base, models, (model) => leastOf(model, settings));
  return sunspecProfile(generic, chainOf(base, laid));
}

/** A profile with registers to lay out: the generic one gets those of its models. */
export function withRegisters(
  profile: Profile,
  settings: Pick<DeviceSettings, 'strings' | 'chain'>,
): { readonly profile: Profile; readonly chain?: Pick<DeviceSettings, 'chain'> } {
  if (profile.kind !== 'sunspec' || profile.auto !== true) return { profile };
  const chain = settings.chain ?? { base: SUNSPEC_BASE, models: profile.models };
  return { profile: chainedProfile(profile, chain, settings), chain: { chain } };
}

const chainOf = (base: number, models: readonly LaidModel[]): SunspecChain => ({
  base,
  models: models.map((laid) => ({ id: laid.model.id, at: laid.at, length: lengthOf(laid) })),
});

/** Points that say how often a group stands, those of groups inside too. */
const countsOf = (groups: readonly ModelGroup[] = []): (string | number)[] =>
  groups.flatMap(({ count, groups: inner }) => [count, ...countsOf(inner)]);

function layOutChain(
  base: number,
  models: readonly LaidModel[],
  raw: Uint16Array,
  readable: Uint8Array,
): void {
  raw.set([0x5375, 0x6e53], base);
  let end = base + 2;
  for (const laid of models) {
    const { model, at, repetitions } = laid;
    raw.set([model.id, lengthOf(laid)], at);
    const counts = new Set(countsOf(model.groups));
    const all = pointsOf(model, lengthOf(laid), () => repetitions);
    for (const point of all) {
      if (counts.has(point[0])) raw[at + point[1]] = repetitions;
      else blank(raw, at, point);
    }
    end = at + 2 + lengthOf(laid);
  }
  raw.set(END, end);
  readable.fill(1, base, end + END.length);
}

/** Writes "not available" where a model has a point. */
function blank(raw: Uint16Array, at: number, [name, offset, as, detail]: ModelPoint): void {
  const spec: PointSpec = {
    at: at + offset,
    space: 'holding',
    as,
    unit: 'none',
    class: 'slow',
    ...(detail?.words === undefined ? {} : { words: detail.words }),
  };
  const point = { ...spec, key: name, count: wordsOfPoint(spec) };
  raw.set(encodeUnavailable({ wordOrder: 'big' }, point), point.at);
}

/** What answers outside of the model chain. */
function layOutSpans(map: DeviceMap, readable: Readonly<Record<RegisterSpace, Uint8Array>>): void {
  for (const space of SPACES) {
    const points = Object.values(map.points)
      .filter((point) => point.space === space && point.model === undefined)
      .sort((a, b) => a.at - b.at);
    let end = Number.NEGATIVE_INFINITY;
    for (const point of points) {
      const from = point.at - end <= HOLE ? end : point.at;
      end = Math.max(end, point.at + point.count);
      readable[space].fill(1, from, end);
    }
  }
  for (const { space, at, count, writeOnly } of Object.values(map.points)) {
    if (writeOnly === true) readable[space].fill(0, at, at + count);
  }
  for (const { space, at, words } of map.unreadable) readable[space].fill(0, at, at + words);
}

/**
 * Registers of a point before the first put: scale factors as chosen, everything else not
 * available.
 */
function startOf(map: DeviceMap, point: ResolvedPoint, settings: DeviceSettings): number[] {
  if (point.as !== 'sf') return encodeUnavailable(map, point);
  const chosen = settings.exponents?.[point.key] ?? exponentOf(map, point, settings);
  return encodePoint(map, point, chosen);
}

const fits = (most: number, raw: number): number => {
  let exponent = 0;
  for (let size = most; size > raw; size /= 10) exponent += 1;
  return exponent;
};

/** The finest scale factor with room for what this device can show. */
function exponentOf(map: DeviceMap, scale: ResolvedPoint, settings: DeviceSettings): number {
  const users = Object.values(map.points).filter(({ scaleFrom }) => scaleFrom === scale.key);
  const narrow = users.some(({ count }) => count === 1);
  const unit = users[0]?.unit ?? 'none';
  const { ratedW, chargeMaxW = 0, dischargeMaxW = 0 } = settings;
  switch (unit) {
    case 'W':
    case 'VA':
    case 'var':
      return narrow ? fits(1.5 * Math.max(ratedW, chargeMaxW, dischargeMaxW), 32_766) : 0;
    case 'Wh':
      return narrow ? fits(settings.capacityWh ?? 2 * ratedW, 65_534) : 0;
    case 'Hz':
      return narrow ? -2 : -3;
    case 'pct':
      return -2;
    case 'A':
    case 'V':
    case 'degC':
      return -1;
    default:
      return users.some(({ scale: own }) => own !== undefined) ? -2 : -3;
  }
}
