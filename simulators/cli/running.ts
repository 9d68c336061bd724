import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Run } from '../demo/run.ts';

/** What people read goes to standard error; standard output is for results. */
export const print = (line: string): void => void process.stderr.write(`${line}\n`);

/** Resolves at the first Ctrl-C or SIGTERM; a second one changes nothing. */
export function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => resolve());
    }
  });
}

/** Rejects when a process of the run ends by itself. */
async function stopped(run: Run): Promise<never> {
  const name = await Promise.race(run.processes.map((one) => one.exited.then(() => one.name)));
  throw new Fault(`the process '${name}' ended`, 'run', 'see its log (--keep shows the folder)');
}

/**
 * Resolves when the simulated minutes are over, where there are any, or when somebody ends it: then
 * nothing waits for the minutes any more. Rejects when a process of the run ends by itself.
 */
export async function over(
  run: Run,
  ending: Promise<unknown>,
  minutes: number | undefined,
  fromMs: number,
): Promise<void> {
  let cancel = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    if (minutes === undefined) return;
    cancel = run.clock.at(fromMs + minutes * 60_000, () => resolve());
  });
  try {
    await Promise.race([ending, passed, stopped(run)]);
  } finally {
    cancel();
  }
}

const VIOLATIONS_SHOWN = 10; // of a site

/** What the judges outside of the gateways found, in words. */
export function printVerdicts(run: Run): void {
  for (const { site, court } of run.gateways) {
    for (const { rule, what } of court.violations.slice(0, VIOLATIONS_SHOWN)) {
      print(`${site.id} broke ${rule}: ${what}`);
    }
    for (const id of court.unreleased()) print(`${site.id} did not give ${id} back`);
  }
}
