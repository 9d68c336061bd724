import type { Clock } from '../ports.ts';
import type { LeaseView, Writer } from './commands/types.ts';
import type { Verdict } from './safety/verdict.ts';

const LOOK_REAL_MS = 5;

/** Resolves when the promise does or the deadline comes, whichever is first; the clock decides. */
export function within<Value>(
  promise: Promise<Value>,
  realMs: number,
  clock: Clock,
): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const cancel = clock.realAt(clock.realMs() + realMs, () => resolve(undefined));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

function stands(verdict: Verdict, lease: LeaseView | undefined): boolean {
  // nothing can be written there
  if (lease === undefined || lease.refused !== undefined) return true;
  const { lastVerified } = lease;
  return lastVerified?.kind === verdict.kind && lastVerified.powerW === verdict.powerW;
}

/**
 * Commands verdicts and waits until each was read back.
 * @returns the terminals where that had not happened after `realMs`
 */
export async function command(
  verdicts: readonly Verdict[],
  writer: Writer,
  clock: Clock,
  realMs: number,
): Promise<string[]> {
  const endMs = clock.realMs() + realMs;
  const open = (): string[] => {
    const leases = writer.state();
    return verdicts
      .filter(
        (one) =>
          !stands(
            one,
            leases.find(({ terminal }) => terminal === one.terminal),
          ),
      )
      .map(({ terminal }) => terminal);
  };
  writer.submit(verdicts, clock.monoMs());
  while (open().length > 0 && clock.realMs() < endMs) {
    await new Promise<void>((done) => clock.realAt(clock.realMs() + LOOK_REAL_MS, done));
  }
  return open();
}
