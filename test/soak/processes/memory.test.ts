import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as later } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { MEMORY } from '../../../gateway/processes/memory.ts';
import { numberFrom } from '../../fixtures/environment.ts';
import { OneSite, running } from './one-site.ts';

/** Cycles of 50 ms: every hour of the site's own time passes in three minutes. */
const SPEED = 20;
const RANGE = { usual: 30, least: 1, most: 10_000 };
const MINUTES = numberFrom('SOAK_MEMORY_MINUTES', RANGE); // real, without the first
const WARM_MINUTES = 15; // what is loaded and compiled once is there
const LOOK_MS = 2_000;
const SLOPE_MAX_MIB_H = 1;
/** What is open for a moment: a connection of the page, a file that is being replaced. */
const HANDLES_SPREAD_MAX = 6;

interface Look {
  readonly atH: number; // of the site
  readonly rssMib: number;
  readonly handles: number;
}

const place = running(new OneSite(SPEED));

function look(pid: number): Look {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const rssKib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
  const handles = readdirSync(`/proc/${pid}/fd`).length;
  return { atH: place.seen().atMs / 3_600_000, rssMib: rssKib / 1_024, handles };
}

/** Spans of the run, each of which has to hold a collection of V8's old generation. */
const SPANS = 4;

/**
 * What is left after a collection: the lowest look of each span. Between two of them, hours of the
 * site apart, a process that keeps nothing rises by 4 to 8 MiB and falls back.
 */
function lowsOf(looks: readonly Look[]): Look[] {
  const size = Math.ceil(looks.length / SPANS);
  return Array.from({ length: SPANS }, (_, n) =>
    looks
      .slice(n * size, (n + 1) * size)
      .reduce((low, one) => (one.rssMib < low.rssMib ? one : low)),
  );
}

/** Of a straight line through the looks, MiB an hour of the site. */
function slopeOf(looks: readonly Look[]): number {
  const mean = (of: (one: Look) => number): number =>
    looks.reduce((sum, one) => sum + of(one), 0) / looks.length;
  const [midH, midMib] = [mean(({ atH }) => atH), mean(({ rssMib }) => rssMib)];
  const across = mean(({ atH, rssMib }) => (atH - midH) * (rssMib - midMib));
  return across / mean(({ atH }) => (atH - midH) ** 2);
}

it('guard and agent hold as much at the end as at the start, files too', async () => {
  await later(WARM_MINUTES * 60_000);
  const [guard = 0, agent = 0] = place.pids();
  const looks = { guard: [] as Look[], agent: [] as Look[] };
  for (const untilMs = performance.now() + MINUTES * 60_000; performance.now() < untilMs; ) {
    looks.guard.push(look(guard));
    looks.agent.push(look(agent));
    await later(LOOK_MS);
  }
  const found = (['guard', 'agent'] as const).map((who) => {
    const all = looks[who];
    const rss = all.map(({ rssMib }) => rssMib);
    const handles = all.map((one) => one.handles);
    const slope = slopeOf(lowsOf(all));
    const hours = (all.at(-1)?.atH ?? 0) - (all[0]?.atH ?? 0);
    process.stdout.write(
      `${who}: ${slope.toFixed(2)} MiB/h over ${hours.toFixed(1)} h, at most ` +
        `${Math.max(...rss).toFixed(0)} MiB, ${Math.min(...handles)} to ` +
        `${Math.max(...handles)} handles\n`,
    );
    const spread = Math.max(...handles) - Math.min(...handles);
    return { slope, spread, isBelow: Math.max(...rss) < MEMORY[who].tellMb };
  });
  for (const { slope, spread, isBelow } of found) {
    expect(slope).toBeLessThan(SLOPE_MAX_MIB_H);
    expect(isBelow).toBe(true);
    expect(spread).toBeLessThanOrEqual(HANDLES_SPREAD_MAX);
  }
  expect(place.pids()).toEqual([guard, agent]);
});
