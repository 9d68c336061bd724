import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fields, ReservedTopics } from '../../../../../gateway/link/fleet/reserved.ts';
import {
  JobRunner,
  type Operations,
  Rejected,
  type Tried,
} from '../../../../../gateway/link/jobs/jobs.ts';
import type { Broker, Log } from '../../../../../gateway/ports.ts';
import { createMemoryBroker } from '../../../../../simulators/broker-memory.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const BASE = '$aws/things/gw/jobs';
const MANIFEST = { body: '{}', keyId: 'k', signature: 's' };
const SITE = { operation: 'site', manifest: MANIFEST, document: 'x' };

interface Told {
  readonly status: string;
  readonly statusDetails: Readonly<Record<string, string>>;
}

let told: Told[];
let restarts: string[];
let job: { jobId: string; jobDocument: object; statusDetails?: Fields } | undefined;

/** The queue of the cloud with one job in it, and a gateway's runner in front of it. */
function runner(boot: string, site: Partial<Tried<unknown>> = {}): JobRunner {
  const clock = createVirtualClock();
  const broker = createMemoryBroker().client() as Broker;
  const reserved = new ReservedTopics(broker, clock);
  vi.spyOn(reserved, 'ask').mockImplementation(async (topic, body) => {
    if (topic === `${BASE}/start-next`) return job === undefined ? {} : { execution: job };
    const update = body as unknown as Told;
    told.push(update);
    if (job !== undefined) job = { ...job, statusDetails: update.statusDetails };
    if (update.status !== 'IN_PROGRESS') job = undefined;
    return {};
  });
  const tried = { take: async () => ({ sequence: '8' }), kept: async () => ({ ok: 'yes' }) };
  const operations: Operations = {
    boots: { agent: `agent-${boot}`, gateway: `gateway-${boot}` },
    restart: (what) => void restarts.push(what),
    logLevel: () => undefined,
    diagnostics: async () => ({}),
    site: { ...tried, ...site },
    update: tried,
  };
  return new JobRunner({ thing: 'gw', reserved, operations, upload: async () => 0, log: quiet });
}

beforeEach(() => {
  told = [];
  restarts = [];
  job = undefined;
});

describe('a job over a restart of the gateway', () => {
  it('is told as done by the new process alone', async () => {
    job = { jobId: 'a', jobDocument: { operation: 'restart', what: 'gateway' } };
    await runner('1').next();
    expect(restarts).toEqual(['gateway']);
    expect(told).toMatchObject([{ status: 'IN_PROGRESS', statusDetails: { boot: 'gateway-1' } }]);
    await runner('1').next(); // an agent that was started again: the guard is the same
    expect(restarts).toEqual(['gateway', 'gateway']);
    await runner('2').next();
    expect(told.at(-1)).toEqual({ status: 'SUCCEEDED', statusDetails: { boot: 'gateway-2' } });
  });

  it('restarts the agent alone where nothing else is said', async () => {
    job = { jobId: 'a', jobDocument: { operation: 'restart' } };
    await runner('1').next();
    expect(restarts).toEqual(['agent']);
  });

  it('remembers what was taken, and ends when that is kept', async () => {
    job = { jobId: 'a', jobDocument: SITE };
    await runner('1').next();
    const details = { sequence: '8', step: 'restarting', boot: 'gateway-1' };
    expect(told).toEqual([{ status: 'IN_PROGRESS', statusDetails: details }]);
    const kept = vi.fn(async () => ({ siteFile: 'abc' }));
    await runner('2', { kept }).next();
    expect(kept).toHaveBeenCalledWith(details);
    expect(told.slice(1)).toEqual([
      { status: 'IN_PROGRESS', statusDetails: { ...details, step: 'on trial' } },
      { status: 'SUCCEEDED', statusDetails: { siteFile: 'abc' } },
    ]);
  });

  it('fails with the reason of the roll-back, cut to what a detail may hold', async () => {
    const boot = 'gateway-1';
    job = { jobId: 'a', jobDocument: SITE, statusDetails: { sequence: '8', boot } };
    const kept = async () => Promise.reject(new Error(`rolled back: ${'x'.repeat(2_000)}`));
    await runner('2', { kept }).next();
    expect(told.at(-1)?.status).toBe('FAILED');
    expect(told.at(-1)?.statusDetails['reason']).toMatch(/^rolled back: x{1011}$/);
    expect(restarts).toEqual([]);
  });

  it('is rejected for what it asks, failed for what went wrong; nothing is restarted', async () => {
    for (const [error, status, reason] of [
      [new Rejected('no'), 'REJECTED', 'no'],
      [new Error('no\n\tway'), 'FAILED', 'no way'],
      [new Error(''), 'FAILED', '-'], // AWS IoT takes neither line ends nor nothing
    ] as const) {
      job = { jobId: 'a', jobDocument: SITE };
      await runner('1', { take: async () => Promise.reject(error) }).next();
      expect(told.at(-1)).toEqual({ status, statusDetails: { reason } });
    }
    expect(restarts).toEqual([]);
  });

  it.each([
    [{ operation: 'site', manifest: MANIFEST }, 'either document or url'],
    [{ ...SITE, url: 'https://x.org/s.yaml' }, 'either document or url'],
    [{ operation: 'site', manifest: MANIFEST, url: 'file:///etc/passwd' }, /^url: Invalid URL/],
    [{ operation: 'update', url: 'https://x.org/e.ewb', force: true }, /Unrecognized key: "force"/],
    [{ operation: 'restart', what: 'house' }, /^what: Invalid option/],
  ])('is rejected when it is no document of ours: %j', async (jobDocument, why) => {
    job = { jobId: 'a', jobDocument };
    await runner('1').next();
    expect(told.at(-1)?.status).toBe('REJECTED');
    expect(told.at(-1)?.statusDetails['reason']).toMatch(why);
  });
});
