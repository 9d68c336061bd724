import type { Site } from '../../gateway/contracts/values/site.ts';

export interface ZoneOptions {
  readonly weatherUrl: string;
  readonly priceUrl: string;
  readonly transformerVa: number;
  readonly backgroundW: number;
}

/** The cloud's zone that a run's sites stand in, as its configuration has it. */
export function zoneOf(sites: readonly Site[], options: ZoneOptions) {
  const first = sites[0];
  if (first === undefined) throw new RangeError('a run needs a site');
  const participants = sites.map((site) => {
    const connection = site.connections[0];
    return {
      id: site.participant,
      tariff: connection?.tariff,
      gateways: [
        {
          id: site.gateway,
          connection: connection?.id,
          contractedImportW: connection?.contractedImportW,
          contractedExportW: connection?.contractedExportW,
        },
      ],
    };
  });
  return {
    id: first.zone,
    currency: first.currency,
    latitudeDeg: first.place.latitudeDeg,
    longitudeDeg: first.place.longitudeDeg,
    timeZone: first.place.timeZone,
    gridFeeNanoPerWh: 20_000,
    tariff: first.connections[0]?.tariff,
    transformer: { ratedVa: options.transformerVa, uncontrolledW: options.backgroundW },
    weather: { source: 'open-meteo', url: options.weatherUrl },
    prices: { source: 'energy-charts', biddingZone: 'DE-LU', url: options.priceUrl },
    historyDays: 0, // a year of prices costs more to learn than a day to simulate
    participants,
  };
}

/** Amounts beyond 2^53 stay exact as decimal strings. */
export const bigints = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
