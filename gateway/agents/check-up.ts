import type { Image } from '../contracts/values/image.ts';
import type { EnergyRecord } from '../contracts/values/record.ts';
import type { Site } from '../contracts/values/site.ts';
import { DAY_MS, type Instant, localDayStart, QUARTER_MS } from '../contracts/values/time.ts';
import { Sky } from './forecasting/sky.ts';
import { type CheckUpDocument, Health } from './health/health.ts';
import { QuarterSums, type Seen } from './health/quarter-sums.ts';
import type { HealthQuarter } from './health/types.ts';
import { findingWords, standWords } from './health/words.ts';
import type { Places } from './places.ts';
import { COVERED_PCT, type QuarterBook } from './quarters.ts';

const BACK_DAYS = 35; // of the site's records, for detectors that begin
const SEEN_COUNT = 200;

type Told = ReturnType<typeof findingWords>;

/** The detectors of equipment faults at one site: fed from records, notes and images. */
export class CheckUp {
  private readonly site: Site;
  private readonly places: Places;
  private readonly sums: QuarterSums;
  private readonly sky: Sky;
  private readonly health = new Health();
  private readonly seen = new Map<Instant, Seen>();
  private told: readonly Told[] = [];

  constructor(site: Site, places: Places) {
    this.site = site;
    this.places = places;
    this.sky = new Sky(site.place);
    const batteries = places.storages.map(({ terminal }) => terminal);
    const ids = [places.connection, ...places.pv, ...batteries].map(({ id }) => id);
    this.sums = new QuarterSums(ids, new Map(batteries.map(({ id, ratedInW }) => [id, ratedInW])));
  }

  see(image: Pick<Image, 'wallMs' | 'points'>): void {
    const seen = this.sums.see(image);
    if (seen === undefined) return;
    this.seen.set(seen.fromMs, seen);
    for (const fromMs of this.seen.keys()) {
      if (fromMs < seen.fromMs - SEEN_COUNT * QUARTER_MS) this.seen.delete(fromMs);
    }
  }

  /** Alarms that stand. */
  alarms(): readonly Told[] {
    return this.told;
  }

  restore({ state }: CheckUpDocument): void {
    this.health.restore(state);
    this.tell();
  }

  /**
   * Takes every quarter-hour that is over.
   * @returns what is to be kept, when a day was closed by it
   */
  feed(nowMs: Instant, quarters: QuarterBook): CheckUpDocument | undefined {
    const { timeZone } = this.site.place;
    const untilMs = Math.floor(nowMs / QUARTER_MS) * QUARTER_MS;
    const firstMs = localDayStart(nowMs - BACK_DAYS * DAY_MS, timeZone);
    let isClosed = false;
    for (let atMs = Math.max(firstMs, this.health.seenUntilMs); atMs < untilMs; ) {
      isClosed = this.health.quarter(this.quarterOf(atMs, quarters)) || isClosed;
      atMs += QUARTER_MS;
    }
    if (!isClosed) return undefined;
    this.tell();
    const state = this.health.state();
    const said = [...this.told.map(({ text }) => text), ...standWords(state, this.nameOf)];
    return { v: 1, state, said };
  }

  private readonly nameOf = (id: string): string =>
    this.site.terminals.find((one) => one.id === id)?.name ?? `The meter of ${id}`;

  private tell(): void {
    const { timeZone } = this.site.place;
    this.told = this.health.findings().map((one) => findingWords(one, this.nameOf, timeZone));
  }

  private quarterOf(fromMs: Instant, quarters: QuarterBook): HealthQuarter {
    const { places } = this;
    const note = quarters.noteOf(fromMs);
    const seen = this.seen.get(fromMs);
    const record = (id: string): EnergyRecord | undefined => {
      const one = quarters.energyOf(fromMs, id);
      const isMeasured = one && one.quality !== 'substituted' && one.coveragePct >= COVERED_PCT;
      return isMeasured ? one : undefined;
    };
    return {
      fromMs,
      dayMs: localDayStart(fromMs, this.site.place.timeZone),
      clearShare: this.sky.at(fromMs, fromMs).clearShare,
      sources: places.pv.map(({ id, ratedInW }) => ({
        id,
        ratedW: ratedInW,
        madeWh: note?.curtailed ? undefined : record(id)?.inWh,
        temperatureC: seen?.temperatureC[id],
      })),
      stores: places.storages.map(({ terminal: { id }, store }) => ({
        id,
        usableWh: store.usableWh,
        givenWh: record(id)?.inWh,
        takenWh: record(id)?.outWh,
        socPct: note?.socPct[id],
        resistanceOhm: seen?.resistanceOhm[id],
      })),
      meters: [places.connection, ...places.pv, ...places.storages.map((one) => one.terminal)].map(
        ({ id }) => ({ id, counterWh: seen?.counterWh[id], powerWh: seen?.powerWh[id] }),
      ),
    };
  }
}
