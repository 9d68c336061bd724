import { z } from 'zod';
import { zoneForecast } from '../../gateway/contracts/messages.ts';
import { DAY_MS, HOUR_MS } from '../../gateway/contracts/values/time.ts';
import { forecastRow, fromNow } from '../agents/forecasting/forecasting.ts';
import { checked, given, lambda, Refusal, zoneOf } from './lambda.ts';

const asked = z.object({ zone: given.id, hours: given.hours });

export const handler = lambda('weather-forecast', {
  actions: {
    async 'get-forecast'(fields, ports) {
      const { tables, nowMs } = ports;
      const { zone, hours } = checked(asked, fields);
      zoneOf(ports, zone);
      const rows = await tables.rows('forecast_data', 'forecast', zone, nowMs() - 2 * DAY_MS);
      const newest = rows.at(-1);
      if (newest === undefined) throw new Refusal(404, 'no forecast is known for this zone');
      return fromNow(zoneForecast.parse(JSON.parse(newest.body)), nowMs(), hours * HOUR_MS);
    },
  },
  rules: {
    async forecast({ who, payload }, { tables, zones }) {
      const forecast = zoneForecast.safeParse(payload).data;
      if (forecast === undefined || who !== `zone-${forecast.zone}`) return 'refused';
      if (!zones.has(forecast.zone)) return 'refused';
      await tables.put(forecastRow(forecast));
      return 'taken';
    },
  },
});
