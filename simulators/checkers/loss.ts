import type { Case, Heard, Judge, Told } from './types.ts';
import { type Control, controlsOf } from './wiring.ts';

/** Stands for all wires of the site: who speaks on none of them is down. */
const GATEWAY = ' gateway'; // no id of a device

export interface LossJudge extends Judge {
  /** Controlled terminals that do not obey their safe state now. */
  unsafe(): string[];
}

/** When devices answered, UTC. */
function createEar(court: Case, silentMs: number) {
  const readAtMs = new Map<string, number>();
  const heardAtMs = new Map<string, number>();
  const backAtMs = new Map<string, number>(); // answers again after a silence
  let newest: Heard | undefined; // answered, unless the next word is that it was not
  const hear = (): void => {
    if (newest === undefined) return;
    const { frame, span } = newest;
    newest = undefined;
    if (frame.exception !== 0) return;
    const atMs = court.wallOf(frame.atMs);
    for (const key of [frame.device, GATEWAY]) {
      const before = heardAtMs.get(key);
      if (before !== undefined && atMs - before > silentMs) backAtMs.set(key, atMs);
      heardAtMs.set(key, atMs);
    }
    if (!frame.write && span.hasControl) readAtMs.set(frame.device, atMs);
  };
  return {
    ...{ readAtMs, heardAtMs, backAtMs, hear },
    frame: (heard: Heard): void => {
      hear();
      newest = heard;
    },
    unanswered: (): void => {
      newest = undefined;
    },
  };
}

/**
 * S4: no later than `safeByMs` (10 cycles) and the way to the device after the last answered
 * control reading of a terminal's device, or of the connection's meters, the terminal obeys its
 * safe state. A device that answers nothing cannot be commanded, and a gateway that speaks on no
 * wire is down: then the device's own timer counts, or a few cycles from when they are back.
 */
export function createLossJudge(court: Case): LossJudge {
  const controls = controlsOf(court);
  const meters = court.site.meters
    .filter((meter) => court.site.connections.some((connection) => connection.id === meter.of))
    .map((meter) => meter.device);
  const sources = new Map(controls.map((control) => [control, sourcesFor(control, meters)]));
  const sourcesOf = (control: Control): Sources =>
    sources.get(control) ?? { own: undefined, meters };
  const told = new Set<string>();
  const { safeByMs, cycleMs, reversionMs, stretch } = court.times;
  const silentMs = 3 * cycleMs;
  // From decision to effect: a write; in an accelerated run also the real turns of two processes.
  const slackMs = stretch > 1 ? 2 * cycleMs : cycleMs;
  let startMs: number | undefined;
  const { readAtMs, heardAtMs, backAtMs, hear, ...ear } = createEar(court, silentMs);
  return {
    ...ear,
    unsafe: () =>
      controls
        .filter((control) => !isSafe(control, control.face.control()))
        .map((control) => control.terminal.id),
    turn: (truth) => {
      hear();
      startMs ??= truth.atMs;
      const begunMs = startMs;
      for (const control of controls) {
        const { id } = control.terminal;
        const readMs = lastReadMs(sourcesOf(control), (device) => readAtMs.get(device) ?? begunMs);
        const keys = [control.device, GATEWAY];
        const silent = keys.some((key) => truth.atMs - (heardAtMs.get(key) ?? begunMs) > silentMs);
        const timerMs = silent ? Math.max(reversionMs, control.spec.reversion.minS * 1_000) : 0;
        const backMs = Math.max(...keys.map((key) => backAtMs.get(key) ?? 0));
        // A device's own timer runs in time, what the gateway has to do in its turns.
        const sinceMs = (fromMs: number): number =>
          silent ? truth.atMs - fromMs : court.pace.elapsedMs(fromMs, truth.atMs);
        const late =
          sinceMs(readMs) > safeByMs + timerMs + slackMs && sinceMs(backMs) > silentMs + slackMs;
        // Allowed by name in the site file (S5): nobody can end what it was told.
        const isEndless = silent && control.spec.reversion.to === 'none';
        if (!late || isEndless || isSafe(control, control.face.control())) {
          told.delete(id);
        } else if (!told.has(id)) {
          told.add(id);
          const seconds = Math.round((truth.atMs - readMs) / 1_000);
          court.report(
            'S4',
            truth.atMs,
            `${id}: not in its safe state ${seconds} s after the last reading`,
          );
        }
      }
    },
  };
}

/** Oldest of the newest control readings that this terminal is steered by. */
function lastReadMs({ own, meters }: Sources, readMs: (device: string) => number): number {
  let bestMs = meters.length === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  // Several meters of one place are ordered: the best one counts.
  for (const device of meters) bestMs = Math.max(bestMs, readMs(device));
  return own === undefined ? bestMs : Math.min(bestMs, readMs(own));
}

/** Devices whose control readings steer a terminal. */
interface Sources {
  readonly own: string | undefined;
  readonly meters: readonly string[];
}

function sourcesFor(control: Control, meters: readonly string[]): Sources {
  const hasReadings = Object.values(control.face.map.points).some(
    (point) => point.class === 'control',
  );
  const isOwn = control.terminal.device !== undefined && hasReadings;
  return { own: isOwn ? control.device : undefined, meters };
}

/** The device's own mode, the safe state of the site file, or anything that helps more. */
function isSafe({ terminal }: Control, now: Told): boolean {
  const safe = terminal.safeState;
  if (now.ownMode) return safe.kind !== 'limit' || safe.limitW >= terminal.ratedInW;
  switch (terminal.control) {
    case 'setpoint':
      return Math.abs(now.setpointW ?? 0) <= Math.max(20, 0.005 * terminal.ratedInW);
    case 'limit': {
      const mostW =
        safe.kind === 'limit' ? safe.limitW : safe.kind === 'zero' ? 0 : terminal.ratedInW;
      return (now.limitW ?? terminal.ratedInW) <= mostW * 1.005 + 1;
    }
    case 'steps':
      return (now.currentA ?? 0) === 0;
    case 'on-off':
      return now.enabled === false;
    case 'none':
      return true;
  }
}
