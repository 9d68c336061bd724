import { encodeText, encodeUnavailable, wordOffsetsOf } from '../../devices/codec.ts';
import { type Decoder, decoderOf } from '../../devices/decoder.ts';
import { type Encoder, encoderOf } from '../../devices/encoder.ts';
import type { DeviceMap, Profile, RegisterSpace, ResolvedPoint } from '../../devices/profile.ts';
import { behaviourOf } from './behaviour.ts';
import { following, type PlainImage } from './following.ts';
import { type Layout, layOut } from './layout.ts';
import type { DeviceImage, DeviceSettings, ExceptionCode, Setter } from './types.ts';
import { isAllowed, type Spread, spreadOf, startTexts, startValues } from './values.ts';

const MOST_WORDS = 125;
const MOST_BITS = 2_000;

/** A point where it stands: what the profile fixes is worked out once. */
interface Slot {
  readonly point: ResolvedPoint;
  readonly registers: Uint16Array;
  readonly decode: Decoder;
  readonly encode: Encoder;
  readonly scale: Scale | undefined;
}

/** A scale factor, decoded again when its register has changed. */
interface Scale {
  readonly slot: Slot;
  word: number;
  exponent: number | undefined;
}

/** Registers as values: what any client would decode, and what the device itself stores. */
interface Store {
  readonly layout: Layout;
  /** Points that belong into one frame. */
  readonly frames: readonly (readonly string[])[];
  slot(key: string): Slot;
  point(key: string): ResolvedPoint;
  take(key: string): number | undefined;
  store(key: string, value: number | undefined): void;
  set(slot: Slot, value: number | undefined): void;
  storeText(key: string, text: string): void;
  /** Value of a point in words that are about to be written. */
  decode(point: ResolvedPoint, words: ArrayLike<number>, offset: number): number | undefined;
}

function exponentOf({ scale }: Slot): number | undefined {
  if (scale === undefined) return undefined;
  const { point, registers, decode } = scale.slot;
  const word = registers[point.at] ?? -1;
  if (word !== scale.word || point.count > 1) {
    scale.word = word;
    scale.exponent = decode(registers, point.at, undefined);
  }
  return scale.exponent;
}

function createStore(name: string, { map, raw, readable }: Layout): Store {
  const slots = new Map<string, Slot>();
  const slotOf = (point: ResolvedPoint): Slot => {
    const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
    return {
      point,
      registers: raw[point.space],
      decode: decoderOf(map, point),
      encode: encoderOf(map, point),
      scale: scale && { slot: slotOf(scale), word: -1, exponent: undefined },
    };
  };
  for (const [key, point] of Object.entries(map.points)) slots.set(key, slotOf(point));
  const slot = (key: string): Slot => {
    const found = slots.get(key);
    if (found === undefined) throw new Error(`${name} (${map.profile}) has no point ${key}`);
    return found;
  };
  const set = (own: Slot, value: number | undefined): void => {
    const { point, registers } = own;
    if (value !== undefined) own.encode(registers, point.at, value, exponentOf(own));
    else put(registers, point, encodeUnavailable(map, point));
  };
  return {
    layout: { map, raw, readable },
    frames: framesOf(map),
    slot,
    set,
    point: (key) => slot(key).point,
    decode: ({ key }, words, offset) => {
      const own = slot(key);
      return own.decode(words, offset, exponentOf(own));
    },
    take: (key) => {
      const own = slot(key);
      return own.decode(own.registers, own.point.at, exponentOf(own));
    },
    store: (key, value) => set(slot(key), value),
    storeText: (key, text) => {
      const { point, registers } = slot(key);
      registers.set(encodeText(point, text), point.at);
    },
  };
}

/** Words of a point where they belong. */
function put(registers: Uint16Array, point: ResolvedPoint, words: readonly number[]): void {
  const offsets = wordOffsetsOf(point);
  for (let n = 0; n < offsets.length; n += 1) {
    registers[point.at + (offsets[n] ?? 0)] = words[n] ?? 0;
  }
}

/** Nameplate, identity and values at rest. */
function fill(
  store: Store,
  profile: Profile,
  options: { readonly id: string; readonly settings: DeviceSettings },
  isMeant: (key: string) => boolean = () => true,
): void {
  const { map } = store.layout;
  for (const [key, candidates] of startValues(profile, map, options.settings)) {
    if (!isMeant(key)) continue;
    if (!candidates.some((value) => holds(store, key, value))) store.store(key, undefined);
  }
  for (const [key, text] of startTexts(profile, map, options)) store.storeText(key, text);
}

