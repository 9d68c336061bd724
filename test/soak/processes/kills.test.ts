import { setTimeout as later } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { numberFrom } from '../../fixtures/environment.ts';
import { count } from '../counts.ts';
import { OneSite, running, until } from './one-site.ts';

/** Of each: guard, agent and cloud. */
const RANGE = { usual: 10, least: 1, most: 100_000, isWhole: true } as const;
const ROUNDS = numberFrom('SOAK_GATEWAY_KILLS', RANGE);
const LONGEST_MS = 4_000;
const BACK_MS = 120_000;
const UNDER_WAY = 3; // records: there is always one on its way

const place = running(new OneSite());

/** By its id, and not before it is there. */
function kill(pid: number | undefined): void {
  if (pid === undefined || pid <= 1) throw new Error('nobody to kill');
  process.kill(pid, 'SIGKILL');
}

const KILLS: Readonly<Record<string, () => Promise<void>>> = {
  guard: async () => {
    await place.killGuard();
    place.startGateway();
    await until(() => place.isRunning() || !place.gateway().process.running(), BACK_MS);
    expect(place.gateway().process.running(), place.lastWords()).toBe(true);
  },
  agent: async () => {
    const [, agent] = place.pids();
    kill(agent);
    await until(() => place.pids().some((pid, n) => n > 0 && pid !== agent), BACK_MS);
    const { atMs } = place.seen();
    await until(() => place.seen().atMs > atMs && place.isRunning(), BACK_MS);
  },
  cloud: async () => {
    const cloud = place.cloud();
    cloud.kill();
    expect(await cloud.exited).toBe(null);
    place.startCloud();
    await until(() => place.seen().cloud.backlog <= UNDER_WAY, BACK_MS);
  },
};

it('guard, agent and cloud killed at any instant: no record lost, none twice', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const die of Object.values(KILLS)) {
      await later(Math.random() * LONGEST_MS);
      await die();
    }
  }
  await until(() => place.seen().cloud.backlog <= UNDER_WAY, BACK_MS);
  const { count: stored, doubles, holes } = place.records();
  expect(doubles).toBe(0);
  expect(holes).toBeLessThanOrEqual(UNDER_WAY);
  expect(stored).toBeGreaterThan(ROUNDS);
  const kills = ROUNDS * Object.keys(KILLS).length;
  count('kill of a running process', { kills, records: stored, doubles });
});
