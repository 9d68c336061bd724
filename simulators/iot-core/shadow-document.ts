import { isObject, type Json, type JsonObject } from './service.ts';

/** The state of one shadow, with the time of each leaf. */
export interface ShadowDocument {
  readonly desired: JsonObject | undefined;
  readonly reported: JsonObject | undefined;
  readonly times: { readonly desired?: JsonObject; readonly reported?: JsonObject };
  readonly version: number;
}

export interface Rejection {
  readonly code: number;
  readonly message: string;
}

/** Merges as a shadow does: objects are merged, null deletes, everything else replaces. */
export function merge(into: JsonObject | undefined, change: JsonObject): JsonObject {
  const merged: JsonObject = { ...into };
  for (const [key, value] of Object.entries(change)) {
    const old = merged[key];
    if (value === null) delete merged[key];
    else if (isObject(value)) merged[key] = merge(isObject(old) ? old : undefined, value);
    else merged[key] = value;
  }
  return merged;
}

/** The metadata of what a change touched: a time for each leaf, gone where the leaf is gone. */
export function touch(into: JsonObject | undefined, change: JsonObject, atS: number): JsonObject {
  const times: JsonObject = { ...into };
  for (const [key, value] of Object.entries(change)) {
    const old = times[key];
    if (value === null) delete times[key];
    else if (isObject(value)) times[key] = touch(isObject(old) ? old : undefined, value, atS);
    else times[key] = { timestamp: atS };
  }
  return times;
}

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

/** All of desired that reported does not have; undefined when they agree. */
export function deltaOf(
  desired: JsonObject | undefined,
  reported: JsonObject | undefined,
): JsonObject | undefined {
  const delta: JsonObject = {};
  for (const [key, want] of Object.entries(desired ?? {})) {
    const have = reported?.[key];
    if (isObject(want) && isObject(have)) {
      const inner = deltaOf(want, have);
      if (inner !== undefined) delta[key] = inner;
    } else if (!same(want, have)) delta[key] = want;
  }
  return Object.keys(delta).length > 0 ? delta : undefined;
}

/** The part of the metadata that belongs to a delta. */
export function timesFor(times: JsonObject | undefined, delta: JsonObject): JsonObject {
  const picked: JsonObject = {};
  for (const [key, value] of Object.entries(delta)) {
    const time = times?.[key];
    if (time === undefined) continue;
    picked[key] = isObject(value) && isObject(time) ? timesFor(time, value) : time;
  }
  return picked;
}

export function depthOf(value: Json | undefined): number {
  if (!isObject(value)) return 0;
  return 1 + Math.max(0, ...Object.values(value).map((inner) => depthOf(inner)));
}

/** What is wrong with an update as it stands, whatever the shadow holds. */
export function complaint(body: unknown, depthMax: number): Rejection | undefined {
  if (body === undefined) return { code: 400, message: 'Invalid JSON' };
  if (!isObject(body)) return { code: 400, message: 'Invalid JSON' };
  const state = body['state'];
  if (state === undefined) {
    return { code: 400, message: 'Missing required node: state' };
  }
  if (!isObject(state)) return { code: 400, message: 'State node must be an object' };
  for (const key of ['desired', 'reported']) {
    const part = state[key];
    if (part === undefined || part === null) continue;
    const name = `${key[0]?.toUpperCase()}${key.slice(1)}`;
    if (!isObject(part)) return { code: 400, message: `${name} node must be an object` };
    if (depthOf(part) > depthMax) {
      return {
        code: 400,
        message: `JSON contains too many levels of nesting; maximum is ${depthMax}`,
      };
    }
  }
  const version = body['version'];
  if (version !== undefined && !Number.isSafeInteger(version)) {
    return { code: 400, message: 'Invalid version' };
  }
  const token = body['clientToken'];
  if (token !== undefined && (typeof token !== 'string' || token.length > 64)) {
    return { code: 400, message: 'Invalid clientToken' };
  }
  return undefined;
}
