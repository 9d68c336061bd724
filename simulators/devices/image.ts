import { decodePoint, encodePoint, encodeText, encodeUnavailable } from '../../devices/codec.ts';
import type { Profile, RegisterSpace, ResolvedPoint } from '../../devices/profile.ts';
import { behaviourOf } from './behaviour.ts';
import { type Layout, layOut } from './layout.ts';
import type { DeviceImage, DeviceSettings, ExceptionCode } from './types.ts';
import { spreadOf, startValues } from './values.ts';

const MOST_WORDS = 125;
const MOST_BITS = 2_000;

/** Which writable point owns a register. */
function writableOwners(
  layout: Layout,
): (space: RegisterSpace, at: number) => ResolvedPoint | undefined {
  const owners = new Map<string, ResolvedPoint>();
  for (const point of Object.values(layout.map.points)) {
    if (point.writable !== true) continue;
    for (let n = 0; n < point.count; n += 1) owners.set(`${point.space} ${point.at + n}`, point);
  }
  return (space, at) => owners.get(`${space} ${at}`);
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
  const { map, raw, readable } = layout;
  const ownerOf = writableOwners(layout);
  const startWh = settings.counterStartWh ?? 10_000;
  let nowMs = 0;
  let heartbeatFromMs: number | undefined;

  const pointOf = (key: string): ResolvedPoint => {
    const point = map.points[key];
    if (point === undefined) throw new Error(`${id} (${profile.id}) has no point ${key}`);
    return point;
  };
  const valueAt = (point: ResolvedPoint, words: ArrayLike<number>, offset: number) => {
    const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
    const exponent = scale && decodePoint(map, scale, raw[scale.space], scale.at);
    return decodePoint(map, point, words, offset, exponent);
  };
  const take = (key: string): number | undefined => {
    const point = pointOf(key);
    return valueAt(point, raw[point.space], point.at);
  };
  const store = (key: string, value: number | undefined): void => {
    const point = pointOf(key);
    const scale = point.scaleFrom === undefined ? undefined : take(point.scaleFrom);
    const words =
      value === undefined ? encodeUnavailable(map, point) : encodePoint(map, point, value, scale);
    raw[point.space].set(words, point.at);
  };
  const put = (key: string, value: number | undefined): void => {
    const known = (other: string) => (map.points[other] === undefined ? undefined : take(other));
    const shares = [...spreadOf(map, key, value, known)];
    if (shares.length === 0) pointOf(key);
    for (const [own, share] of shares) {
      const counter = share !== undefined && /(^|\.|\d)(in|out)Wh$/i.test(own);
      store(own, counter ? share + startWh : share);
    }
  };

  for (const [key, value] of startValues(map, settings)) store(key, value);
  const texts = { maker: profile.maker, model: settings.model ?? 'Simulated', firmware: '1.0' };
  for (const [key, text] of Object.entries({ ...texts, serial: settings.serial ?? id })) {
    const point = map.points[key];
    if (point?.as !== 'str') continue;
    raw[point.space].set(encodeText(point, text.slice(0, 2 * point.count)), point.at);
  }
  const behaviour = behaviourOf(profile, { take, put: store });

  const beat = (): void => {
    const point = map.points['deviceHeartbeat'];
    if (point === undefined) return;
    heartbeatFromMs ??= nowMs;
    const most = point.count === 1 ? 0xffff : 0xffffffff; // which itself means "not available"
    store(point.key, Math.floor((nowMs - heartbeatFromMs) / 1_000) % most);
  };

  return {
    id,
    profile,
    map,
    settings,
    raw,
    has: (key) => [...spreadOf(map, key, 0, () => undefined)].length > 0,
    put,
    putText: (key, text) => {
      const point = pointOf(key);
      raw[point.space].set(encodeText(point, text), point.at);
    },
    take: (key) => {
      const parts = map.sums?.[key];
      if (parts === undefined) return take(key);
      const values = parts.map((part) => take(part) ?? Number.NaN);
      const sum = values.reduce((a, b) => a + b, 0);
      return Number.isNaN(sum) ? undefined : sum;
    },
    read: (space, at, count) => {
      const words = raw[space];
      const most = space === 'coil' || space === 'discrete' ? MOST_BITS : MOST_WORDS;
      const fail = (exception: ExceptionCode) => ({ words: new Uint16Array(0), exception });
      if (words.length === 0) return fail(1);
      if (!(count >= 1 && count <= most)) return fail(3);
      if (at + count > words.length) return fail(2);
      for (let n = at; n < at + count; n += 1) if (readable[space][n] !== 1) return fail(2);
      return { words: words.slice(at, at + count), exception: 0 };
    },
    write: (space, at, words) => {
      if (raw[space].length === 0) return 1;
      const values = new Map<string, number>();
      for (let n = 0; n < words.length; n += 1) {
        const point = ownerOf(space, at + n);
        if (point === undefined) return 2;
        if (point.at < at || point.at + point.count > at + words.length) return 3;
        if (values.has(point.key)) continue;
        const value = valueAt(point, words, point.at - at);
        if (value === undefined || !allowed(point, value)) return 3;
        values.set(point.key, value);
      }
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
