import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Run, type RunningGateway } from '../../simulators/demo/run.ts';
import { demoSites } from '../../simulators/sites/demo.ts';
import { historyCsv } from '../../simulators/sites/history.ts';
import { numberFrom } from '../fixtures/environment.ts';

const SETTLE_MS = 20_000;
const RANGE = { usual: 300_000, least: 1_000, most: 86_400_000 };
const TICKS_PER_S = 100; // USER_HZ, fixed on Linux
const PAGE_BYTES = 4_096;

interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
}

function stat(pid: number): { ppid: number; cpuMs: number; rssMb: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const cpuMs = (((fields[11] ?? 0) + (fields[12] ?? 0)) * 1_000) / TICKS_PER_S;
  return { ppid: fields[1] ?? 0, cpuMs, rssMb: ((fields[21] ?? 0) * PAGE_BYTES) / 1e6 };
}

function childOf(pid: number): number {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (stat(Number(name)).ppid === pid) return Number(name);
    } catch {
      // gone since the listing
    }
  }
  throw new Error(`process ${pid} has no child`);
}

function usage(pid: number): Usage {
  const { cpuMs, rssMb } = stat(pid);
  return { cpuMs, rssMb };
}

const round = (value: number, digits = 2): number => Number(value.toFixed(digits));

function demoRun(): Run {
  return new Run({
    sites: demoSites(1).map((demo) => ({
      ...demo,
      history: (untilMs) => historyCsv(demo.plant, untilMs),
      drive: undefined,
    })),
    seed: 1,
    speed: 1,
    startMs: Date.parse('2026-06-17T09:00:00Z'),
    withCloud: true,
    transformerVa: 160_000,
    backgroundW: 12_000,
    notice: (line) => process.stderr.write(`${line}\n`),
  });
}

function share(before: Usage, after: Usage, ranMs: number): { cpuPct: number; rssMb: number } {
  return {
    cpuPct: round((100 * (after.cpuMs - before.cpuMs)) / ranMs),
    rssMb: round(after.rssMb, 0),
  };
}

function summary(gateway: RunningGateway): Record<string, number> {
  return JSON.parse(readFileSync(join(gateway.dir, 'data', 'guard.summary.json'), 'utf8'));
}

/**
 * The demo at 1 Hz for five minutes: what guard and agent cost, how long a turn takes, what goes to
 * the broker.
 */
export async function benchSite(): Promise<object> {
  const measureMs = numberFrom('BENCH_MS', RANGE);
  const run = demoRun();
  try {
    const startMs = performance.now();
    await run.start();
    await run.ready();
    const firstPictureMs = performance.now() - startMs;
    await pause(SETTLE_MS);
    const pids = run.gateways.map((gateway) => ({
      guard: gateway.process.pid,
      agent: childOf(gateway.process.pid),
    }));
    const before = pids.map(({ guard, agent }) => [usage(guard), usage(agent)] as const);
    await pause(measureMs);
    const sites = run.gateways.map((gateway, index) => {
      const [guard, agent] = before[index] ?? [];
      const pid = pids[index];
      if (!guard || !agent || !pid) throw new Error('a process is missing');
      return {
        site: gateway.site.id,
        guard: share(guard, usage(pid.guard), measureMs),
        agent: share(agent, usage(pid.agent), measureMs),
      };
    });
    const clean = await run.stop();
    const ranS = (run.clock.monoMs() - SETTLE_MS) / 1_000;
    const broker = brokerCounts(join(run.dir, 'logs', 'broker.log'));
    return {
      firstPictureS: round(firstPictureMs / 1_000),
      measuredS: measureMs / 1_000,
      clean,
      sites: sites.map((site, index) => {
        const gateway = run.gateways[index];
        const {
          tickP50Ms = 0,
          tickP99Ms = 0,
          cycles,
          missedCycles,
        } = gateway ? summary(gateway) : {};
        const sent = broker[gateway?.site.gateway ?? ''] ?? { messages: 0, bytes: 0 };
        return {
          ...site,
          tickP50Ms: round(tickP50Ms),
          tickP99Ms: round(tickP99Ms),
          cycles,
          missedCycles,
          brokerMessagesPerDay: round((sent.messages * 86_400) / ranS, 0),
          brokerBytesPerDay: round((sent.bytes * 86_400) / ranS, 0),
        };
      }),
    };
  } finally {
    await run.stop();
    run.remove();
  }
}

/** What each client published, as the broker said when it ended. */
function brokerCounts(file: string): Record<string, { messages: number; bytes: number }> {
  const last = readFileSync(file, 'utf8').trim().split('\n').at(-1) ?? '{}';
  return JSON.parse(last).published ?? {};
}
