import type { Limits } from './limits.ts';
import {
  type Caller,
  epochSeconds,
  isObject,
  type JsonObject,
  type Outlet,
  parseJson,
  tokenOf,
} from './service.ts';
import {
  complaint,
  deltaOf,
  merge,
  type Rejection,
  type ShadowDocument,
  timesFor,
  touch,
} from './shadow-document.ts';

const EMPTY: ShadowDocument = { desired: undefined, reported: undefined, times: {}, version: 0 };
const NAME = /^[A-Za-z0-9:_-]{1,64}$/;

interface Held {
  readonly document: ShadowDocument | undefined; // undefined: deleted, its version goes on
  readonly version: number;
}

/** A shadow as a file keeps it. */
export interface KeptShadow extends Held {
  readonly key: string; // thing and name
}

/** Classic and named shadows of all things, in memory. */
export class Shadows {
  private readonly out: Outlet;
  private readonly limits: Limits;
  private readonly held = new Map<string, Held>();

  constructor(out: Outlet, limits: Limits) {
    this.out = out;
    this.limits = limits;
  }

  /** @param levels the topic after `$aws/things/<thing>/shadow` @returns false: not a request */
  take(thing: string, levels: readonly string[], payload: Uint8Array, _from: Caller): boolean {
    const named = levels[0] === 'name';
    const name = named ? levels[1] : undefined;
    const rest = named ? levels.slice(2) : levels;
    const [operation] = rest;
    if (rest.length !== 1 || (named && !NAME.test(name ?? ''))) return false;
    const base = `$aws/things/${thing}/shadow${named ? `/name/${name}` : ''}`;
    if (operation === 'get') this.get(base, thing, name, payload);
    else if (operation === 'update') this.update(base, thing, name, payload);
    else if (operation === 'delete') this.remove(base, thing, name, payload);
    else return false;
    return true;
  }

  /** What a thing's shadow holds, as the HTTP API would tell; undefined where there is none. */
  document(thing: string, name?: string): ShadowDocument | undefined {
    return this.held.get(keyOf(thing, name))?.document;
  }

  all(): KeptShadow[] {
    return [...this.held].map(([key, held]) => ({ key, ...held }));
  }

  restore(kept: readonly KeptShadow[]): void {
    for (const { key, version, document } of kept) this.held.set(key, { version, document });
  }

  /** An update from the cloud's side, as by the HTTP API. */
  set(thing: string, name: string | undefined, body: JsonObject): void {
    const base = `$aws/things/${thing}/shadow${name === undefined ? '' : `/name/${name}`}`;
    this.update(base, thing, name, Buffer.from(JSON.stringify(body)));
  }

  private get(base: string, thing: string, name: string | undefined, payload: Uint8Array): void {
    const token = tokenOf(parseJson(payload));
    const document = this.document(thing, name);
    if (document === undefined) return this.reject(`${base}/get`, missing(thing, name), token);
    const { desired, reported, times, version } = document;
    const delta = deltaOf(desired, reported);
    this.out.publish(`${base}/get/accepted`, {
      state: { ...parts(document), ...(delta && { delta }) },
      metadata: {
        ...times,
        ...(delta && { delta: timesFor(times.desired, delta) }),
      },
      version,
      timestamp: epochSeconds(),
      ...token,
    });
  }

  private remove(base: string, thing: string, name: string | undefined, payload: Uint8Array): void {
    const token = tokenOf(parseJson(payload));
    const held = this.held.get(keyOf(thing, name));
    if (held?.document === undefined) {
      return this.reject(`${base}/delete`, missing(thing, name), token);
    }
    this.held.set(keyOf(thing, name), { document: undefined, version: held.version });
    const timestamp = epochSeconds();
    this.out.publish(`${base}/delete/accepted`, { version: held.version, timestamp, ...token });
  }

  private update(base: string, thing: string, name: string | undefined, payload: Uint8Array): void {
    const body = parseJson(payload);
    const token = tokenOf(body);
    const held = this.held.get(keyOf(thing, name));
    const next = this.next(held, body);
    if ('code' in next) return this.reject(`${base}/update`, next, token);
    const { document, change, times } = next;
    this.held.set(keyOf(thing, name), { document, version: document.version });
    const timestamp = epochSeconds();
    const { version } = document;
    this.out.publish(`${base}/update/accepted`, {
      state: change,
      metadata: times,
      version,
      timestamp,
      ...token,
    });
    const previous = held?.document ?? EMPTY;
    this.out.publish(`${base}/update/documents`, {
      previous: { state: parts(previous), metadata: previous.times, version: previous.version },
      current: { state: parts(document), metadata: document.times, version },
      timestamp,
      ...token,
    });
    const delta = deltaOf(document.desired, document.reported);
    if (delta === undefined) return;
    const metadata = timesFor(document.times.desired, delta);
    this.out.publish(`${base}/update/delta`, {
      state: delta,
      metadata,
      version,
      timestamp,
      ...token,
    });
  }

  private next(
    held: Held | undefined,
    body: unknown,
  ): Rejection | { document: ShadowDocument; change: JsonObject; times: JsonObject } {
    const wrong = complaint(body, this.limits.shadowDepth);
    if (wrong !== undefined || !isObject(body)) {
      return wrong ?? { code: 400, message: 'Invalid JSON' };
    }
    const state = isObject(body['state']) ? body['state'] : {};
    const wanted = body['version'];
    const version = held?.version ?? 0;
    if (typeof wanted === 'number' && wanted !== version) {
      return { code: 409, message: 'Version conflict' };
    }
    const before = held?.document ?? EMPTY;
    const atS = epochSeconds();
    const times: JsonObject = {};
    const part = (
      key: 'desired' | 'reported',
    ): [JsonObject | undefined, JsonObject | undefined] => {
      const change = state[key];
      if (change === undefined) return [before[key], before.times[key]];
      if (!isObject(change)) return [undefined, undefined]; // null deletes all of it
      times[key] = touch(undefined, change, atS);
      return [merge(before[key], change), touch(before.times[key], change, atS)];
    };
    const [desired, desiredAt] = part('desired');
    const [reported, reportedAt] = part('reported');
    const document: ShadowDocument = {
      desired,
      reported,
      times: {
        ...(desiredAt && { desired: desiredAt }),
        ...(reportedAt && { reported: reportedAt }),
      },
      version: version + 1,
    };
    if (Buffer.byteLength(JSON.stringify(parts(document))) > this.limits.shadowBytes) {
      return { code: 413, message: 'The payload exceeds the maximum size allowed' };
    }
    return { document, change: state, times };
  }

  private reject(topic: string, { code, message }: Rejection, token: object): void {
    this.out.publish(`${topic}/rejected`, { code, message, timestamp: epochSeconds(), ...token });
  }
}

const keyOf = (thing: string, name: string | undefined): string => `${thing}\0${name ?? ''}`;

const missing = (thing: string, name: string | undefined): Rejection => ({
  code: 404,
  message: `No shadow exists with name: '${name === undefined ? thing : `${thing}~${name}`}'`,
});

const parts = ({ desired, reported }: ShadowDocument): JsonObject => ({
  ...(desired && { desired }),
  ...(reported && { reported }),
});
