import type { DeviceMap, Profile } from '../devices/profile.ts';
import { resolveProfile } from '../devices/resolve.ts';
import type { BusSpec, Site } from './contracts/values/site.ts';
import { timing } from './contracts/values/timing.ts';
import { expectedMs } from './guard/bus/wire-time.ts';
import { planBlocks, readRequest } from './guard/measurements/plan.ts';
import { type Load, scheduleOf, wireWords } from './guard/measurements/schedule.ts';

export interface WireLoad {
  readonly bus: string;
  readonly isShort: boolean; // it cannot carry all that should be read over it
  readonly text: string;
}

function loadsOf(bus: BusSpec, map: DeviceMap): Load[] {
  const { pauseMs } = map.limits;
  return planBlocks(map, { varyShape: bus.kind !== 'tcp' }).map(
    ({ space, everyCycles, spans }) => ({
      everyCycles,
      costMs: expectedMs(bus, pauseMs, readRequest(space, spans[0])),
    }),
  );
}

/**
 * What the site file alone says of its serial lines, before anybody has answered: usual
 * turnarounds, every optional register there. Devices with a SunSpec chain are known only when they
 * were asked.
 */
export function wireLoads(
  site: Pick<Site, 'buses' | 'devices'>,
  profiles: (id: string) => Profile | undefined,
): WireLoad[] {
  const times = timing(1);
  return site.buses.flatMap((bus): WireLoad[] => {
    if (bus.kind !== 'serial') return [];
    const maps = site.devices.flatMap((device) => {
      const profile = device.bus === bus.id ? profiles(device.profile) : undefined;
      return profile?.kind === 'registers' ? [resolveProfile(profile)] : [];
    });
    if (maps.length === 0) return [];
    const latencyMs = Math.max(...maps.map(({ limits }) => limits.latencyMs));
    const loads = maps.flatMap((map) => loadsOf(bus, map));
    const schedule = scheduleOf(loads, times, latencyMs);
    const { controlCycles, restFactor } = schedule.pace;
    const isShort = controlCycles > 1 || restFactor > 1;
    return [{ bus: bus.id, isShort, text: wireWords(schedule, times) }];
  });
}
