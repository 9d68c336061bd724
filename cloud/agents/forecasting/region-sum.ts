import type { GatewayStatus } from '../../../gateway/contracts/messages.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../../../gateway/contracts/values/time.ts';
import type { StoredEnergy } from '../../ports.ts';

/** A closed quarter-hour: start, energy used and made, Wh >= 0 (null: not known), and the sites. */
export type RegionQuarter = readonly [
  fromMs: Instant,
  loadWh: number | null,
  pvWh: number | null,
  sites: number,
];

type Places = NonNullable<GatewayStatus['places']>;

interface SiteQuarter {
  readonly fromMs: Instant;
  readonly loadWh: number;
  readonly pvWh: number;
  readonly placeCount: number;
}

interface Site {
  places: ReadonlyMap<string, Places[number]>;
  readonly told: Map<Instant, Map<string, StoredEnergy>>; // by quarter-hour that is open
  readonly lastDay: Map<number, SiteQuarter>; // by quarter-hour of the day of UTC
  newest: SiteQuarter | undefined;
}

const SLOTS = DAY_MS / QUARTER_MS;
const TOLD_SHARE = 0.5; // of the sites: with fewer a sum is a guess

/**
 * Sums of what sites meter. A site that is silent for less than a day counts as it was at that time
 * of the day before (or as it was last): its load has not gone. Batteries are in no sum: they
 * follow prices and what others use.
 */
export class RegionSum {
  private readonly known = new Map<string, Site>();
  private count = 0;

  /** Sites of the last quarter-hour that was closed. */
  get sites(): number {
    return this.count;
  }

  places(gateway: string, places: Places): void {
    const site = this.siteOf(gateway);
    site.places = new Map(places.map((one) => [one.id, one]));
  }

  placesOf(gateway: string): string[] {
    return [...(this.known.get(gateway)?.places.keys() ?? [])];
  }

  ratings(): { readonly loadW: number; readonly pvW: number } {
    let [loadW, pvW] = [0, 0];
    for (const { places } of this.known.values()) {
      for (const { kind, ratedW } of places.values()) {
        if (kind === 'load') loadW += ratedW;
        else pvW += ratedW;
      }
    }
    return { loadW, pvW };
  }

  /** @returns whether it counts; of two for an interval the later version does */
  take(record: StoredEnergy): boolean {
    const site = this.known.get(record.gateway);
    if (!site?.places.has(record.place) || record.durationMs !== QUARTER_MS) return false;
    const told = site.told.get(record.fromMs) ?? new Map<string, StoredEnergy>();
    const before = told.get(record.place);
    if (before === undefined || before.version <= record.version) told.set(record.place, record);
    site.told.set(record.fromMs, told);
    return true;
  }

  /** Records of quarter-hours that are closed: what a site did a day ago. */
  recall(records: readonly StoredEnergy[]): void {
    for (const record of records) {
      const site = this.known.get(record.gateway);
      if (!site || !this.take(record)) continue;
      const own = quarterOf(site, record.fromMs);
      if (own === undefined) continue;
      keep(site, own);
    }
  }

  /** First quarter-hour of which anything was told and that is not closed. */
  oldestMs(): Instant | undefined {
    const starts = [...this.known.values()].flatMap(({ told }) => [...told.keys()]);
    return starts.length === 0 ? undefined : starts.reduce((a, b) => Math.min(a, b));
  }

  /** In order of time. */
  close(fromMs: Instant): RegionQuarter {
    let [loadWh, pvWh, told, missing] = [0, 0, 0, 0];
    for (const site of this.known.values()) {
      const own = quarterOf(site, fromMs);
      for (const oldMs of site.told.keys()) if (oldMs <= fromMs) site.told.delete(oldMs);
      const { newest } = site;
      const isSilent = newest === undefined || fromMs - newest.fromMs > DAY_MS;
      // Half of a batch is less than the site.
      const isWhole = own !== undefined && (isSilent || own.placeCount >= newest.placeCount);
      if (!isWhole && isSilent) continue;
      const past = site.lastDay.get((fromMs / QUARTER_MS) % SLOTS);
      const counted = isWhole ? own : past?.fromMs === fromMs - DAY_MS ? past : newest;
      if (isWhole) told += 1;
      else missing += 1;
      loadWh += counted?.loadWh ?? 0;
      pvWh += counted?.pvWh ?? 0;
      if (isWhole) keep(site, own);
    }
    this.count = told + missing;
    const isKnown = this.count > 0 && told >= TOLD_SHARE * this.count;
    return isKnown ? [fromMs, loadWh, pvWh, this.count] : [fromMs, null, null, this.count];
  }

  private siteOf(gateway: string): Site {
    let site = this.known.get(gateway);
    if (site === undefined) {
      site = { places: new Map(), told: new Map(), lastDay: new Map(), newest: undefined };
      this.known.set(gateway, site);
    }
    return site;
  }
}

function quarterOf({ places, told }: Site, fromMs: Instant): SiteQuarter | undefined {
  const records = told.get(fromMs);
  if (records === undefined) return undefined;
  let [loadWh, pvWh] = [0, 0];
  for (const { place, inWh, outWh } of records.values()) {
    if (places.get(place)?.kind === 'load') loadWh += Math.max(0, outWh - inWh);
    else pvWh += Math.max(0, inWh - outWh);
  }
  return { fromMs, loadWh, pvWh, placeCount: records.size };
}

function keep(site: Site, own: SiteQuarter): void {
  site.lastDay.set((own.fromMs / QUARTER_MS) % SLOTS, own);
  if (own.fromMs >= (site.newest?.fromMs ?? 0)) site.newest = own;
}
