import type { EnergyRecord } from '../contracts/values/record.ts';
import type { Site } from '../contracts/values/site.ts';
import { type Instant, QUARTER_MS } from '../contracts/values/time.ts';
import type { AgentStore } from '../ports.ts';
import { placesOf } from './places.ts';

/**
 * An earlier interval from elsewhere (a CSV). `byTerminal` names single loads, sources and cars
 * where known.
 */
export interface HistoryRow {
  readonly fromMs: Instant;
  readonly durationMs: number; // a multiple of a quarter-hour
  readonly loadWh: number; // all consumption, >= 0
  readonly pvWh: number; // all production, >= 0
  readonly byTerminal?: Readonly<Record<string, number>>; // Wh >= 0
}

/**
 * Energy records of earlier intervals, marked as substituted, so that no measured one gives way to
 * them. Longer intervals are spread evenly; the whole Wh are kept.
 */
export function historyRecords(site: Site, rows: readonly HistoryRow[]): EnergyRecord[] {
  const places = placesOf(site);
  const records: EnergyRecord[] = [];
  for (const row of rows) {
    const energies = energiesOf(places, row);
    const count = Math.max(1, Math.round(row.durationMs / QUARTER_MS));
    for (const [place, energyWh] of energies) {
      for (let i = 0; i < count; i += 1) {
        const partWh =
          Math.round((energyWh * (i + 1)) / count) - Math.round((energyWh * i) / count);
        records.push({
          kind: 'energy',
          place,
          fromMs: row.fromMs + i * QUARTER_MS,
          durationMs: QUARTER_MS,
          inWh: Math.max(0, partWh),
          outWh: Math.max(0, -partWh),
          coveragePct: 100,
          source: 'counter',
          quality: 'substituted',
          version: 1,
        });
      }
    }
  }
  return records;
}

/** Signed energies by place, + into the node; the connection closes the sum. */
function energiesOf(places: ReturnType<typeof placesOf>, row: HistoryRow): [string, number][] {
  const energies: [string, number][] = [];
  const named = row.byTerminal ?? {};
  let loadWh = row.loadWh;
  for (const { id } of [...places.switched, ...places.cars]) {
    const usedWh = named[id] ?? 0;
    loadWh -= usedWh;
    energies.push([id, -usedWh]);
  }
  places.base.forEach(({ id }, i) => {
    energies.push([id, -(named[id] ?? (i === 0 ? Math.max(0, loadWh) : 0))]);
  });
  for (const { id, ratedInW } of places.pv) {
    const share = places.pvRatedW > 0 ? ratedInW / places.pvRatedW : 0;
    energies.push([id, named[id] ?? row.pvWh * share]);
  }
  for (const { terminal } of places.storages) energies.push([terminal.id, 0]);
  const sumWh = energies.reduce((sum, [, energyWh]) => sum + energyWh, 0);
  return [...energies, [places.connection.id, -sumWh]];
}

/**
 * Puts earlier intervals on disk; the agent reads them at its next start. @returns how many records
 */
export async function importHistory(
  store: AgentStore,
  site: Site,
  rows: readonly HistoryRow[],
): Promise<number> {
  const records = historyRecords(site, rows);
  for (let at = 0; at < records.length; at += 2_000) {
    await store.addHistory(records.slice(at, at + 2_000));
  }
  return records.length;
}
