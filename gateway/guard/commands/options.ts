import type { ControlSpec, DeviceMap } from '../../../devices/profile.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { BusHandle } from '../bus/types.ts';
import type { Permit } from '../safety/registers.ts';
import type { Verdict } from '../safety/verdict.ts';
import type { Budget } from './budget.ts';
import type { ForeignWrites } from './foreign.ts';
import { ControlRegisters } from './registers.ts';
import { type Command, isEndless, safePowerW, type Target, targets } from './targets.ts';
import type { KernelLook } from './types.ts';

/** What a lease works with. */
export interface LeaseOptions {
  readonly terminal: Terminal;
  readonly device: string;
  readonly allowed: boolean; // control although the device has no reversion timer
  /** Its timer was proven at commissioning, or is being proven now. */
  readonly proven: () => boolean;
  readonly code?: number | undefined; // secret: unlocks the device's writes; never told to anybody
  readonly handle: BusHandle;
  /** @param safe  a safe state is to be written, which asks less of what is known of the device */
  readonly map: (safe: boolean) => DeviceMap | undefined;
  /** Only to be observed: another device than the bound one answers. */
  readonly observed: () => boolean;
  readonly ratedW: (part: string) => number | undefined;
  readonly foreign: ForeignWrites;
  readonly budget: Budget;
  readonly refusal: KernelLook['refusal'];
  readonly directionOf: KernelLook['directionOf'];
  readonly clock: Clock;
  readonly times: Timing;
  readonly log: Log;
}

/** What a verdict means to the device; at 0 W its direction stays, so that nothing flaps. */
export function commandOf(
  { terminal, times, ratedW }: LeaseOptions,
  { binds, reversion }: ControlSpec,
  { powerW, currentA }: Pick<Verdict, 'powerW' | 'currentA'>,
  direction: Command['direction'] = 'discharging',
): Command {
  const { minS, maxS } = reversion;
  const rated = ratedW(binds) ?? terminal.ratedInW;
  return {
    powerW,
    direction: powerW === 0 ? direction : powerW < 0 ? 'charging' : 'discharging',
    currentA,
    ratedW: rated > 0 ? rated : Math.max(terminal.ratedOutW, 1),
    timeoutS: Math.floor(Math.min(Math.max(times.reversionMs / 1_000, minS), maxS)),
    safeW: safePowerW(terminal),
    safeOn: terminal.safeState.kind !== 'own-mode',
  };
}

/** What unlocks it: before the first write of a connection, and when the device forgets it. */
export function unlocking(
  { code }: LeaseOptions,
  { spec, map, exponents }: ControlRegisters,
  command: Command,
): Target[] {
  const point = spec.unlock?.write?.point;
  if (point === undefined || code === undefined) return [];
  return targets(map, [{ point, value: { const: code } }], command, exponents);
}

/**
 * The control that a terminal is under: the one before while its device is the same. undefined:
 * nobody knows the device yet; a text: why nothing is written.
 */
export function controlFor(
  options: LeaseOptions,
  before: ControlRegisters | undefined,
  { kind }: Verdict,
  isEnd: boolean,
): ControlRegisters | string | undefined {
  const { terminal } = options;
  const map = options.map(isEnd);
  if (map === undefined) return undefined;
  if (options.observed()) return 'another device answers than the one bound; nothing is written';
  const control = before?.map === map ? before : ControlRegisters.of(map, terminal);
  if (control === undefined) return `${map.profile} cannot be controlled by ${terminal.control}`;
  return kind === 'release' ? control : (endless(options, control.spec) ?? control);
}

/** Why a setpoint that nothing ends is not written; undefined where it may be. */
function endless({ proven, allowed }: LeaseOptions, spec: ControlSpec): string | undefined {
  const hasTimer = spec.reversion.to !== 'none';
  if (!isEndless(spec) || (hasTimer && proven()) || allowed) return undefined;
  const what = hasTimer ? 'has no proven' : 'has no';
  return `the device ${what} reversion timer and is not allowed by name in the site file`;
}

/** What may stand in the device's registers under a verdict. */
export function permitOf(options: LeaseOptions, spec: ControlSpec, verdict: Verdict): Permit {
  const { ratedW, safeW } = commandOf(options, spec, verdict);
  const longestS = Math.max(options.times.reversionMs / 1_000, spec.reversion.minS);
  return { verdict, ratedW, safeW, longestS };
}
