import { profileById } from '../devices/catalogue.ts';
import type { Profile } from '../devices/profile.ts';
import type { Directive } from './contracts/values/directive.ts';
import type { BusSpec, Site } from './contracts/values/site.ts';
import { SiteTiming, type Timing } from './contracts/values/timing.ts';
import type { BlackBox } from './guard/blackbox/recorder.ts';
import { busMaker } from './guard/bus/buses.ts';
import { createWriter } from './guard/commands/writer.ts';
import { createPoller } from './guard/measurements/poller.ts';
import { type PassRules, PassThrough } from './guard/pass.ts';
import { mayStore } from './guard/safety/budget.ts';
import { refusal } from './guard/safety/registers.ts';
import { directionOf } from './guard/safety/rules.ts';
import { controlBuses } from './guard/site/control-buses.ts';
import { createGuard, type Guard, type GuardState } from './guard/tick.ts';
import { Trials } from './guard/trials.ts';
import { believedClock, releasedAtMs } from './guard/wall.ts';
import type { Clock, Log, Verifier, Wire } from './ports.ts';
import { type AgentProcess, Supervisor } from './processes/supervisor.ts';

/** What the writer asks before anything goes on the wire. */
const KERNEL = { mayStore, refusal, directionOf };

export interface GuardPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly verifier: Verifier;
  readonly wire: (bus: BusSpec) => Wire;
  readonly save: (state: GuardState) => void;
  readonly blackBox?: BlackBox | undefined; // default: nothing is recorded
}

const NOTHING_PASSES: PassRules = { devices: [], writes: false, sharePct: 5 };

export interface GuardConfig {
  readonly site: Site;
  readonly profiles?: (id: string) => Profile | undefined; // default: the catalogue
  readonly times: Timing;
  readonly saved: GuardState | undefined;
  /** Devices, or `device/terminal`, with a commissioning record. */
  readonly commissioned: ReadonlySet<string>;
  readonly timed?: ReadonlySet<string>; // devices whose own timer was proven
  readonly codes?: ReadonlyMap<string, number>; // secret: by device, what unlocks its writes
  readonly bootId: string;
  readonly passThrough?: PassRules | undefined; // default: nothing passes
}

/**
 * Joins the guard's stages to its ports: the site, the virtual world and the tests all come through
 * here.
 */
export function composeGuard(config: GuardConfig, ports: GuardPorts): Guard {
  const { site, saved } = config;
  const { clock, log } = ports;
  const times = new SiteTiming(config.times, controlBuses(site));
  const buses = busMaker(site, ports.wire, clock, times, log);
  const profiles = config.profiles ?? profileById;
  const poller = createPoller(site, profiles, buses, clock, times, log, (bus, controlMs) =>
    times.follow(bus, controlMs),
  );
  const trials = new Trials({ site, poller, clock, times, log });
  const isTimed = (device: string): boolean =>
    trials.covers(device) || config.timed?.has(device) === true;
  const budget = saved?.budget ?? {};
  const writer = createWriter(
    site,
    poller,
    clock,
    times,
    log,
    budget,
    KERNEL,
    isTimed,
    config.codes,
  );
  const rules = config.passThrough ?? NOTHING_PASSES;
  const passing = new PassThrough(rules, poller, clock, log, site.devices);
  return createGuard({
    site,
    clock,
    times,
    poller,
    writer,
    verifier: ports.verifier,
    saved,
    commissioned: config.commissioned,
    save: ports.save,
    log,
    bootId: config.bootId,
    blackBox: ports.blackBox,
    pass: (...asked) => passing.ask(...asked),
    passed: () => passing.tell(),
    trials,
  });
}

export interface SupervisedDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly startAgent: () => AgentProcess;
  readonly restart: () => void; // the agent asks for another start of the guard
}

/** Joins a guard to the agent process that it keeps running: images and records go, frames come. */
export function superviseAgent(guard: Guard, deps: SupervisedDeps): Supervisor {
  const supervisor = new Supervisor({
    clock: deps.clock,
    log: deps.log,
    start: deps.startAgent,
    onFrame: (frame) => {
      if (frame.t === 'intent') guard.intent(frame.intent);
      else if (frame.t === 'directive') guard.directive(frame.directive);
      else if (frame.t === 'pass') supervisor.pass(frame, guard.pass);
      else if (frame.t === 'trial') supervisor.tried(frame, guard.trial(frame.request));
      else if (frame.t === 'override') {
        supervisor.overridden(frame, guard.override(frame.request));
      } else if (frame.t === 'restart') deps.restart();
    },
    onRestart: () => guard.agentRestarted(),
  });
  guard.onImage = (image) => supervisor.turn(image);
  guard.onRecords = (records) => supervisor.push(records);
  return supervisor;
}

/**
 * The clock that a guard goes by: what it believes of its machine's. It is not earlier than this
 * release, nor than the last time that was written down.
 * @param beganAtMs  of a world that may lie before this release
 */
export function guardClock(
  machine: Clock,
  saved: GuardState | undefined,
  beganAtMs = releasedAtMs,
): Clock {
  const leastMs = Math.min(releasedAtMs, beganAtMs);
  return believedClock(machine, Math.max(leastMs, saved?.wallMs ?? 0));
}

/** A saved state that can be trusted; anything odd counts as none, and the site's defaults bind. */
export function checkSaved(raw: unknown): GuardState | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const state = raw as Record<string, unknown>;
  const finite = ['epoch', 'highestSequence'].every((key) => Number.isSafeInteger(state[key]));
  if (state['v'] !== 1 || !finite || !Array.isArray(state['envelopes'])) return undefined;
  const limits = ['fromMs', 'untilMs', 'importLimitW', 'exportLimitW', 'sequence'] as const;
  const sound = state['envelopes'].every((entry: Directive | null) =>
    limits.every((key) => Number.isFinite(entry?.[key])),
  );
  if (!sound || typeof state['budget'] !== 'object' || state['budget'] === null) return undefined;
  return raw as GuardState;
}
