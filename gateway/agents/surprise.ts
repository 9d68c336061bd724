import type { Image } from '../contracts/values/image.ts';
import { type PlaceNames, placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import { MINUTE_MS } from '../contracts/values/time.ts';
import type { Places } from './places.ts';

const SHARE = 0.15; // of the connection
const LEAST_W = 1_500;
const TOLD_AT = 0.6;
const NEAR_PCT = 8; // of a battery's charge

/** What the plan in force expects of this moment. */
export interface Expected {
  readonly needW: number; // of the site without its batteries, + deficit
  readonly socPct: Readonly<Record<string, number>>; // by storage terminal
}

/**
 * Watches for a site that, without its batteries, is far from what the plan expects for some time,
 * and for a battery that holds more or less: worth a new plan.
 */
export class Surprise {
  private readonly places: Places;
  private readonly weight: number;
  private readonly gridPoint: string;
  private readonly storages: readonly { readonly id: string; readonly names: PlaceNames }[];
  private share = 0;

  constructor(places: Places, cycleMs: number) {
    this.places = places;
    this.gridPoint = placeNames(places.connection.id).powerW;
    this.storages = places.storages.map(({ terminal: { id } }) => ({ id, names: placeNames(id) }));
    // Half the weight is from the last five minutes, whatever the length of a cycle.
    this.weight = Math.min(1, cycleMs / (5 * MINUTE_MS));
  }

  /** @returns true once, when it has been so for long enough */
  step({ points }: Image, expected: Expected | undefined): boolean {
    const { connection } = this.places;
    const gridW = good(points[this.gridPoint]);
    if (expected === undefined || gridW === undefined) return false;
    let needW = gridW;
    let isOff = false;
    for (const { id, names } of this.storages) {
      needW += good(points[names.powerW]) ?? 0;
      const socPct = good(points[names.socPct]);
      const wantedPct = expected.socPct[id];
      if (socPct === undefined || wantedPct === undefined) continue;
      isOff ||= Math.abs(socPct - wantedPct) > NEAR_PCT;
    }
    const limitW = Math.max(LEAST_W, SHARE * connection.contractedImportW);
    isOff ||= Math.abs(needW - expected.needW) > limitW;
    this.share += this.weight * ((isOff ? 1 : 0) - this.share);
    if (this.share < TOLD_AT) return false;
    this.share = 0;
    return true;
  }
}
