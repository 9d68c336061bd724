import type { Connection } from './connection.ts';
import type { Request } from './pdu.ts';
import type { Priority } from './queue.ts';
import type { BusHandle, BusResult } from './types.ts';
import type { Unit } from './unit.ts';
import type { WireTime } from './wire-time.ts';

/** What a unit's handle needs of the owner of its wire. */
export interface Host {
  readonly wireTime: Pick<WireTime, 'costMs' | 'answerMs'>;
  readonly connection: Pick<Connection, 'open' | 'sessions' | 'outages' | 'failed'>;
  request(unit: Unit, request: Request, priority: Priority): Promise<BusResult>;
}

export const handleOf = (unit: Unit, host: Host): BusHandle => ({
  unit: unit.settings.unit,
  request: (request, priority) => host.request(unit, request, priority),
  costMs: (request) => host.wireTime.costMs(unit, request),
  answerMs: (request) => host.wireTime.answerMs(unit, request),
  prove: (request, words) => {
    unit.proof = { request, ...(words === undefined ? {} : { words }) };
  },
  stats: unit.stats,
  get connected() {
    return host.connection.open;
  },
  get sessions() {
    return host.connection.sessions;
  },
  get outages() {
    return host.connection.outages;
  },
  get failed() {
    return host.connection.failed;
  },
  get down() {
    return unit.breaker.open;
  },
});
