import type { Image } from '../contracts/values/image.ts';
import { placeNames } from '../contracts/values/places.ts';
import { good } from '../contracts/values/reading.ts';
import { MINUTE_MS } from '../contracts/values/time.ts';
import type { Places } from './places.ts';

const SHARE = 0.15; // of the connection
const LEAST_W = 1_500;
const TOLD_AT = 0.6;

/**
 * Watches for a site that, without its batteries, is far from what the plan expects for some time:
 * worth a new plan.
 */
export class Surprise {
  private readonly places: Places;
  private readonly weight: number;
  private readonly gridPoint: string;
  private readonly storagePoints: readonly string[];
  private share = 0;

  constructor(places: Places, cycleMs: number) {
    this.places = places;
    this.gridPoint = placeNames(places.connection.id).powerW;
    this.storagePoints = places.storages.map(({ terminal }) => placeNames(terminal.id).powerW);
    // Half the weight is from the last five minutes, whatever the length of a cycle.
    this.weight = Math.min(1, cycleMs / (5 * MINUTE_MS));
  }

  /** @returns true once, when it has been so for long enough */
  step(image: Image, expectedW: number | undefined): boolean {
    const { connection } = this.places;
    const gridW = good(image.points[this.gridPoint]);
    if (expectedW === undefined || gridW === undefined) return false;
    let batteryW = 0;
    for (const point of this.storagePoints) batteryW += good(image.points[point]) ?? 0;
    const offW = Math.abs(gridW + batteryW - expectedW);
    const limitW = Math.max(LEAST_W, SHARE * connection.contractedImportW);
    this.share += this.weight * ((offW > limitW ? 1 : 0) - this.share);
    if (this.share < TOLD_AT) return false;
    this.share = 0;
    return true;
  }
}
