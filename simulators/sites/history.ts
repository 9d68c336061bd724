import { DAY_MS, type Instant, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { type PlantConfig, type PlantTruth, startPlant, stepPlant } from '../plant/plant.ts';

/** UTC to the minute, as the CSV format wants it: 2026-06-15T10:15Z. */
export function isoMinute(atMs: Instant): string {
  const days = Math.floor(atMs / DAY_MS);
  const minutes = Math.floor((atMs - days * DAY_MS) / 60_000);
  // Civil date from day count (Howard Hinnant, "chrono-compatible low-level date algorithms").
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const clock = `${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
  return `${pad(year, 4)}-${pad(month)}-${pad(day)}T${clock}Z`;
}

/**
 * What the gateway would have recorded before the demo starts: 15-minute energies of the `days` before
 * `untilMs` (a quarter-hour), as CSV in the format of docs/formats.md. `load_kwh` is all consumption, `pv_kwh`
 * all production; a column `<terminal>_kwh` follows for each load, pv and car.
 */
export function historyCsv(config: PlantConfig, untilMs: Instant, days = 7): string {
  const coarse = { ...config, subMs: 60_000 };
  let state = startPlant(coarse, untilMs - days * DAY_MS);
  let before: PlantTruth['places'] = {};
  const lines: string[] = [];
  let ids: string[] = [];
  while (state.atMs < untilMs) {
    const fromMs = state.atMs;
    const after = stepPlant(coarse, state, {}, undefined, QUARTER_MS);
    state = after.state;
    const { places } = after.truth;
    if (ids.length === 0) {
      ids = Object.keys(places).filter((id) =>
        ['load', 'pv', 'ev'].includes(places[id]?.kind ?? ''),
      );
      lines.push(['ts', 'load_kwh', 'pv_kwh', ...ids.map((id) => `${id}_kwh`)].join(','));
    }
    const kwh = ids.map((id) => {
      const now = places[id];
      const was = before[id];
      return ((now?.inWh ?? 0) - (was?.inWh ?? 0) + (now?.outWh ?? 0) - (was?.outWh ?? 0)) / 1_000;
    });
    const sum = (pv: boolean): number =>
      kwh.reduce((total, value, n) => {
        return (places[ids[n] ?? '']?.kind === 'pv') === pv ? total + value : total;
      }, 0);
    const fields = [sum(false), sum(true), ...kwh].map((value) => value.toFixed(4));
    lines.push([isoMinute(fromMs), ...fields].join(','));
    before = places;
  }
  return `${lines.join('\n')}\n`;
}
