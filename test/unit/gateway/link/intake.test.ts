import { expect, it } from 'vitest';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';
import { Intake } from '../../../../gateway/link/telemetry/intake.ts';
import type { AgentStore } from '../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const record = (seq: number): TelemetryRecord => ({
  ...{ epoch: 1, seq, kind: 'event', atMs: seq },
  ...{ code: 'MODE', mode: 'rules', text: '' },
});

it('a record is acknowledged when its commit has returned, not when it failed', async () => {
  const commits: ((error?: Error) => void)[] = [];
  const store = {
    addRecords: () =>
      new Promise<void>((done, fail) => {
        commits.push((error) => (error === undefined ? done() : fail(error)));
      }),
  } as unknown as AgentStore;
  const told: number[] = [];
  const clock = createVirtualClock();
  const intake = new Intake(store, clock, quiet, (_epoch, seq) => told.push(seq));
  intake.take([record(1), record(2)]);
  await clock.advance(5_000);
  expect([commits.length, told]).toEqual([1, []]);
  commits[0]?.(new Error('no space left on device'));
  await clock.advance(2_000);
  expect([commits.length, told]).toEqual([2, []]);
  commits[1]?.();
  await clock.advance(10);
  expect(told).toEqual([2]);
  await intake.settled();
});
