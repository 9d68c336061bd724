import { fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import type { Look } from './planner.ts';

/** What V8 keeps of code and shapes until everything was seen a few times. */
const WARM_PLANS = 2_000;
const GROWTH_MIB = 1;

it('plans 10,000 days in a row and keeps nothing of them', async () => {
  const child = fork(new URL('./planner.ts', import.meta.url), {
    execArgv: ['--expose-gc', '--max-semi-space-size=1', '--no-warnings'],
  });
  const looks: Look[] = [];
  child.on('message', (look: Look) => {
    looks.push(look);
    const figures = [look.heapMib, look.externalMib, look.rssMib].map((mib) => mib.toFixed(1));
    const line = `${look.plans} plans, MiB heap / external / RSS: ${figures.join(' / ')}`;
    process.stdout.write(`${line}\n`);
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  const last = looks.at(-1);
  expect(last?.plans).toBeGreaterThanOrEqual(1_000);
  expect(last?.optimal).toBe(last?.plans);
  const warm = looks.find(({ plans }) => plans >= WARM_PLANS) ?? last;
  if (warm === undefined || last === undefined) throw new Error('it said nothing');
  expect(last.heapMib - warm.heapMib).toBeLessThan(GROWTH_MIB);
  expect(last.externalMib - warm.externalMib).toBeLessThan(GROWTH_MIB);
});
