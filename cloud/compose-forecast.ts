import type { Clock, Http, Log } from '../gateway/ports.ts';
import {
  type ForecastState,
  onPrices,
  onWeather,
  priceQuestion,
  weatherQuestion,
} from './agents/forecasting/forecasting.ts';

const HTTP_TIMEOUT_MS = 10_000; // real

/**
 * Asks a zone's sources; one that fails or answers nonsense leaves the last good answer in place.
 */
export async function askSources(
  forecast: ForecastState,
  ports: { readonly http: Http; readonly clock: Clock; readonly log: Log },
): Promise<void> {
  const ask = async (
    what: string,
    url: string | undefined,
    take: (body: string) => string | undefined,
  ): Promise<void> => {
    if (url === undefined) return;
    const why = await ports.http.get(url, HTTP_TIMEOUT_MS).then(
      (answer) => (answer.status === 200 ? take(answer.body) : `status ${answer.status}`),
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (why !== undefined) {
      ports.log.warn(`${what} of ${forecast.zone.id}: the last one stays`, { why });
    }
  };
  await ask('weather', weatherQuestion(forecast.zone), (body) => onWeather(forecast, body));
  const prices = priceQuestion(forecast.zone, ports.clock.wallMs());
  await ask('prices', prices, (body) => onPrices(forecast, body));
}
