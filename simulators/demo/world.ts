import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import { timing } from '../../gateway/contracts/values/timing.ts';
import type { Clock } from '../../gateway/ports.ts';
import { balanceErrorW } from '../checkers/balance.ts';
import { type Court, createCourt } from '../checkers/court.ts';
import { createQuarters, type Quarters } from '../checkers/energy.ts';
import type { Frame, SiteDevices } from '../devices/types.ts';
import {
  type PlantConfig,
  type PlantState,
  type PlantTruth,
  startPlant,
  stepPlant,
} from '../plant/plant.ts';
import type { Drive } from '../plant/types.ts';
import { bindSite } from '../sites/bind.ts';

/** One site of a run: its plant behind its devices, and the judges that watch both from outside. */
export interface RunningSite {
  readonly site: Site;
  readonly court: Court;
  readonly quarters: Quarters;
  readonly devices: SiteDevices;
  balanceErrorMaxW(): number;
  frame(frame: Frame): void;
  /** The last frame's answer was not sent. */
  unanswered(): void;
  /** Brings the plant to now; a device asked in between shows what is true then. */
  advance(): void;
  directive(directive: Directive): void;
  stop(): void;
}

export interface SiteRun {
  readonly site: Site;
  readonly plant: PlantConfig;
  readonly devices: SiteDevices;
  readonly seed: number;
  readonly drive: Drive | undefined;
  /** Real time between two turns of the plant; default 20 ms. */
  readonly turnMs?: number;
  /** Requests that come together within so much real time see one instant; default 4 ms. */
  readonly freshMs?: number;
  /** The sums of the registers are looked at every so many turns; default 1. */
  readonly balanceTurns?: number;
  /** Hears of every sub-step, beside the judges. */
  readonly onTruth?: (truth: PlantTruth) => void;
}

/** In a faster run the simulated step is cut into seconds inside. */
const TURN_MS = 20;
/** Requests that come together see one instant. */
const FRESH_MS = 4;

/**
 * Lets a site's plant run behind its devices, on the scaled clock, until it is stopped. No step
 * reaches across the edge of a quarter-hour.
 */
export function runSite(run: SiteRun, clock: Clock): RunningSite {
  const { site, devices } = run;
  const { images } = devices;
  const boxes = Object.values(images);
  const bound = bindSite(site, images, run.seed);
  const startMs = clock.wallMs();
  const offsetMs = startMs - clock.monoMs();
  let state: PlantState = startPlant(run.plant, startMs);
  const quarters = createQuarters(site.connections[0]?.id ?? 'grid', startMs);
  const court = createCourt({
    site,
    times: timing(clock.speed),
    devices: images,
    wallOf: (monoMs) => offsetMs + monoMs,
  });
  let truth: PlantTruth | undefined;
  let advancedMs = 0;
  let balanceMaxW = 0;
  let turns = 0;
  let running = true;

  const seen = (truth: PlantTruth): void => {
    quarters.seen(truth);
    court.seen(truth);
    run.onTruth?.(truth);
  };
  const advance = (untilMs: number): void => {
    while (state.atMs < untilMs) {
      const edgeMs = (Math.floor(state.atMs / QUARTER_MS) + 1) * QUARTER_MS;
      const dtMs = Math.min(untilMs, edgeMs) - state.atMs;
      const next = stepPlant(run.plant, state, bound.commands(), run.drive, dtMs, seen);
      state = next.state;
      truth = next.truth;
    }
  };
  const now = (): void => {
    advancedMs = clock.realMs();
    const before = state.atMs;
    for (const image of boxes) image.step(clock.monoMs());
    advance(clock.wallMs());
    if (truth !== undefined && state.atMs > before) bound.put(truth);
  };
  const turn = (): void => {
    if (!running) return;
    now();
    if (truth !== undefined) court.turn(truth);
    turns += 1;
    if (turns % (run.balanceTurns ?? 1) === 0) {
      balanceMaxW = Math.max(balanceMaxW, balanceErrorW(site, images) ?? 0);
    }
    clock.realAt(clock.realMs() + (run.turnMs ?? TURN_MS), turn);
  };
  turn();
  return {
    site,
    court,
    quarters,
    devices,
    balanceErrorMaxW: () => balanceMaxW,
    frame: (frame) => court.frame(frame),
    unanswered: () => court.unanswered(),
    advance: () => {
      if (clock.realMs() - advancedMs > (run.freshMs ?? FRESH_MS)) now();
    },
    directive: (directive) => court.directive(directive, clock.wallMs()),
    stop: () => {
      running = false;
    },
  };
}
