import { z } from 'zod';
import { gatewayStatus } from '../../gateway/contracts/messages.ts';
import { canonical } from '../canonical.ts';
import { ALL, stepEnvelopes } from '../grid/envelopes.ts';
import { checked, given, lambda, zoneOf } from './lambda.ts';

const ofZone = z.object({ zone: given.id });
const ofLoad = z.object({ zone: given.id, importW: given.watts, exportW: given.watts });

export const handler = lambda('grid-management', {
  actions: {
    /** Numbers for all; names of gateways for operators alone. */
    async 'get-grid'(fields, ports, by) {
      const { zone } = checked(ofZone, fields);
      const { gateways, transformer } = zoneOf(ports, zone).grid;
      const rows = await ports.tables.rows('grid_metrics', 'gateway', zone, 0);
      const online = new Set(
        rows
          .filter((row) => gatewayStatus.parse(JSON.parse(row.body)).state === 'online')
          .map((row) => row.who),
      );
      return {
        zone,
        gateways: gateways.length,
        online: gateways.filter((one) => online.has(one.id)).length,
        contractedImportW: gateways.reduce((sum, one) => sum + one.contractedImportW, 0),
        contractedExportW: gateways.reduce((sum, one) => sum + one.contractedExportW, 0),
        transformerRatedVa: transformer.ratedVa,
        ...(by?.role === 'operator' && {
          offline: gateways.filter((one) => !online.has(one.id)).map((one) => one.id),
        }),
      };
    },
    async 'preview-envelopes'(fields, ports) {
      const { zone, importW, exportW } = checked(ofLoad, fields);
      const { gateways, transformer, uncontrolledW, minimumW } = zoneOf(ports, zone).grid;
      const allowedW = transformer.ratedVa * transformer.powerFactor;
      const contracted = gateways.map((one) => ({
        gateway: one.id,
        importW: one.contractedImportW,
        exportW: one.contractedExportW,
      }));
      const facts = { importW, exportW, uncontrolledW, allowedW, minimumW };
      return { zone, allowedW, binding: false, ...stepEnvelopes(ALL, contracted, facts).shares };
    },
  },
  rules: {
    async status({ who, payload, atMs }, { tables, registry }) {
      const status = gatewayStatus.safeParse(payload).data;
      const known = registry.get(who);
      if (status === undefined || known === undefined) return 'refused';
      await tables.put({
        table: 'grid_metrics',
        key: `gateway/${who}`,
        kind: 'gateway',
        zone: known.zone,
        who,
        fromMs: atMs,
        body: canonical(status),
      });
      return 'taken';
    },
  },
});
