/** Who sent a message to a reserved topic. */
export interface Caller {
  readonly clientId: string;
  readonly certificateId: string | undefined;
  /** Straight to this connection, subscribed or not. */
  reply(topic: string, body: unknown): void;
}

/** What the reserved services need of the broker. */
export interface Outlet {
  /** JSON to everyone who subscribed. */
  publish(topic: string, body: unknown): void;
}

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns undefined when it is not JSON */
export function parseJson(payload: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}

export const epochSeconds = (): number => Math.floor(Date.now() / 1_000);

/** The token a request carries, for its answer. */
export function tokenOf(body: unknown): { clientToken?: string } {
  const token = isObject(body) ? body['clientToken'] : undefined;
  return typeof token === 'string' && token.length <= 64 ? { clientToken: token } : {};
}
