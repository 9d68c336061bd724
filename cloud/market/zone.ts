import type { Tariff } from '../../gateway/contracts/values/tariff.ts';
import type { PriceBounds } from './auction.ts';

/** A gateway's connection as the registry binds it; limits >= 0, W. */
export interface GatewayEntry {
  readonly id: string;
  readonly connection: string; // place of its energy records, as in the site file
  readonly contractedImportW: number;
  readonly contractedExportW: number;
  readonly onLost: 'keep' | 'failsafe';
}

export interface Participant {
  readonly id: string;
  readonly tariff: Tariff; // in the zone's currency
  readonly gateways: readonly GatewayEntry[];
}

/** A zone with its market rules and who is in it. */
export interface Zone {
  readonly id: string;
  readonly currency: string;
  readonly intervalMs: number; // delivery interval
  readonly gateMs: number; // gate closure before delivery
  readonly horizonMs: number; // how far ahead orders are taken
  readonly meterWindowMs: number; // after delivery, then missing values are substituted
  readonly bounds: PriceBounds;
  readonly gridFeeNanoPerWh: number; // on energy traded inside the zone, paid by the buyer
  readonly imbalance: 'two-price' | 'single';
  readonly tariff: Tariff; // at which the retailer supplies and takes the zone's rest
  readonly participants: readonly Participant[];
}
