import type { Site } from '../contracts/values/site.ts';
import type { Finding } from './finding.ts';

/** No site has so much behind its fuse; who enters kW for W is a thousand times beyond. */
const FUSES_MAX = 20;
/** A battery that its own inverter takes longer to fill is none that anybody builds. */
const FILL_HOURS_MAX = 200;

/**
 * Nameplates that are three zeros off. @param carriedW what the fuses of all connections carry
 * together
 */
export function nameplates(site: Site, carriedW: number): Finding[] {
  const found: Finding[] = [];
  const mend = 'enter what the nameplate says, in W and Wh';
  site.terminals.forEach((terminal, index) => {
    for (const key of ['ratedInW', 'ratedOutW'] as const) {
      const ratedW = terminal[key];
      if (!(ratedW > FUSES_MAX * carriedW)) continue;
      const what = `${ratedW} W is ${Math.round(ratedW / carriedW)} times what the fuses carry`;
      found.push({ path: ['terminals', index, key], what, mend });
    }
  });
  site.stores.forEach((store, index) => {
    const terminal = site.terminals.find(({ id }) => id === store.terminal);
    if (terminal === undefined) return;
    const hours = store.usableWh / Math.max(1, terminal.ratedInW, terminal.ratedOutW);
    if (hours <= FILL_HOURS_MAX) return;
    const what = `${store.usableWh} Wh are ${Math.round(hours)} hours at the power of its terminal`;
    found.push({ path: ['stores', index, 'usableWh'], what, mend });
  });
  return found;
}
