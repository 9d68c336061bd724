import { expect, it } from 'vitest';
import { withAudit } from '../../../../cloud/fleet/audit.ts';
import type { GatewayStatus } from '../../../../gateway/contracts/messages.ts';

const status = (seq?: number, hash = `h${seq}`): GatewayStatus => ({
  v: 1,
  state: 'online',
  site: 'barn',
  participant: 'barn',
  zone: 'z1',
  mode: 'rules',
  ...(seq !== undefined && { audit: { seq, hash } }),
});

function told(before: GatewayStatus, now: GatewayStatus) {
  const said: string[] = [];
  const body = JSON.stringify(before);
  const row = { table: 'grid_metrics', key: '', kind: '', zone: '', who: '', fromMs: 0, body };
  const store = { row: () => row as never };
  const log = { error: (text: string) => said.push(text) };
  const kept = withAudit(store, 'gw', now, { log, clock: { wallMs: () => 7 } });
  return { audit: kept.audit, said, kept };
}

it('a log that grows or says nothing is in order; the newest head stays known', () => {
  expect(told(status(4), status(9))).toMatchObject({ audit: { seq: 9, hash: 'h9' }, said: [] });
  expect(told(status(4), status(4)).said).toEqual([]);
  expect(told(status(4), status()).audit).toEqual({ seq: 4, hash: 'h4' });
  expect(told(status(), status(3)).said).toEqual([]);
});

it('an end that was cut off, and an entry that is another, are said once', () => {
  const cut = told(status(9), status(4));
  expect(cut.said).toEqual(['the end of an audit log is gone']);
  expect(cut.audit).toEqual({ seq: 4, hash: 'h4' });
  expect(told(status(4), status(4, 'other')).said).toEqual([
    'an entry of an audit log is not what it was',
  ]);
});

it('what was wrong stays with the gateway, whatever it says later', () => {
  const cut = told(status(9), status(4)).kept;
  expect(cut.auditFinding).toEqual({ text: 'the end of an audit log is gone', atMs: 7 });
  expect(told(cut, status(12)).kept).toEqual({ ...status(12), auditFinding: cut.auditFinding });
  expect(told(status(4), status(9)).kept.auditFinding).toBeUndefined();
});
