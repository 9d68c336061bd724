import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS, type Instant, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { type PlantConfig, type PlantTruth, startPlant, stepPlant } from '../plant/plant.ts';

/**
 * What the gateway would have recorded before the demo starts: 15-minute energies of the `days`
 * before `untilMs` (a quarter-hour), as CSV in the format of docs/formats.md. `load_kwh` is all
 * consumption, `pv_kwh` all production; a column `<terminal>_kwh` follows for each load, pv and
 * car.
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
