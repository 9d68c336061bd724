import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openStore } from '../../../../cloud/adapters/sqlite.ts';
import { fleetStatus } from '../../../../cloud/cli/fleet-status.ts';
import { withAudit } from '../../../../cloud/fleet/audit.ts';
import type { GatewayStatus } from '../../../../gateway/contracts/messages.ts';
import { CONFIG, T0 } from '../../../world/cloud/fixture.ts';

let folder = '';
let config = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-'));
  config = join(folder, 'cloud.yaml');
  writeFileSync(config, stringify({ ...CONFIG, database: 'cloud.db' }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('who is online, what each says, and a log whose end is gone', () => {
  const store = openStore(join(folder, 'cloud.db'));
  const ports = { log: { error: () => {} }, clock: { wallMs: () => T0 } };
  const say = (seq: number, more: Partial<GatewayStatus> = {}): void => {
    const audit = { seq, hash: `h${seq}` };
    const ids = { site: 'sun', participant: 'sun', zone: 'z1' };
    const now: GatewayStatus = { v: 1, state: 'online', ...ids, mode: 'rules', audit, ...more };
    const body = JSON.stringify(withAudit(store, 'gw-sun', now, ports));
    const row = { table: 'grid_metrics', kind: 'gateway', zone: 'z1' } as const;
    const key = 'gateway/gw-sun';
    store.write([{ op: 'put', row: { ...row, key, who: 'gw-sun', fromMs: T0, body } }]);
  };
  say(90);
  say(12, {
    alarms: ['DEVICE_SILENT:inverter1'],
    certificateUntilMs: Date.UTC(2027, 0, 5),
    day: {
      ...{ day: '2026-06-15', currency: 'EUR', missingCount: 0, oursNano: '6000000000' },
      ...{ noneNano: '10000000000', selfNano: '7000000000', limitNano: '5000000000' },
    },
    forecast: {
      day: '2026-06-15',
      scores: [
        { what: 'pv', aheadMs: 3_600_000, errorPct: 5, quarters: 60 },
        { what: 'pv', aheadMs: 86_400_000, errorPct: 12.1, inBandPct: 80, quarters: 60 },
        { what: 'load', aheadMs: 86_400_000, errorPct: 8.4, quarters: 96 },
      ],
    },
    outbox: { rows: 7, droppedRows: 2, refusedRows: 1 },
  });
  store.close();
  const text = fleetStatus({ config });
  const told = /^gw-sun +online +rules +2026-\S+ +7 +3 +2027-01-05 +2026-06-15 +€\s4\.00 +80\s% +/m;
  expect(text).toMatch(told);
  expect(text).toMatch(/^gw-sun .* pv 12 %, load 8 %$/m);
  expect(text).toMatch(/^gw-works +never seen$/m);
  expect(text).toContain('gw-sun: the end of an audit log is gone (');
  expect(text).toContain('gw-sun: DEVICE_SILENT:inverter1');
  const { gateways } = JSON.parse(fleetStatus({ config, json: true }));
  expect(
    gateways.find((one: { gateway: string }) => one.gateway === 'gw-sun').status,
  ).toMatchObject({ auditFinding: { text: 'the end of an audit log is gone' }, mode: 'rules' });
});

it('without a database it says what makes one', () => {
  expect(() => fleetStatus({ config })).toThrow(/cloud\.db: there is no database yet; edgewatt/);
});
