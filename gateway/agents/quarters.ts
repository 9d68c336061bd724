import type { Image } from '../contracts/values/image.ts';
import { type PlaceNames, placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import type { EnergyRecord } from '../contracts/values/record.ts';
import { DAY_MS, HOUR_MS, type Instant, MINUTE_MS, QUARTER_MS } from '../contracts/values/time.ts';
import type { Quarter } from './forecasting/forecaster.ts';
import { converterOf, isCurtailed, type Places } from './places.ts';

/** One quarter-hour of a site as measured; energies Wh, undefined = not known. */
export interface MeasuredQuarter {
  readonly fromMs: Instant;
  readonly inWh: number; // at the connection: import
  readonly outWh: number;
  readonly pvWh: number | undefined;
  readonly loadWh: number | undefined; // uncontrolled, >= 0
  readonly batteryWh: number | undefined; // + discharge
  readonly usedBy: Readonly<Record<string, number>>; // each flexible load, >= 0
  readonly quality: EnergyRecord['quality'];
  readonly coveragePct: number;
}

/** What records do not carry, seen in the images of a quarter-hour. */
export interface QuarterNote {
  readonly fromMs: Instant;
  readonly socPct: Readonly<Record<string, number>>; // at its end
  readonly curtailed: boolean;
  /**
   * Wh that would have flowed in as well as out without the battery: what netting the quarter-hour
   * hides.
   */
  readonly bothWaysWh: number;
}

const KEPT_MS = 36 * DAY_MS;
export const COVERED_PCT = 90; // a quarter-hour with less teaches nothing

/** Energy records by quarter-hour and place, and the notes beside them. */
export class QuarterBook {
  private readonly places: Places;
  private readonly records = new Map<Instant, Map<string, EnergyRecord>>();
  private readonly notes = new Map<Instant, QuarterNote>();

  constructor(places: Places) {
    this.places = places;
  }

  /** @returns starts of the quarter-hours that changed */
  add(records: readonly EnergyRecord[]): Instant[] {
    const changed = new Set<Instant>();
    for (const record of records) {
      if (record.durationMs !== QUARTER_MS) continue;
      const quarter = this.records.get(record.fromMs) ?? new Map<string, EnergyRecord>();
      const before = quarter.get(record.place);
      if (before && before.version > record.version) continue;
      quarter.set(record.place, record);
      this.records.set(record.fromMs, quarter);
      changed.add(record.fromMs);
    }
    const newestMs = Math.max(...changed, 0);
    for (const atMs of this.records.keys()) {
      if (atMs < newestMs - KEPT_MS) this.records.delete(atMs);
    }
    return [...changed].sort((a, b) => a - b);
  }

  note(note: QuarterNote): void {
    this.notes.set(note.fromMs, note);
  }

  noteOf(fromMs: Instant): QuarterNote | undefined {
    return this.notes.get(fromMs);
  }

  /** The record of one connection or terminal. */
  energyOf(fromMs: Instant, place: string): EnergyRecord | undefined {
    return this.records.get(fromMs)?.get(place);
  }

  /** The quarter-hour that begins at `fromMs`; undefined where the connection has no record. */
  measured(fromMs: Instant): MeasuredQuarter | undefined {
    const quarter = this.records.get(fromMs);
    const grid = quarter?.get(this.places.connection.id);
    if (quarter === undefined || grid === undefined) return undefined;
    const net = (id: string): number | undefined => {
      const record = quarter.get(id);
      return record && record.inWh - record.outWh;
    };
    const sum = (ids: readonly { readonly id: string }[]): number | undefined =>
      ids.reduce<number | undefined>((total, { id }) => {
        const one = net(id);
        return total === undefined || one === undefined ? undefined : total + one;
      }, 0);
    const { pv, base, storages, switched, cars } = this.places;
    const load = sum(base) ?? this.balance(net);
    const usedBy: Record<string, number> = {};
    for (const { id } of [...switched, ...cars]) {
      const used = net(id);
      if (used !== undefined) usedBy[id] = Math.max(0, -used);
    }
    return {
      fromMs,
      inWh: grid.inWh,
      outWh: grid.outWh,
      pvWh: sum(pv),
      loadWh: load === undefined ? undefined : Math.max(0, -load),
      batteryWh: sum(storages.map(({ terminal }) => terminal)),
      usedBy,
      quality: grid.quality,
      coveragePct: grid.coveragePct,
    };
  }

  /**
   * Load by what the node's sum leaves, where it has no record of its own: one unmetered terminal.
   */
  private balance(net: (id: string) => number | undefined): number | undefined {
    const { connection, pv, switched, cars, converters, storages, base } = this.places;
    if (base.length === 0) return 0;
    const others = [
      ...[...pv, ...storages.map(({ terminal }) => terminal)].filter(
        (terminal) => converterOf(this.places, terminal) === undefined,
      ),
      ...switched,
      ...cars,
      ...converters,
    ];
    let total = net(connection.id);
    for (const { id } of others) {
      const one = net(id);
      total = total === undefined || one === undefined ? undefined : total + one;
    }
    return total === undefined ? undefined : -total;
  }

  forForecast(fromMs: Instant): Quarter {
    const found = this.measured(fromMs);
    const measured = found && found.coveragePct >= COVERED_PCT ? found : undefined;
    const meanW = (energyWh: number | undefined): number | undefined =>
      energyWh === undefined ? undefined : Math.max(0, (energyWh * HOUR_MS) / QUARTER_MS);
    return {
      fromMs,
      pvW: meanW(measured?.pvWh),
      loadW: meanW(measured?.loadWh),
      curtailed: this.notes.get(fromMs)?.curtailed ?? false,
    };
  }

  /** Measured quarter-hours in [fromMs, untilMs), in order. */
  list(fromMs: Instant, untilMs: Instant): MeasuredQuarter[] {
    const found: MeasuredQuarter[] = [];
    for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER_MS) {
      const one = this.measured(atMs);
      if (one) found.push(one);
    }
    return found;
  }
}

