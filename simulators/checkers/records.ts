import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { Reporter } from './types.ts';

const HOUR_MS = 3_600_000;
const SLACK_WH = 50; // rounding of counters

/**
 * What a gateway's disk confirmed and what the cloud stored: S10 (what was confirmed comes), S12 (a
 * record has one effect), S16 (energies are none that the connection cannot carry).
 */
export function createRecordJudge(site: Site, report: Reporter) {
  const stored = new Set<string>(); // epoch/seq
  const mostW = site.connections.reduce((sum, { fuseA }) => sum + fuseA * 690, 0) * 2;
  const judgeEnergy = (record: TelemetryRecord): void => {
    if (record.kind !== 'energy') return;
    const { place, inWh, outWh, durationMs } = record;
    const mostWh = (mostW * durationMs) / HOUR_MS + SLACK_WH;
    for (const energyWh of [inWh, outWh]) {
      if (energyWh >= 0 && energyWh <= mostWh) continue;
      report('S16', `${place}: ${energyWh} Wh in ${durationMs / 1_000} s`);
    }
  };
  return {
    /** @param isNew whether the cloud took it for one that it did not have */
    stored: (record: TelemetryRecord, isNew: boolean): void => {
      const key = `${record.epoch}/${record.seq}`;
      if (isNew && stored.has(key)) report('S12', `record ${key} had two effects`);
      stored.add(key);
      if (isNew) judgeEnergy(record);
    },
    /** At the end, when everything had time to come. */
    end: (confirmed: ReadonlySet<string>): void => {
      const lost = [...confirmed].filter((key) => !stored.has(key));
      if (lost.length === 0) return;
      const some = lost.slice(0, 5).join(', ');
      report('S10', `${lost.length} confirmed records never came: ${some}`);
    },
  };
}
