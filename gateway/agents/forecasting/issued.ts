import type { Band, SiteForecast } from '../../contracts/values/outlook.ts';

/** A series of bands as it is kept: whole W, a third of the room. */
interface KeptBands {
  readonly lowW: readonly number[];
  readonly midW: readonly number[];
  readonly highW: readonly number[];
}

/** A site's forecast as it is kept on disk. */
export interface KeptForecast extends Omit<SiteForecast, 'pv' | 'load'> {
  readonly pv: KeptBands;
  readonly load: KeptBands;
}

export const keptForecast = (forecast: SiteForecast): KeptForecast => ({
  ...forecast,
  pv: kept(forecast.pv),
  load: kept(forecast.load),
});

/** @param body  own document; those of earlier releases hold bands */
export function readForecast(body: KeptForecast | SiteForecast): SiteForecast {
  return { ...body, pv: bandsOf(body.pv), load: bandsOf(body.load) };
}

const kept = (bands: readonly Band[]): KeptBands => ({
  lowW: bands.map(({ lowW }) => Math.round(lowW)),
  midW: bands.map(({ midW }) => Math.round(midW)),
  highW: bands.map(({ highW }) => Math.round(highW)),
});

function bandsOf(bands: KeptBands | readonly Band[]): readonly Band[] {
  if (!('midW' in bands)) return bands;
  return bands.midW.map((midW, n) => ({
    lowW: bands.lowW[n] ?? midW,
    midW,
    highW: bands.highW[n] ?? midW,
  }));
}
