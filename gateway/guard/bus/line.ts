import type { BusSpec } from '../../contracts/values/site.ts';
import { checkAnswer, encodeRequest, type PduAnswer, type Request } from './pdu.ts';
import { encodeRtu, gapMs, RtuAnswer } from './rtu.ts';
import { encodeTcp, TcpFramer } from './tcp.ts';

/**
 * How requests and answers meet on one wire: by transaction id on Modbus TCP, by order alone on
 * RTU. A line holds at most one request. `fatal` means that nothing later on this connection can be
 * trusted.
 */
export type LineStep =
  | { readonly is: 'answer'; readonly answer: PduAnswer }
  | { readonly is: 'late' } // an answer that nobody waits for any more: counted, never used
  | { readonly is: 'fatal'; readonly detail: string };

export interface Line {
  /** Silence needed on the wire before a request, milliseconds. */
  readonly gapMs: number;
  /**
   * Answers carry no id: after a failure the line must be silent and the unit proven before data is
   * trusted.
   */
  readonly needsResync: boolean;
  /** Bytes of the request; from now on its answer is expected. */
  ask(unit: number, request: Request, lax: boolean): Uint8Array;
  /** Nobody waits for the answer any more. */
  forget(): void;
  push(bytes: Uint8Array): LineStep[];
  /** A new connection: nothing of the old stream counts. */
  reset(): void;
}

interface Asked {
  readonly tid: number;
  readonly unit: number;
  readonly request: Request;
  readonly lax: boolean;
}

/**
 * The transaction id goes on counting over reconnects, so an answer that is 65 535 requests old is
 * the first to clash.
 */
export function tcpLine(): Line {
  let framer = new TcpFramer();
  let tid = 0;
  let asked: Asked | undefined;

  const take = (frame: { tid: number; unit: number; pdu: Uint8Array }): LineStep => {
    if (asked === undefined || (frame.tid !== asked.tid && !asked.lax)) return { is: 'late' };
    const { unit, request } = asked;
    const answer: PduAnswer =
      frame.unit === unit
        ? checkAnswer(request, frame.pdu)
        : { ok: false, why: 'bad-frame', detail: `unit ${frame.unit}, asked ${unit}` };
    asked = undefined;
    return { is: 'answer', answer };
  };

  return {
    gapMs: 0,
    needsResync: false,
    ask: (unit, request, lax) => {
      const pdu = encodeRequest(request);
      tid = tid === 0xffff ? 1 : tid + 1;
      asked = { tid, unit, request, lax };
      return encodeTcp(tid, unit, pdu);
    },
    forget: () => {
      asked = undefined;
    },
    push: (bytes) => {
      const steps = framer.push(bytes).map(take);
      if (framer.broken !== undefined) steps.push({ is: 'fatal', detail: framer.broken });
      return steps;
    },
    reset: () => {
      framer = new TcpFramer();
      asked = undefined;
    },
  };
}

/**
 * @param baud of the serial line; undefined where the far end of a TCP connection keeps the gap
 *   itself
 */
export function rtuLine(baud: number | undefined): Line {
  let current: RtuAnswer | undefined;
  let echoes = false;
  return {
    gapMs: baud === undefined ? 1.75 : gapMs(baud),
    needsResync: true,
    ask: (unit, request) => {
      const sent = encodeRtu(unit, encodeRequest(request));
      current = new RtuAnswer(unit, request, sent, echoes);
      return sent;
    },
    forget: () => {
      current = undefined;
    },
    push: (bytes) => {
      if (current === undefined) return [{ is: 'late' }];
      const answer = current.push(bytes);
      if (answer === 'more') return [];
      if (answer.ok) echoes = current.echoed;
      current = undefined;
      return [{ is: 'answer', answer }];
    },
    reset: () => {
      current = undefined;
    },
  };
}

export function lineOf(bus: BusSpec): Line {
  if (bus.kind === 'tcp') return tcpLine();
  return rtuLine(bus.kind === 'serial' ? bus.baud : undefined);
}
