import { setTimeout as wait } from 'node:timers/promises';
import type { Profile } from '../../../devices/profile.ts';
import { type BusDoor, knock } from '../../adapters/bus-door.ts';
import type { BusSpec, Device } from '../../contracts/values/site.ts';
import type { Request } from '../../guard/bus/pdu.ts';
import type { BusResult } from '../../guard/bus/types.ts';
import { type Line, placeOf } from './line.ts';

const BUSY = 6;
const AGAIN_MS = 250;
const AGAIN_MOST = 120; // its share of the wire comes back within seconds

const refused = (exception: number, detail: string): BusResult => ({
  ok: false,
  why: 'exception',
  exception,
  detail,
  sent: false,
});

/** A read as a Modbus PDU; undefined for what only an owner of the wire may send. */
function pduOf(request: Request): Uint8Array | undefined {
  if (request.fc > 4 || !('count' in request)) return undefined;
  const { fc, at, count } = request;
  return Uint8Array.of(fc, at >> 8, at & 0xff, count >> 8, count & 0xff);
}

/** The guard has checked the answer against the request; here it only takes its form. */
export function wordsOf(request: Request, bytes: readonly number[]): number[] {
  const count = 'count' in request ? request.count : 0;
  const word = (n: number): number => ((bytes[2 + 2 * n] ?? 0) << 8) | (bytes[3 + 2 * n] ?? 0);
  const bit = (n: number): number => ((bytes[2 + (n >> 3)] ?? 0) >> (n & 7)) & 1;
  const isBits = request.fc === 1 || request.fc === 2;
  return Array.from({ length: count }, (_, n) => (isBits ? bit(n) : word(n)));
}

/**
 * A wire that the running gateway owns: its guard asks, with the lowest priority and within a share
 * of the wire's time, and only devices of the site by the profiles of the site.
 * @throws Error when the gateway does not open
 */
export async function openGatewayLine(
  bus: BusSpec,
  dataDir: string,
  devices: readonly Device[],
  profiles: readonly Profile[],
): Promise<Line> {
  const door: BusDoor = await knock(dataDir);
  let requests = 0;
  const deviceAt = (unit: number) => devices.find((device) => device.unit === unit);
  return {
    label: placeOf(bus),
    get requests() {
      return requests;
    },
    async ask(unit, request) {
      const device = deviceAt(unit);
      if (device === undefined) return refused(10, 'not a device of the site');
      const bytes = pduOf(request);
      if (bytes === undefined) return refused(1, 'not through a running gateway');
      for (let again = 0; ; again += 1) {
        requests += 1;
        const fromMs = performance.now();
        const answer = await door.ask(device.id, bytes);
        const tookMs = performance.now() - fromMs;
        const [fc = 0, exception = 0] = answer;
        if (fc < 0x80) {
          return { ok: true, words: wordsOf(request, answer), sentAtMs: fromMs, tookMs };
        }
        if (exception !== BUSY || again === AGAIN_MOST) {
          return refused(exception, `exception ${exception}`);
        }
        await wait(AGAIN_MS);
      }
    },
    suit: () => undefined, // the guard knows how
    known: (unit) => profiles.find(({ id }) => id === deviceAt(unit)?.profile),
    close: () => door.close(),
  };
}
