import { diagnosticsBundle } from '../../gateway/contracts/messages.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';
import type { Clock, Hash, Log } from '../../gateway/ports.ts';
import { canonical } from '../canonical.ts';
import { dayText } from '../ingest/history.ts';
import type { Lake } from '../ports.ts';

/** A bundle as it is listed; `body` is what the gateway sent, with who and when beside it. */
export interface KeptBundle {
  readonly gateway: string;
  readonly jobId: string;
  readonly atMs: Instant; // when it came
  readonly version: string;
  readonly body: unknown;
}

/**
 * Puts bundles into the lake, by the day on which they came; the same job's is there once a day.
 * @returns what takes one: false when it is none, otherwise it is on its way to the lake
 */
export function bundleKeeper(
  tenant: string,
  ports: {
    readonly lake: Lake;
    readonly clock: Clock;
    readonly hash: Hash;
    readonly log: Log;
  },
): (gateway: string, payload: unknown) => boolean {
  const { lake, clock, hash, log } = ports;
  return (gateway, payload) => {
    const parsed = diagnosticsBundle.safeParse(payload);
    if (!parsed.success) return false;
    const { jobId } = parsed.data;
    const atMs = clock.wallMs();
    const name = `${gateway}-${hash.sha256(jobId).slice(0, 32)}`;
    const lines = [canonical({ ...parsed.data, gateway, atMs })];
    const part = { tenant, dataset: 'diagnostics', day: dayText(atMs), name, lines } as const;
    lake.put(part).then(
      () => log.info('diagnostics are kept', { gateway, jobId }),
      (error: unknown) => {
        log.error('diagnostics are lost', { gateway, jobId, why: String(error) });
      },
    );
    return true;
  };
}

/** Every bundle of the lake, as they came. */
export async function listBundles(lake: Lake, tenant: string): Promise<KeptBundle[]> {
  const bundles: KeptBundle[] = [];
  for (const day of await lake.days(tenant, 'diagnostics')) {
    for (const line of await lake.read(tenant, 'diagnostics', day)) {
      const body = JSON.parse(line);
      const { gateway, jobId, atMs, version = '' } = body;
      bundles.push({ gateway, jobId, atMs, version, body });
    }
  }
  return bundles.sort((a, b) => a.atMs - b.atMs);
}
