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

function told(before: GatewayStatus, now: GatewayStatus): { audit: unknown; said: string[] } {
  const said: string[] = [];
  const body = JSON.stringify(before);
  const row = { table: 'grid_metrics', key: '', kind: '', zone: '', who: '', fromMs: 0, body };
  const store = { row: () => row as never };
  const { audit } = withAudit(store, 'gw', now, { error: (text: string) => said.push(text) });
  return { audit, said };
}

it('a log that grows or says nothing is in order; the newest head stays known', () => {
  expect(told(status(4), status(9))).toEqual({ audit: { seq: 9, hash: 'h9' }, said: [] });
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
