import type { Request } from '../bus/pdu.ts';
import type { Priority } from '../bus/queue.ts';
import type { BusHandle, BusResult } from '../bus/types.ts';
import type { Polled } from './polled.ts';

/** A control reading that was lost on the wire is asked for again in the same cycle. */
const AGAIN = 2;

/**
 * One read of the poll plan. What control needs is asked again when its answer was lost or broken,
 * as long as the unit is not taken for dead; a failure that the device reports itself once. The
 * other reads give way: their next turn comes.
 * @param lost told of each answer that did not come
 */
export async function ask(
  handle: BusHandle,
  request: Request,
  priority: Priority,
  polled: Polled,
  lost: () => void,
): Promise<BusResult> {
  const isControl = polled.block.class === 'control';
  polled.attempt += 1;
  polled.pending = true;
  let result = await handle.request(request, priority);
  if (!result.ok && result.exception === 4) result = await handle.request(request, priority);
  for (let again = 0; again < AGAIN && isControl && mayReturn(handle, result); again += 1) {
    polled.failed = true;
    lost();
    result = await handle.request(request, priority);
  }
  polled.pending = false;
  polled.failed = !result.ok;
  return result;
}

/** Lost on the way, by a unit that has answered before and is not taken for dead. */
function mayReturn({ stats, down }: BusHandle, result: BusResult): boolean {
  if (result.ok || down || stats.latencyMs === 0) return false;
  return result.why === 'timeout' || result.why === 'bad-frame';
}
