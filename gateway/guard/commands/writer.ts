import { good } from '../../contracts/values/reading.ts';
import type { Site, Terminal } from '../../contracts/values/site.ts';
import type { Timing } from '../../contracts/values/timing.ts';
import type { Clock, Log } from '../../ports.ts';
import type { Poller } from '../measurements/types.ts';
import { Budget } from './budget.ts';
import { ForeignWrites } from './foreign.ts';
import { Lease } from './lease.ts';
import type { KernelLook, Writer } from './types.ts';

/** Real milliseconds for the last writes before the guard stops. */
const RELEASE_MS = 4_000;

export function createWriter(
  site: Site,
  poller: Poller,
  clock: Clock,
  times: Timing,
  log: Log,
  saved: Record<string, number>,
  kernel: KernelLook,
  proven: (device: string) => boolean = () => false, // its reversion timer
  codes: ReadonlyMap<string, number> = new Map(), // by device: what unlocks its writes
): Writer {
  const budget = new Budget(clock, saved, kernel.mayStore);
  const leases = new Map<string, Lease>();
  const others: ForeignWrites[] = [];
  for (const terminal of site.terminals) {
    const foreign = new ForeignWrites(
      site.control?.foreignWrites ?? 'insist',
      `${terminal.controlDevice ?? terminal.device} (${terminal.id})`,
    );
    const parts = { site, poller, clock, times, log, budget, foreign, proven, codes, kernel };
    const lease = leaseOf(terminal, parts);
    if (lease === undefined) continue;
    leases.set(terminal.id, lease);
    others.push(foreign);
  }
  let closing = false;

  return {
    submit: (verdicts) => {
      if (closing) return;
      for (const verdict of verdicts) leases.get(verdict.terminal)?.offer(verdict);
    },
    releaseAll: async (safe) => {
      closing = true;
      const endMs = clock.realMs() + RELEASE_MS;
      const results = await Promise.all(
        safe.map(async (verdict) => {
          const lease = leases.get(verdict.terminal);
          const verified = lease !== undefined && (await lease.insist(verdict, endMs));
          return { terminal: verdict.terminal, verified };
        }),
      );
      const failed = results.filter((one) => !one.verified).map((one) => one.terminal);
      return { verified: failed.length === 0, failed };
    },
    state: () => [...leases.values()].map((lease) => lease.view()),
    foreign: () => others.flatMap((one) => one.tell()),
    budget: () => budget.all(),
  };
}

interface Parts {
  readonly site: Site;
  readonly poller: Poller;
  readonly clock: Clock;
  readonly times: Timing;
  readonly log: Log;
  readonly budget: Budget;
  readonly kernel: KernelLook;
  readonly foreign: ForeignWrites;
  readonly proven: (device: string) => boolean;
  readonly codes: ReadonlyMap<string, number>;
}

function leaseOf(terminal: Terminal, parts: Parts): Lease | undefined {
  const { site, poller, clock, times, log, budget, kernel, foreign, proven, codes } = parts;
  const device = terminal.controlDevice ?? terminal.device;
  if (terminal.control === 'none' || device === undefined) return undefined;
  const spec = site.devices.find((one) => one.id === device);
  return new Lease({
    terminal,
    device,
    allowed: spec?.allowWithoutReversion === true,
    proven: () => proven(device),
    code: codes.get(device),
    handle: poller.bus(device),
    map: (safe) =>
      (safe ? poller.presumed(device) : poller.known(device)) ? poller.map(device) : undefined,
    observed: () => poller.observed(device),
    ratedW: (part) => {
      const own = part === '' ? undefined : good(poller.reading(device, `${part}.ratedW`));
      return own ?? good(poller.reading(device, 'ratedW'));
    },
    foreign,
    budget,
    refusal: kernel.refusal,
    directionOf: kernel.directionOf,
    clock,
    times,
    log,
  });
}
