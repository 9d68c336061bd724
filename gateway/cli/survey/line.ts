import { setTimeout as wait } from 'node:timers/promises';
import type { Profile } from '../../../devices/profile.ts';
import { createClock } from '../../adapters/clock.ts';
import { makeWire } from '../../adapters/modbus/wire.ts';
import { composeLine } from '../../compose-line.ts';
import type { BusSpec } from '../../contracts/values/site.ts';
import type { Request } from '../../guard/bus/pdu.ts';
import type { Bus, BusHandle, BusResult, UnitSettings } from '../../guard/bus/types.ts';
import { schemeOf } from './places.ts';

/** A wire to ask on, one request at a time: our own, or the running gateway's. */
export interface Line {
  readonly label: string;
  readonly requests: number; // so far
  ask(unit: number, request: Request): Promise<BusResult>;
  /** From now on the unit is spoken to as its profile says. */
  suit(unit: number, limits: Profile['limits']): void;
  /** Where a running gateway asks: only what its site has, by its profile. */
  readonly known?: (unit: number) => Profile | undefined;
  /** Where answers carry no id: what else is heard on the wire. */
  readonly overheard?: {
    broken(): number; // answers so far that were none
    answers(): number; // so far, that came when nobody waited for one
    rest(): Promise<void>; // until a late one would have come
  };
  close(): void;
}

export interface Pacing {
  readonly timeoutMs: number; // for an answer of a unit that is not known yet
  readonly pauseMs: number; // between an answer and the next request
  readonly connectMs: number; // for a connection
}

export const LATE_MS = 300;
const LOOK_MS = 10;
export const CONNECT_DELAY_MS = 1_000; // a device that was left is not pressed
const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const placeOf = (bus: BusSpec): string => {
  const scheme = schemeOf(bus);
  if (bus.kind !== 'serial') return `${scheme}${bus.host}:${bus.port}`;
  return `${scheme}${bus.path} at ${bus.baud} baud, parity ${bus.parity}`;
};

function settingsOf(unit: number, pacing: Pacing, limits?: Profile['limits']): UnitSettings {
  const { timeoutMs, pauseMs } = pacing;
  const { lateMs = LATE_MS, connectDelayMs = CONNECT_DELAY_MS } = limits ?? {};
  return {
    unit,
    timeoutMs: Math.max(timeoutMs, limits?.timeoutMs ?? 0),
    pauseMs: Math.max(pauseMs, limits?.pauseMs ?? 0),
    lateMs,
    connectDelayMs,
    ...(limits?.laxTransactionId === undefined ? {} : { lax: limits.laxTransactionId }),
    ...(limits?.settleMs === undefined ? {} : { settleMs: limits.settleMs }),
  };
}

/** Opens a bus of our own. @throws Error in one line when it cannot be opened */
export async function openLine(bus: BusSpec, pacing: Pacing): Promise<Line> {
  const clock = createClock();
  const own = composeLine(bus, { clock, log: QUIET, wire: makeWire });
  const handles = new Map<number, BusHandle>();
  const limits = new Map<number, Profile['limits']>();
  const attach = (unit: number): BusHandle => {
    const handle = own.attach(settingsOf(unit, pacing, limits.get(unit)));
    handles.set(unit, handle);
    return handle;
  };
  own.start();
  const why = await unopened(own, attach(1), pacing.connectMs, clock.realMs);
  if (why !== undefined) {
    own.stop();
    throw new Error(why);
  }
  let requests = 0;
  let broken = 0;
  const overheard = {
    broken: () => broken,
    answers: () => own.late,
    rest: () => wait(LATE_MS),
  };
  return {
    label: placeOf(bus),
    ...(bus.kind === 'serial' || bus.kind === 'rtu-over-tcp' ? { overheard } : {}),
    get requests() {
      return requests;
    },
    async ask(unit, request) {
      requests += 1;
      const known = handles.get(unit);
      // Here somebody asks on purpose: a unit that did not answer is asked all the same.
      const handle = known === undefined || known.down ? attach(unit) : known;
      const result = await handle.request(request, 'control');
      if (!result.ok && result.why === 'bad-frame') broken += 1;
      if (result.ok || result.sent || result.why !== 'closed') return result;
      await unopened(own, handle, CONNECT_DELAY_MS + pacing.connectMs, clock.realMs, true);
      return handle.request(request, 'control');
    },
    suit(unit, own) {
      limits.set(unit, own);
      attach(unit);
    },
    close: () => own.stop(),
  };
}

const ANY: Request = { fc: 3, at: 0, count: 1 };

/** Waits for the connection. @returns why there is none; undefined when there is one */
async function unopened(
  bus: Bus,
  handle: BusHandle,
  withinMs: number,
  nowMs: () => number,
  again = false,
): Promise<string | undefined> {
  const endMs = nowMs() + withinMs;
  while (!bus.connected) {
    const isOver = nowMs() >= endMs;
    if (isOver || (handle.failed && !again)) {
      const result = await handle.request(ANY, 'control'); // tells why, sends nothing
      if (result.ok) return undefined;
      // What was open before us may still be closing.
      const isShort = /in use/.test(result.detail) && !isOver;
      if (!isShort) return handle.failed ? result.detail : `no connection within ${withinMs} ms`;
    }
    await wait(LOOK_MS);
  }
  return undefined;
}
