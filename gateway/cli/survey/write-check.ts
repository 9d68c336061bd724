import { decodePoint, encodePoint } from '../../../devices/codec.ts';
import type { DeviceMap, ResolvedPoint, WriteStep } from '../../../devices/profile.ts';
import { Fault } from '../../contracts/values/fault.ts';
import type { Request } from '../../guard/bus/pdu.ts';
import type { BusResult } from '../../guard/bus/types.ts';
import { type Ask, askTwice, readOf } from './judge.ts';

/** What became of a write that was taken back at once. */
export interface WriteResult {
  readonly point: string;
  readonly state: 'proven' | 'ignored' | 'refused' | 'unreadable' | 'not-restored';
  readonly beforeValue?: number;
  readonly writtenValue?: number;
  readonly backValue?: number;
  readonly why?: string;
}

const RESTORES = 3;
/** Written where a time is 0: long enough to be taken back before it runs out. */
const LONG_S = 60;

const isTimer = ({ value }: WriteStep): boolean => 'from' in value && value.from === 'timeoutS';

/**
 * Points that may be written and taken back without an effect: times after which a setpoint ends,
 * where they are volatile and can be read. Everything else a device acts upon, wears out by, or
 * keeps.
 */
export function harmless(map: DeviceMap): ResolvedPoint[] {
  const timers = new Set(
    map.control
      .filter(({ flash }) => flash === 'volatile')
      .flatMap(({ arm }) => arm.filter(isTimer).map(({ point }) => point)),
  );
  return Object.values(map.points).filter(
    ({ key, writable, stored, writeOnly, scaleFrom, space }) =>
      timers.has(key) &&
      writable === true &&
      stored !== true &&
      writeOnly !== true &&
      scaleFrom === undefined &&
      space === 'holding',
  );
}

/** @param name  a point, or true for all that are harmless  @throws Fault for any other */
export function chosen(map: DeviceMap, name: string | true): ResolvedPoint[] {
  const all = harmless(map);
  const names = all.map(({ key }) => key).join(', ');
  if (name === true) {
    if (all.length > 0) return all;
    throw new Fault('it has no point that is written without an effect', map.profile, 'no --write');
  }
  const own = all.find(({ key }) => key === name);
  if (own !== undefined) return [own];
  const point = map.points[name];
  const known = point?.writable === true ? 'the device acts on it, or keeps it' : 'is not written';
  const what = point === undefined ? 'no such point' : known;
  throw new Fault(what, `--write ${name}`, names === '' ? 'no --write' : `one of: ${names}`);
}

function writeOf(map: DeviceMap, point: ResolvedPoint, words: readonly number[]): Request {
  const at = point.writeAt ?? point.at;
  const [word = 0, ...more] = words;
  if (more.length === 0 && map.writeFunction !== 16) return { fc: 6, at, word };
  return { fc: 16, at, words };
}

/** Another value that the register holds, whose meaning is nearly the same. */
function otherThan(map: DeviceMap, point: ResolvedPoint, value: number): number | undefined {
  const candidates = value === 0 ? [LONG_S, 1] : [value + 1, value - 1];
  return candidates.find((candidate) => {
    try {
      encodePoint(map, point, candidate);
      return true;
    } catch {
      return false;
    }
  });
}

const reason = (result: BusResult): string => (result.ok ? '' : result.detail);

async function restored(ask: Ask, map: DeviceMap, point: ResolvedPoint, words: readonly number[]) {
  for (let attempt = 0; attempt < RESTORES; attempt += 1) {
    await ask(writeOf(map, point, words));
    const result = await askTwice(ask, readOf(point));
    if (result.ok && words.every((word, index) => word === result.words[index])) return true;
  }
  return false;
}

/** Compares, writes, reads back, and puts back what was there, whatever happened. */
export async function writeCheck(
  ask: Ask,
  map: DeviceMap,
  point: ResolvedPoint,
): Promise<WriteResult> {
  const { key } = point;
  const first = await askTwice(ask, readOf(point));
  if (!first.ok) return { point: key, state: 'unreadable', why: first.detail };
  const beforeValue = decodePoint(map, point, first.words, 0);
  const writtenValue = beforeValue === undefined ? undefined : otherThan(map, point, beforeValue);
  if (beforeValue === undefined || writtenValue === undefined) {
    return { point: key, state: 'unreadable', why: 'the device says that it is not available' };
  }
  const written = await ask(writeOf(map, point, encodePoint(map, point, writtenValue)));
  if (!written.ok && written.exception !== undefined) {
    return { point: key, state: 'refused', beforeValue, writtenValue, why: written.detail };
  }
  const back = await askTwice(ask, readOf(point));
  const backValue = back.ok ? decodePoint(map, point, back.words, 0) : undefined;
  const isRestored = await restored(ask, map, point, first.words);
  const head = {
    point: key,
    beforeValue,
    writtenValue,
    ...(backValue === undefined ? {} : { backValue }),
  };
  if (!isRestored) {
    return { ...head, state: 'not-restored', why: `write ${beforeValue} by hand: ${reason(back)}` };
  }
  if (backValue === writtenValue) return { ...head, state: 'proven' };
  const why = back.ok ? 'acknowledged, and nothing changed' : back.detail;
  return { ...head, state: 'ignored', why };
}