/** Stores a value; false where the register cannot show it. */
function holds(store: Store, key: string, value: number): boolean {
  const own = store.point(key);
  if (!isAllowed(own, value)) return false;
  try {
    store.store(key, value);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
  return store.take(key) !== undefined || (value === 0 && own.as.startsWith('acc'));
}

function readFrom(layout: Layout, space: RegisterSpace, at: number, count: number) {
  const registers = layout.raw[space];
  const isBits = space === 'coil' || space === 'discrete';
  const most = isBits ? MOST_BITS : Math.min(MOST_WORDS, layout.map.limits.maxRegistersPerRead);
  const fail = (exception: ExceptionCode) => ({ words: [], exception });
  if (registers.length === 0) return fail(1);
  if (!(count >= 1 && count <= most)) return fail(3);
  if (at + count > registers.length) return fail(2);
  const readable = layout.readable[space];
  const words: number[] = [];
  for (let n = at; n < at + count; n += 1) {
    if (readable[n] !== 1) return fail(2);
    words.push(registers[n] ?? 0);
  }
  return { words, exception: 0 as const };
}

/** Where the words of a point are written. */
const writeOffsetsOf = (point: ResolvedPoint): readonly number[] => {
  const at = point.writeAt ?? point.at;
  return wordOffsetsOf(point).map((offset) => at + offset);
};

/** A point is written in the space where it is read, or as a holding register. */
const writeSpaceOf = ({ space, writeAt }: ResolvedPoint): RegisterSpace =>
  writeAt !== undefined && space === 'input' ? 'holding' : space;

/** Which writable point owns a register. */
function writableOwners({ map }: Layout): (place: string) => ResolvedPoint | undefined {
  const owners = new Map<string, ResolvedPoint>();
  for (const point of Object.values(map.points)) {
    if (point.writable !== true) continue;
    for (const at of writeOffsetsOf(point)) owners.set(`${writeSpaceOf(point)} ${at}`, point);
  }
  return (place) => owners.get(place);
}

/** Which points a device takes in one frame, as the sequences of its controls say. */
function framesOf({ control }: DeviceMap): readonly (readonly string[])[] {
  return control.flatMap(({ arm, set, release }) =>
    [arm, set, release].flatMap((steps) => {
      const frames: string[][] = [];
      for (const { point, together } of steps) {
        if (together === true) frames.at(-1)?.push(point);
        else frames.push([point]);
      }
      return frames;
    }),
  );
}

/** Whether a write holds only a part of what belongs into one frame. */
function isTorn(frames: readonly (readonly string[])[], keys: ReadonlySet<string>): boolean {
  return [...keys].some((key) => {
    const own = frames.filter((frame) => frame.includes(key));
    return own.length > 0 && !own.some((frame) => frame.every((point) => keys.has(point)));
  });
}

interface Write {
  readonly space: RegisterSpace;
  readonly at: number;
  readonly words: ArrayLike<number>;
}

/** Values of a write by point, or why it is refused. */
function valuesOf(
  store: Store,
  ownerOf: (place: string) => ResolvedPoint | undefined,
  { space, at, words }: Write,
): Map<string, number> | ExceptionCode {
  const values = new Map<string, number>();
  for (let n = 0; n < words.length; n += 1) {
    const point = ownerOf(`${space} ${at + n}`);
    if (point === undefined) return 2;
    if (values.has(point.key)) continue;
    const from = (point.writeAt ?? point.at) - at;
    if (from < 0 || from + point.count > words.length) return 3;
    const value = store.decode(point, words, from);
    if (value === undefined || !isAllowed(point, value)) return 3;
    values.set(point.key, value);
  }
  return values;
}

/** Stores a write where it arrived, and where it is read from. */
function keep({ layout, point }: Store, write: Write, keys: Iterable<string>): void {
  layout.raw[write.space].set(write.words, write.at);
  for (const key of keys) {
    const own = point(key);
    if (own.writeAt === undefined) continue;
    for (const offset of wordOffsetsOf(own)) {
      const word = write.words[own.writeAt + offset - write.at] ?? 0;
      layout.raw[own.space][own.at + offset] = word;
    }
  }
}

/** Sets a value and what follows from it; counters go on from where they started. */
function putter(store: Store, startWh: number) {
  const { map } = store.layout;
  const known = (other: string) => (map.points[other] && store.take(other)) || undefined;
  const spreads = new Map<string, Shares[]>();
  const found = (key: string, later: Later): Shares => {
    const own = spreads.get(key) ?? [];
    spreads.set(key, own);
    const spread = spreadOf(map, key);
    if (spread.length === 0) store.point(key);
    const shares = spread
      .filter(({ to }) => to === key || later?.has(to) !== true)
      .map((one) => ({ ...one, slot: store.slot(one.to) }));
    own.push({ later, shares });
    return { later, shares };
  };
  const sharesOf = (key: string, later: Later): Shares['shares'] => {
    for (const one of spreads.get(key) ?? NONE) if (one.later === later) return one.shares;
    return found(key, later).shares;
  };
  const set = (shares: Shares['shares'], value: number | undefined): void => {
    for (const { slot, isCounter, share } of shares) {
      const own = value === undefined ? undefined : share(value, known);
      store.set(slot, isCounter && own !== undefined ? own + startWh : own);
    }
  };
  return {
    has: (key: string): boolean => spreadOf(map, key).length > 0,
    pointsOf: (key: string, later?: ReadonlySet<string>): ResolvedPoint[] =>
      sharesOf(key, later).map(({ slot }) => slot.point),
    put: (key: string, value: number | undefined, later?: ReadonlySet<string>): void =>
      set(sharesOf(key, later), value),
    setterOf: (key: string, later?: ReadonlySet<string>): Setter => {
      const shares = sharesOf(key, later);
      return (value) => set(shares, value);
    },
  };
}

type Later = ReadonlySet<string> | undefined;
const NONE: readonly Shares[] = [];

/** What a put sets where `later` follows it. */
interface Shares {
  readonly later: Later;
  readonly shares: readonly (Spread & { readonly slot: Slot })[];
}

/** The count of seconds that a device shows since its start. */
function heartbeatOf(store: Store): (nowMs: number, again?: boolean) => void {
  const point = store.layout.map.points['deviceHeartbeat'];
  let fromMs: number | undefined;
  return (nowMs, again = false) => {
    if (point === undefined) return;
    if (again || fromMs === undefined) fromMs = nowMs;
    const most = point.count === 1 ? 0xffff : 0xffffffff; // which itself means "not available"
    store.store(point.key, Math.floor((nowMs - fromMs) / 1_000) % most);
  };
}

/**
 * A simulated device: the registers of its profile and what it does by itself.
 * @param options id of the device in the site, and its nameplate
 */
export function createDeviceImage(
  profile: Profile,
  options: { readonly id: string; readonly settings: DeviceSettings },
): DeviceImage {
  const { id, settings } = options;
  const store = createStore(id, layOut(profile, settings));
  const { layout } = store;
  const { map, raw } = layout;
  fill(store, profile, options);
  const registers = { has: (key: string) => key in map.points, take: store.take, put: store.store };
  const born = () => behaviourOf({ ...profile, control: map.control }, registers, settings.ratedW);
  let behaviour = born();
  const beat = heartbeatOf(store);
  const ownerOf = writableOwners(layout);
  const { has, put, pointsOf, setterOf } = putter(store, settings.counterStartWh ?? 10_000);
  const restartMs = Math.max(0, ...profile.control.map((spec) => spec.restartMs ?? 0));
  let nowMs = 0;
  let deafUntilMs = 0; // it takes no writes before

  const judge = (write: Write): Map<string, number> | ExceptionCode => {
    if (raw[write.space].length === 0) return 1;
    const values = valuesOf(store, ownerOf, write);
    if (typeof values === 'number') return values;
    if (isTorn(store.frames, new Set(values.keys()))) return 3;
    if (nowMs < deafUntilMs) return 6;
    const refused = behaviour.accepts(values);
    return refused === 0 ? values : refused;
  };

  const image: PlainImage = {
    id,
    profile,
    map,
    settings,
    raw,
    has,
    put,
    putText: store.storeText,
    take: (key) => {
      const values = (map.sums?.[key] ?? [key]).map(store.take);
      return values.includes(undefined) ? undefined : values.reduce((a = 0, b = 0) => a + b, 0);
    },
    read: (space, at, count) => readFrom(layout, space, at, count),
    judge: (space, at, words) => judge({ space, at, words }),
    write: (space, at, words) => {
      const values = judge({ space, at, words });
      if (typeof values === 'number') return values;
      const keys = new Set(values.keys());
      keep(store, { space, at, words }, keys);
      behaviour.written(keys, nowMs);
      return 0;
    },
    step: (toMs) => {
      nowMs = Math.max(nowMs, toMs);
      behaviour.step(nowMs);
      beat(nowMs);
    },
    restart: (atMs) => {
      nowMs = Math.max(nowMs, atMs);
      deafUntilMs = nowMs + restartMs;
      const isVolatile = (key: string): boolean =>
        map.points[key]?.writable === true && map.points[key]?.stored !== true;
      fill(store, profile, options, isVolatile);
      behaviour = born();
      beat(nowMs, true);
    },
    control: () => behaviour.control(nowMs),
  };
  return following(image, pointsOf, setterOf);
}
