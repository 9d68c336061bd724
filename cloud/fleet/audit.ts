import { type GatewayStatus, gatewayStatus } from '../../gateway/contracts/messages.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';
import type { Clock, Log } from '../../gateway/ports.ts';
import type { Store } from '../ports.ts';

/** A gateway's status as the cloud keeps it: with what only the cloud can know of it. */
export interface KeptStatus extends GatewayStatus {
  /** The newest thing that is wrong with its audit log; it stays, whatever comes after it. */
  readonly auditFinding?: { readonly text: string; readonly atMs: Instant };
}

/** @param body of its row, as the cloud wrote it */
export function keptStatus(body: string): KeptStatus | undefined {
  const row = JSON.parse(body) as { readonly auditFinding?: KeptStatus['auditFinding'] };
  const status = gatewayStatus.safeParse(row).data;
  const { auditFinding } = row;
  return status && { ...status, ...(auditFinding && { auditFinding }) };
}

/**
 * A gateway's status with the newest known head of its audit log. A log only grows, and no entry
 * becomes another: a head that says otherwise beside the one before is logged, and kept.
 */
export function withAudit(
  store: Pick<Store, 'row'>,
  gateway: string,
  now: GatewayStatus,
  ports: { readonly log: Pick<Log, 'error'>; readonly clock: Pick<Clock, 'wallMs'> },
): KeptStatus {
  const row = store.row('grid_metrics', `gateway/${gateway}`);
  const before = row && keptStatus(row.body);
  const told = now.audit ?? before?.audit;
  const text = before?.audit && told && wrongWith(before.audit, told);
  if (text !== undefined) {
    ports.log.error(text, { gateway, had: before?.audit?.seq, has: told?.seq });
  }
  const finding = text === undefined ? before?.auditFinding : { text, atMs: ports.clock.wallMs() };
  return { ...now, ...(told && { audit: told }), ...(finding && { auditFinding: finding }) };
}

type Head = NonNullable<GatewayStatus['audit']>;

function wrongWith(known: Head, told: Head): string | undefined {
  if (told.seq < known.seq) return 'the end of an audit log is gone';
  if (told.seq > known.seq || told.hash === known.hash) return undefined;
  return 'an entry of an audit log is not what it was';
}
