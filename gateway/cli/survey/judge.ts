import { decodePoint, decodeText } from '../../../devices/codec.ts';
import { READ_FUNCTION } from '../../../devices/functions.ts';
import type { DeviceMap, ResolvedPoint, Unit } from '../../../devices/profile.ts';
import type { Request } from '../../guard/bus/pdu.ts';
import type { BusResult } from '../../guard/bus/types.ts';

/** Asks one unit. */
export type Ask = (request: Request) => Promise<BusResult>;

export type PointState = 'good' | 'implausible' | 'unavailable' | 'exception' | 'silent';

/** What a point's registers gave, and what is to be thought of it. */
export interface PointResult {
  readonly point: string;
  readonly unit: Unit;
  readonly state: PointState;
  readonly value?: number | string;
  readonly name?: string; // of the value, where it is a state
  readonly tookMs?: number; // real, of the answer
  readonly exception?: number;
  readonly why?: string; // where it is not good
}

type Place = Pick<ResolvedPoint, 'space' | 'at' | 'count'>;
export const readOf = ({ space, at, count }: Place): Request => ({
  fc: READ_FUNCTION[space],
  at,
  count,
});

/** Beyond these no site can be; a profile's own bounds are narrower. */
const POSSIBLE: Readonly<Partial<Record<Unit, readonly [number, number]>>> = {
  Hz: [45, 65],
  V: [0, 1_500],
  degC: [-50, 150],
};

const PERMANENT: Readonly<Record<number, string>> = {
  1: 'it does not know that function',
  2: 'it does not have that register',
  3: 'it does not take that length',
  4: 'it reports a failure of its own',
  5: 'it is busy with an earlier request',
  6: 'it is busy',
  10: 'its gateway has no way to it',
  11: 'it does not answer its gateway',
};
export const exceptionText = (exception: number): string =>
  `exception ${exception}${PERMANENT[exception] === undefined ? '' : `: ${PERMANENT[exception]}`}`;

/** What to say of a value that is there. */
export function judgeValue(
  point: Pick<ResolvedPoint, 'unit' | 'min' | 'max'>,
  value: number,
): Pick<PointResult, 'state' | 'why'> {
  const [low, high] = POSSIBLE[point.unit] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { min = low, max = high } = point;
  if (value >= min && value <= max) return { state: 'good' };
  const bound = value < min ? `below ${min}` : `above ${max}`;
  return { state: 'implausible', why: `${bound} ${point.unit}` };
}

/** A failed read of a point as its result. */
export function judgeFailure(
  { key, unit }: Pick<ResolvedPoint, 'key' | 'unit'>,
  result: BusResult & { ok: false },
): PointResult {
  const { exception } = result;
  if (exception === undefined) return { point: key, unit, state: 'silent', why: result.detail };
  return { point: key, unit, state: 'exception', exception, why: exceptionText(exception) };
}

/** One more try where nothing came; a read does no harm. */
export async function askTwice(ask: Ask, request: Request): Promise<BusResult> {
  const first = await ask(request);
  return first.ok || first.exception !== undefined ? first : ask(request);
}

/** The words of a point, and its exponent from the same answer where they fit into one. */
async function wordsOf(ask: Ask, map: DeviceMap, point: ResolvedPoint) {
  const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
  if (scale === undefined)
    return { result: await askTwice(ask, readOf(point)), exponent: undefined };
  const at = Math.min(point.at, scale.at);
  const count = Math.max(point.at + point.count, scale.at + scale.count) - at;
  if (scale.space === point.space && count <= Math.min(125, map.limits.maxRegistersPerRead)) {
    const result = await askTwice(ask, readOf({ space: point.space, at, count }));
    if (!result.ok) return { result, exponent: undefined };
    const exponent = decodePoint(map, scale, result.words, scale.at - at);
    const words = result.words.slice(point.at - at, point.at - at + point.count);
    return { result: { ...result, words }, exponent };
  }
  const factor = await askTwice(ask, readOf(scale));
  if (!factor.ok) return { result: factor, exponent: undefined };
  const exponent = decodePoint(map, scale, factor.words, 0);
  return { result: await askTwice(ask, readOf(point)), exponent };
}

/** Reads one point and judges what came. */
export async function readPoint(
  ask: Ask,
  map: DeviceMap,
  point: ResolvedPoint,
): Promise<PointResult> {
  const { key, unit } = point;
  const { result, exponent } = await wordsOf(ask, map, point);
  if (!result.ok) return judgeFailure(point, result);
  const head = { point: key, unit, tookMs: Math.round(10 * result.tookMs) / 10 };
  if (point.as === 'str') {
    const text = decodeText(point, result.words, 0);
    if (text === '') return { ...head, state: 'unavailable', why: 'empty' };
    return { ...head, state: 'good', value: text };
  }
  const value = decodePoint(map, point, result.words, 0, exponent);
  if (value === undefined) {
    return { ...head, state: 'unavailable', why: 'the device says that it is not available' };
  }
  const states = Object.entries(point.states ?? {});
  const name = states.find(([, known]) => known === value)?.[0];
  return { ...head, value, ...(name === undefined ? {} : { name }), ...judgeValue(point, value) };
}

/** Everything that can be read of a device, in the order of its profile; `told` after each. */
export async function readAll(
  ask: Ask,
  map: DeviceMap,
  told: (done: number, all: number) => void,
): Promise<PointResult[]> {
  const points = Object.values(map.points).filter(
    ({ as, writeOnly }) => as !== 'sf' && writeOnly !== true,
  );
  const results: PointResult[] = [];
  let silent = 0;
  for (const point of points) {
    results.push(
      silent < SILENT_MOST
        ? await readPoint(ask, map, point)
        : { point: point.key, unit: point.unit, state: 'silent', why: 'not asked any more' },
    );
    silent = results.at(-1)?.state === 'silent' ? silent + 1 : 0;
    told(results.length, points.length);
  }
  return [...results, ...sumsOf(map, results)];
}

/** Points in a row without an answer: the device is gone. */
const SILENT_MOST = 5;

/** Points that are the sum of others: as good as the worst of them. */
function sumsOf(map: DeviceMap, results: readonly PointResult[]): PointResult[] {
  const byKey = new Map(results.map((result) => [result.point, result]));
  return Object.entries(map.sums ?? {}).map(([point, keys]): PointResult => {
    const parts = keys.map((key) => byKey.get(key));
    const unit = map.points[keys[0] ?? '']?.unit ?? 'none';
    const bad = parts.findIndex((part) => part?.state !== 'good');
    if (bad >= 0) return { point, unit, state: 'unavailable', why: `${keys[bad]} is not good` };
    const value = parts.reduce((sum, part) => sum + Number(part?.value), 0);
    return { point, unit, state: 'good', value };
  });
}