/** Integrates the images of the running quarter-hour. */
export class QuarterWatch {
  private readonly places: Places;
  private readonly gridPoint: string;
  private readonly storages: readonly { readonly id: string; readonly names: PlaceNames }[];
  private fromMs = -1;
  private lastMs = 0;
  private importWh = 0;
  private exportWh = 0;
  private curtailed = false;
  private soc: Record<string, number> = {};
  private netWh = 0; // at the connection, + import

  constructor(places: Places) {
    this.places = places;
    this.gridPoint = placeNames(places.connection.id).powerW;
    this.storages = places.storages.map(({ terminal: { id } }) => ({ id, names: placeNames(id) }));
  }

  /** @returns the note of the quarter-hour that has just ended, if one has */
  see(image: Image): QuarterNote | undefined {
    const fromMs = Math.floor(image.wallMs / QUARTER_MS) * QUARTER_MS;
    const ended = fromMs !== this.fromMs && this.fromMs >= 0 ? this.close() : undefined;
    if (fromMs !== this.fromMs) this.open(fromMs, image);
    const hours = Math.max(0, image.wallMs - this.lastMs) / HOUR_MS;
    this.lastMs = image.wallMs;
    const gridW = good(image.points[this.gridPoint]);
    if (gridW !== undefined) {
      this.netWh += gridW * hours;
      let batteryW = 0;
      for (const { id, names } of this.storages) {
        batteryW += good(image.points[names.powerW]) ?? 0;
        const soc = good(image.points[names.socPct]);
        if (soc !== undefined) this.soc[id] = soc;
      }
      const withoutW = gridW + batteryW;
      if (withoutW > 0) this.importWh += withoutW * hours;
      else this.exportWh -= withoutW * hours;
    }
    this.curtailed ||= isCurtailed(this.places, image);
    return ended;
  }

  /** Net energy of the running quarter-hour at the connection, Wh, + import; 0 before. */
  netSoFarWh(fromMs: Instant): number {
    return fromMs === this.fromMs ? this.netWh : 0;
  }

  private open(fromMs: Instant, image: Image): void {
    this.fromMs = fromMs;
    this.lastMs = Math.max(fromMs, image.wallMs - MINUTE_MS);
    this.importWh = 0;
    this.exportWh = 0;
    this.netWh = 0;
    this.curtailed = false;
    this.soc = {};
  }

  private close(): QuarterNote {
    return {
      fromMs: this.fromMs,
      socPct: this.soc,
      curtailed: this.curtailed,
      bothWaysWh: Math.round(Math.min(this.importWh, this.exportWh)),
    };
  }
}
