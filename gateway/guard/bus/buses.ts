import type { BusSpec, Site } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log, Wire } from '../../ports.ts';
import { createBus } from './owner.ts';
import type { Bus } from './types.ts';

/**
 * Uniform in [0, 1), the same for the same site and bus in every run: it only spreads reconnects.
 */
function jitter(text: string): () => number {
  let state = 2_166_136_261;
  for (const char of text) {
    state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 16_777_619) >>> 0;
  }
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}

/** Makes the owner of each of a site's wires; nothing is opened yet. */
export function busMaker(
  site: Pick<Site, 'gateway' | 'devices'>,
  wires: (bus: BusSpec) => Wire,
  clock: Clock,
  times: Timing,
  log: Log,
): (bus: BusSpec) => Bus {
  return (bus) => {
    const own = site.devices.filter((device) => device.bus === bus.id);
    return createBus({
      bus,
      wire: wires(bus),
      clock,
      log,
      stretch: times.stretch,
      random: jitter(`${site.gateway} ${bus.id}`),
      unitsOnBus: new Set(own.map((device) => device.unit)).size,
    });
  };
}
