import { z } from 'zod';
import { hash } from '../../gateway/adapters/crypto.ts';
import { HOUR_MS } from '../../gateway/contracts/values/time.ts';
import { lakeParts, zoneDemand } from '../ingest/history.ts';
import { readBatch } from '../ingest/ingest.ts';
import { checked, given, lambda, mayRead, Refusal, zoneOf } from './lambda.ts';

const ofZone = z.object({ zone: given.id, hours: given.hours });
const ofGateway = z.object({ gateway: given.id, hours: given.hours });

export const handler = lambda('historical-data', {
  actions: {
    async 'get-demand'(fields, ports) {
      const { zone, hours } = checked(ofZone, fields);
      const sinceMs = ports.nowMs() - hours * HOUR_MS;
      const records = await Promise.all(
        zoneOf(ports, zone).grid.gateways.map(({ id, connection }) =>
          ports.tables.energy(id, connection, sinceMs),
        ),
      );
      return { zone, intervals: zoneDemand(records) };
    },
    async 'get-energy'(fields, { tables, registry, nowMs }, by) {
      const { gateway, hours } = checked(ofGateway, fields);
      const known = registry.get(gateway);
      mayRead(by, known?.participant ?? '');
      if (known === undefined) throw new Refusal(404, 'there is no such gateway');
      const sinceMs = nowMs() - hours * HOUR_MS;
      return { gateway, records: await tables.energy(gateway, known.connection, sinceMs) };
    },
  },
  rules: {
    /** First the lake, where the same batch is the same part, then each record once. */
    async telemetry({ who, payload, atMs }, { tenant, registry, tables, lake }) {
      const batch = readBatch(payload);
      if (!batch?.records.length || !registry.has(who)) return 'refused';
      const batches = [{ gateway: who, records: batch.records }];
      for (const part of lakeParts(tenant, batches, hash)) await lake.put(part);
      await tables.storeRecords(who, batch.records, atMs);
      return 'taken';
    },
  },
});
