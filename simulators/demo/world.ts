import type { Site } from '../../gateway/contracts/values/site.ts';
import { intervalStart } from '../../gateway/contracts/values/time.ts';
import type { Clock } from '../../gateway/ports.ts';
import type { DeviceImage, Frame, SiteDevices } from '../devices/types.ts';
import { type PlantConfig, type PlantState, type PlantTruth, startPlant, stepPlant } from '../plant/plant.ts';
import type { Commands, Drive } from '../plant/types.ts';
import { bindSite } from '../sites/bind.ts';

/** What judges a running site from outside: every frame on its wires and every instant of its plant. */
export interface Judge {
  frame(frame: Frame): void;
  truth(truth: PlantTruth, nowMs: number, images: Readonly<Record<string, DeviceImage>>): void;
}

export interface WorldSite {
  readonly site: Site;
  readonly plant: PlantConfig;
  readonly devices: SiteDevices;
  readonly judge: Judge;
  readonly seed: number;
  readonly drive: Drive | undefined;
}

export interface RunningSite {
  readonly images: Readonly<Record<string, DeviceImage>>;
  truth(): PlantTruth | undefined;
  stop(): void;
}

/** Real time between two turns of a plant; in a faster run the simulated step is cut into seconds inside. */
const TURN_MS = 20;

/**
 * Lets a site's plant run behind its devices, on the scaled clock, until it is stopped. Truth at the end of each
 * quarter-hour is exact: no step reaches across its boundary.
 */
export function runSite(world: WorldSite, clock: Clock): RunningSite {
  const { images } = world.devices;
  const bound = bindSite(world.site, images, world.seed);
  let state: PlantState = startPlant(world.plant, clock.wallMs());
  let truth: PlantTruth | undefined;
  let running = true;
  const advance = (untilMs: number, commands: Commands): void => {
    while (state.atMs < untilMs) {
      const boundaryMs = intervalStart(state.atMs) + 900_000;
      const dtMs = Math.min(untilMs, boundaryMs) - state.atMs;
      const next = stepPlant(world.plant, state, commands, world.drive, dtMs);
      state = next.state;
      truth = next.truth;
      bound.put(truth);
      world.judge.truth(truth, clock.monoMs(), images);
    }
  };
  const turn = (): void => {
    if (!running) return;
    for (const image of Object.values(images)) image.step(clock.monoMs());
    advance(clock.wallMs(), bound.commands());
    clock.realAt(clock.realMs() + TURN_MS, turn);
  };
  turn();
  return {
    images,
    truth: () => truth,
    stop: () => {
      running = false;
    },
  };
}
