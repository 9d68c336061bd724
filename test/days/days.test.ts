import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it, vi } from 'vitest';
import type { SeedOutcome } from '../fixtures/world/site-days.ts';
import { plannedRuns } from './plan.ts';

const PATIENCE_MS = 3_600_000;
const LOOK_MS = 100;

it.each(plannedRuns())(
  'seed $seed, $days days: faults violate nothing',
  async ({ seed, days, sites }) => {
    const file = join(inject('siteDays'), `${seed}.json`);
    await vi.waitUntil(() => existsSync(file), { timeout: PATIENCE_MS, interval: LOOK_MS });
    const outcome = JSON.parse(readFileSync(file, 'utf8')) as SeedOutcome;
    expect(outcome.said).toBe('');
    expect(outcome).toMatchObject({ isWell: true, siteDays: days * sites, violations: [] });
    expect(Object.keys(outcome.faultsInjected).length).toBeGreaterThan(0);
  },
);
