import { decodePoint, encodePoint, encodeText, encodeUnavailable } from '../../devices/codec.ts';
import type { Profile, RegisterSpace, ResolvedPoint } from '../../devices/profile.ts';
import { behaviourOf } from './behaviour.ts';
import { type Layout, layOut } from './layout.ts';
import type { DeviceImage, DeviceSettings, ExceptionCode } from './types.ts';
import { spreadOf, startValues } from './values.ts';

const MOST_WORDS = 125;
const MOST_BITS = 2_000;

/** Registers as values: what any client would decode, and what the device itself stores. */
interface Store {
  readonly layout: Layout;
  point(key: string): ResolvedPoint;
  take(key: string): number | undefined;
  store(key: string, value: number | undefined): void;
  storeText(key: string, text: string): void;
  /** Value of a point in words that are about to be written. */
  decode(point: ResolvedPoint, words: ArrayLike<number>, offset: number): number | undefined;
}

function createStore(name: string, layout: Layout): Store {
  const { map, raw } = layout;
  const point = (key: string): ResolvedPoint => {
    const found = map.points[key];
    if (found === undefined) throw new Error(`${name} (${map.profile}) has no point ${key}`);
    return found;
  };
  const exponentOf = ({ scaleFrom }: ResolvedPoint): number | undefined => {
    const scale = scaleFrom === undefined ? undefined : map.points[scaleFrom];
    return scale && decodePoint(map, scale, raw[scale.space], scale.at);
  };
  const decode: Store['decode'] = (own, words, offset) =>
    decodePoint(map, own, words, offset, exponentOf(own));
  return {
    layout,
    point,
    decode,
    take: (key) => {
      const own = point(key);
      return decode(own, raw[own.space], own.at);
    },
    store: (key, value) => {
      const own = point(key);
      const words =
        value === undefined
          ? encodeUnavailable(map, own)
          : encodePoint(map, own, value, exponentOf(own));
      raw[own.space].set(words, own.at);
    },
    storeText: (key, text) => {
      const own = point(key);
      raw[own.space].set(encodeText(own, text), own.at);
    },
  };
}

/** Nameplate, identity and values at rest. */
function fill(
  store: Store,
  profile: Profile,
  { id, settings }: { readonly id: string; readonly settings: DeviceSettings },
): void {
  const { map } = store.layout;
  for (const [key, value] of startValues(map, settings)) store.store(key, value);
  const texts = {
    maker: profile.maker,
    model: settings.model ?? 'Simulated',
    firmware: '1.0',
    serial: settings.serial ?? id,
  };
  for (const [key, text] of Object.entries(texts)) {
    const point = map.points[key];
    if (point?.as === 'str') store.storeText(key, text.slice(0, 2 * point.count));
  }
}

function readFrom(layout: Layout, space: RegisterSpace, at: number, count: number) {
  const words = layout.raw[space];
  const most = space === 'coil' || space === 'discrete' ? MOST_BITS : MOST_WORDS;
  const fail = (exception: ExceptionCode) => ({ words: new Uint16Array(0), exception });
  if (words.length === 0) return fail(1);
  if (!(count >= 1 && count <= most)) return fail(3);
  if (at + count > words.length) return fail(2);
  for (let n = at; n < at + count; n += 1) if (layout.readable[space][n] !== 1) return fail(2);
  return { words: words.slice(at, at + count), exception: 0 as const };
}

/** Which writable point owns a register. */
function writableOwners({ map }: Layout): (place: string) => ResolvedPoint | undefined {
  const owners = new Map<string, ResolvedPoint>();
  for (const point of Object.values(map.points)) {
    if (point.writable !== true) continue;
    for (let n = 0; n < point.count; n += 1) owners.set(`${point.space} ${point.at + n}`, point);
  }
  return (place) => owners.get(place);
}

/** Values of a write by point, or why it is refused. */
function valuesOf(
  store: Store,
  ownerOf: (place: string) => ResolvedPoint | undefined,
  write: { readonly space: RegisterSpace; readonly at: number; readonly words: ArrayLike<number> },
): Map<string, number> | ExceptionCode {
  const { space, at, words } = write;
  const values = new Map<string, number>();
  for (let n = 0; n < words.length; n += 1) {
    const point = ownerOf(`${space} ${at + n}`);
    if (point === undefined) return 2;
    if (point.at < at || point.at + point.count > at + words.length) return 3;
    if (values.has(point.key)) continue;
    const value = store.decode(point, words, point.at - at);
    if (value === undefined || !allowed(point, value)) return 3;
    values.set(point.key, value);
  }
  return values;
}

/** Sets one value and what follows from it; counters go on from where they started. */
function putValue(store: Store, startWh: number, key: string, value: number | undefined): void {
  const { map } = store.layout;
  const known = (other: string) => (map.points[other] && store.take(other)) || undefined;
  const shares = [...spreadOf(map, key, value, known)];
  if (shares.length === 0) store.point(key);
  for (const [own, share] of shares) {
    const counter = share !== undefined && /(^|\.|\d)(in|out)Wh$/i.test(own);
    store.store(own, counter ? share + startWh : share);
  }
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
  const layout = layOut(profile, settings);
  const { map, raw } = layout;
  const store = createStore(id, layout);
  fill(store, profile, options);
  const behaviour = behaviourOf(profile, { take: store.take, put: store.store });
  const ownerOf = writableOwners(layout);
  const startWh = settings.counterStartWh ?? 10_000;
  let nowMs = 0;
  let heartbeatFromMs: number | undefined;

  const beat = (): void => {
    const point = map.points['deviceHeartbeat'];
    if (point === undefined) return;
    heartbeatFromMs ??= nowMs;
    const most = point.count === 1 ? 0xffff : 0xffffffff; // which itself means "not available"
    store.store(point.key, Math.floor((nowMs - heartbeatFromMs) / 1_000) % most);
  };

  return {
    id,
    profile,
    map,
    settings,
    raw,
    has: (key) => [...spreadOf(map, key, 0, () => undefined)].length > 0,
    put: (key, value) => putValue(store, startWh, key, value),
    putText: store.storeText,
    take: (key) => {
      const values = (map.sums?.[key] ?? [key]).map(store.take);
      return values.includes(undefined) ? undefined : values.reduce((a = 0, b = 0) => a + b, 0);
    },
    read: (space, at, count) => readFrom(layout, space, at, count),
    write: (space, at, words) => {
      if (raw[space].length === 0) return 1;
      const values = valuesOf(store, ownerOf, { space, at, words });
      if (typeof values === 'number') return values;
      const refused = behaviour.accepts(values);
      if (refused !== 0) return refused;
      raw[space].set(words, at);
      behaviour.written(new Set(values.keys()), nowMs);
      return 0;
    },
    step: (toMs) => {
      nowMs = Math.max(nowMs, toMs);
      behaviour.step(nowMs);
      beat();
    },
    control: () => behaviour.control(nowMs),
  };
}

function allowed(point: ResolvedPoint, value: number): boolean {
  if (point.states !== undefined) return Object.values(point.states).includes(value);
  return value >= (point.min ?? value) && value <= (point.max ?? value);
}
