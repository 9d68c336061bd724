import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import {
  DAY_MS,
  type Instant,
  intervalStart,
  localDate,
} from '../../gateway/contracts/values/time.ts';
import type { Hash } from '../../gateway/ports.ts';
import { canonical, compareText } from '../canonical.ts';
import type { LakePart, StoredEnergy } from '../ports.ts';

/** Batches as the lake keeps them: a part for each day of UTC, named by what is in it. */
export function lakeParts(
  tenant: string,
  batches: readonly { readonly gateway: string; readonly records: readonly TelemetryRecord[] }[],
  hash: Hash,
): LakePart[] {
  const lines = batches.flatMap(({ gateway, records }) =>
    records.map((record) => ({
      dayMs: intervalStart(record.kind === 'event' ? record.atMs : record.fromMs, DAY_MS),
      line: canonical({ gateway, ...record }),
    })),
  );
  const [first, ...others] = new Set(batches.map(({ gateway }) => gateway));
  const whose = others.length > 0 ? 'fleet' : first;
  return [...Map.groupBy(lines, ({ dayMs }) => dayMs)]
    .sort(([a], [b]) => a - b)
    .map(([dayMs, some]) => {
      const own = some.map(({ line }) => line);
      const name = `${whose}-${digestOf(own, hash)}`;
      return { tenant, dataset: 'telemetry', day: dayText(dayMs), name, lines: own };
    });
}

/** Lines of the ledger's journal as the lake keeps them; names follow their numbers. */
export function journalParts(tenant: string, lines: readonly string[], hash: Hash): LakePart[] {
  const entries = lines.map((line) => ({
    line,
    ...(JSON.parse(line) as { readonly n: number; readonly atMs: Instant }),
  }));
  return [...Map.groupBy(entries, ({ atMs }) => intervalStart(atMs, DAY_MS))]
    .sort(([a], [b]) => a - b)
    .map(([dayMs, some]) => {
      const own = some.map(({ line }) => line);
      const name = `${String(some[0]?.n).padStart(12, '0')}-${digestOf(own, hash)}`;
      return { tenant, dataset: 'ledger', day: dayText(dayMs), name, lines: own };
    });
}

const digestOf = (lines: readonly string[], hash: Hash): string =>
  hash.sha256(lines.join('\n')).slice(0, 32);

/** A day of UTC, as the lake names it. */
export const dayText = (dayMs: Instant): string => localDate(dayMs, 'UTC');

/** Fewer sites than this would say something about one of them. */
export const SITES_FEWEST = 3;

export interface ZoneEnergy {
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly sites: number;
  readonly inWh: number; // taken from the grid
  readonly outWh: number; // given to it
}

/**
 * What the sites of a zone took and gave together, interval by interval.
 * @param sites  each one's records; of two for an interval the later version counts
 */
export function zoneDemand(sites: readonly (readonly StoredEnergy[])[]): ZoneEnergy[] {
  const sums = new Map<string, ZoneEnergy>();
  for (const records of sites) {
    const newest = new Map<string, StoredEnergy>();
    for (const record of records) {
      const key = `${record.fromMs}/${record.durationMs}`;
      if (record.version >= (newest.get(key)?.version ?? 0)) newest.set(key, record);
    }
    for (const [key, { fromMs, durationMs, inWh, outWh }] of newest) {
      const sum = sums.get(key) ?? { fromMs, durationMs, sites: 0, inWh: 0, outWh: 0 };
      sums.set(key, {
        ...sum,
        sites: sum.sites + 1,
        inWh: sum.inWh + inWh,
        outWh: sum.outWh + outWh,
      });
    }
  }
  return [...sums]
    .filter(([, sum]) => sum.sites >= SITES_FEWEST)
    .sort(([a, one], [b, other]) => one.fromMs - other.fromMs || compareText(a, b))
    .map(([, sum]) => sum);
}
