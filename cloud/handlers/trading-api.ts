import { z } from 'zod';
import { marketResult, statement, statementLine } from '../../gateway/contracts/messages.ts';
import { HOUR_MS } from '../../gateway/contracts/values/time.ts';
import { statementWrites } from '../agents/market-supervisor/mirror.ts';
import { canonical } from '../canonical.ts';
import { checked, given, lambda, mayRead, zoneOf } from './lambda.ts';

const ofZone = z.object({ zone: given.id, hours: given.hours });
const ofParticipant = z.object({ zone: given.id, participant: given.id, hours: given.hours });
const settled = z.object({ line: statementLine });

export const handler = lambda('trading-api', {
  actions: {
    async 'get-results'(fields, ports) {
      const { zone, hours } = checked(ofZone, fields);
      const { currency } = zoneOf(ports, zone).market;
      const sinceMs = ports.nowMs() - hours * HOUR_MS;
      const rows = await ports.tables.rows('market_data', 'result', zone, sinceMs);
      return {
        zone,
        currency,
        results: rows.map((row) => marketResult.parse(JSON.parse(row.body))),
      };
    },
    async 'get-statement'(fields, ports, by) {
      const { zone, participant, hours } = checked(ofParticipant, fields);
      mayRead(by, participant);
      const { currency } = zoneOf(ports, zone).market;
      const sinceMs = ports.nowMs() - hours * HOUR_MS;
      const rows = await ports.tables.rows('trade_data', 'settlement', zone, sinceMs);
      const lines = rows
        .filter((row) => row.who === participant)
        .map((row) => settled.parse(JSON.parse(row.body)).line);
      return { zone, participant, currency, lines };
    },
  },
  rules: {
    async market({ who, payload }, { tables, zones }) {
      const result = marketResult.safeParse(payload).data;
      if (result === undefined || who !== `zone-${result.zone}`) return 'refused';
      const { zone, interval } = result;
      if (!zones.has(zone)) return 'refused';
      await tables.put({
        table: 'market_data',
        key: `result/${zone}/${interval.fromMs}`,
        kind: 'result',
        zone,
        who: '',
        fromMs: interval.fromMs,
        body: canonical(result),
      });
      return 'taken';
    },
    /** Retained and repeated with up to 200 lines: only what is news is written. */
    async statement({ who, payload }, { tables, registry }) {
      const said = statement.safeParse(payload).data;
      const owner = registry.get(who);
      if (said === undefined || owner?.participant !== said.participant) return 'refused';
      for (const write of statementWrites(owner.zone, said)) {
        if (write.op === 'remove') await tables.remove(write.table, write.key);
        else if (write.op === 'put') {
          const known = await tables.get(write.row.table, write.row.key);
          if (known?.body !== write.row.body) await tables.put(write.row);
        }
      }
      return 'taken';
    },
  },
});
