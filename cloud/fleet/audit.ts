import { type GatewayStatus, gatewayStatus } from '../../gateway/contracts/messages.ts';
import type { Log } from '../../gateway/ports.ts';
import type { Store } from '../ports.ts';

/**
 * A gateway's status with the newest known head of its audit log. A log only grows, and no entry
 * becomes another: a head that says otherwise beside the one before is logged, once.
 */
export function withAudit(
  store: Pick<Store, 'row'>,
  gateway: string,
  now: GatewayStatus,
  log: Pick<Log, 'error'>,
): GatewayStatus {
  const row = store.row('grid_metrics', `gateway/${gateway}`);
  const known = row && gatewayStatus.safeParse(JSON.parse(row.body)).data?.audit;
  const told = now.audit;
  if (known === undefined) return now;
  if (told === undefined) return { ...now, audit: known };
  const { seq, hash } = told;
  if (seq < known.seq) {
    log.error('the end of an audit log is gone', { gateway, had: known.seq, has: seq });
  } else if (seq === known.seq && hash !== known.hash) {
    log.error('an entry of an audit log is not what it was', { gateway, seq });
  }
  return now;
}
