import type { BusSpec } from '../../contracts/values/site.ts';
import { checkAnswer, type PduAnswer, type Request } from './pdu.ts';
import { encodeRtu, gapMs, HELD_MAX, RtuAnswer } from './rtu.ts';
import { encodeTcp, TcpFramer } from './tcp.ts';

/** A request on the wire. */
export interface Asked {
  readonly unitId: number;
  readonly request: Request;
  readonly lax: boolean; // its gateway does not repeat the transaction id
  tid: number; // the line's
}

/** What a line makes of the bytes that it hears. */
export interface Hearer<T extends Asked> {
  answered(asked: T, answer: PduAnswer): void;
  /** Bytes that nobody waits for any more: counted, never used. */
  stray(count: number, unitId: number | undefined): void;
  /** Nothing later on this connection can be trusted. */
  broken(detail: string): void;
}

/**
 * How requests and answers meet on one wire: by transaction id on Modbus TCP, by order alone on
 * RTU, where a line holds at most one request.
 */
export interface Line<T extends Asked> {
  /** Silence needed on the wire before a request, milliseconds. */
  readonly gapMs: number;
  /**
   * Answers carry no id: after a failure the line must be silent and the unit proven before data is
   * trusted.
   */
  readonly needsResync: boolean;
  /** Bytes of the request; from now on its answer is expected. */
  ask(asked: T): Uint8Array;
  /** Nobody waits for the answer any more. */
  forget(asked: T): void;
  push(bytes: Uint8Array): void;
  /** A new connection: nothing of the old stream counts. */
  reset(): void;
}

/**
 * The transaction id goes on counting over reconnects, so an answer that is 65 535 requests old is
 * the first to clash.
 */
export function tcpLine<T extends Asked>(hearer: Hearer<T>): Line<T> {
  let framer = new TcpFramer();
  let tid = 0;
  const flying: T[] = [];

  const indexOf = (id: number): number => {
    for (let at = 0; at < flying.length; at += 1) {
      const asked = flying[at];
      if (asked !== undefined && (asked.tid === id || asked.lax)) return at;
    }
    return -1;
  };

  const take = (id: number, unit: number, bytes: Uint8Array, from: number, end: number): void => {
    const at = indexOf(id);
    const asked = flying[at];
    if (asked === undefined) return hearer.stray(end - from, unit);
    if (at === 0) flying.shift();
    else flying.splice(at, 1);
    const answer: PduAnswer =
      unit === asked.unitId
        ? checkAnswer(asked.request, bytes, from, end)
        : { ok: false, why: 'bad-frame', detail: `unit ${unit}, asked ${asked.unitId}` };
    hearer.answered(asked, answer);
  };

  return {
    gapMs: 0,
    needsResync: false,
    ask: (asked) => {
      tid = tid === 0xffff ? 1 : tid + 1;
      asked.tid = tid;
      flying.push(asked);
      return encodeTcp(tid, asked.unitId, asked.request);
    },
    forget: (asked) => {
      const at = flying.indexOf(asked);
      if (at >= 0) flying.splice(at, 1);
    },
    push: (bytes) => {
      const own = framer;
      own.push(bytes, take);
      if (own.broken !== undefined && own === framer) hearer.broken(own.broken);
    },
    reset: () => {
      framer = new TcpFramer();
      flying.length = 0;
    },
  };
}

/** @param silentMs gap before a request: 3.5 characters on a tty, little where others keep it */
export function rtuLine<T extends Asked>(hearer: Hearer<T>, silentMs: number): Line<T> {
  let current: { readonly asked: T; readonly taker: RtuAnswer } | undefined;
  let echoes = false;
  const room = new Uint8Array(HELD_MAX);
  const forget = (): void => {
    current = undefined;
  };
  return {
    gapMs: silentMs,
    needsResync: true,
    ask: (asked) => {
      const sent = encodeRtu(asked.unitId, asked.request);
      const taker = new RtuAnswer(asked.unitId, asked.request, sent, echoes, room);
      current = { asked, taker };
      return sent;
    },
    forget,
    push: (bytes) => {
      if (current === undefined) return hearer.stray(bytes.length, undefined);
      const { asked, taker } = current;
      const answer = taker.push(bytes);
      if (answer === 'more') return;
      if (answer.ok) echoes = taker.echoed;
      current = undefined;
      hearer.answered(asked, answer);
    },
    reset: forget,
  };
}

/** Least gap, where the far end keeps the line's own or frames have a beginning and an end. */
const FAR_GAP_MS = 1.75;

/** Bits of a character on a serial line: start, data, parity, stop. */
export const characterBits = (bus: Extract<BusSpec, { kind: 'serial' }>): number =>
  1 + (bus.dataBits ?? 8) + (bus.parity === 'none' ? 0 : 1) + bus.stopBits;

/** Silence that a wire needs before a request, milliseconds. */
export function silenceMs(bus: BusSpec): number {
  if (bus.kind === 'tcp') return 0;
  const keepsGap = bus.kind === 'serial' && bus.framing !== 'ascii';
  return keepsGap ? gapMs(bus.baud, characterBits(bus)) : FAR_GAP_MS;
}

export const lineOf = <T extends Asked>(bus: BusSpec, hearer: Hearer<T>): Line<T> =>
  bus.kind === 'tcp' ? tcpLine(hearer) : rtuLine(hearer, silenceMs(bus));
