import { expect, it } from 'vitest';
import { Alarms } from '../../../../gateway/agents/alarms.ts';
import type { Image } from '../../../../gateway/contracts/values/image.ts';
import type { OutboxState } from '../../../../gateway/ports.ts';

const image = (wallMs: number): Image =>
  ({
    wallMs,
    devices: [],
    decisions: [],
    flags: [],
    mode: 'trading',
    reason: { code: 'PLAN' },
  }) as unknown as Image;
const opened = { state: 'opened', detail: '', epoch: 1 } as const;
const outbox = (more: Partial<OutboxState>): OutboxState => ({
  ...{ rows: 5, bytes: 500, droppedRows: 0, refusedRows: 0, gaps: [] },
  ...more,
});

it('records that were given up and records that are refused are told apart, and since when', () => {
  const alarms = new Alarms(opened);
  const told = (wallMs: number, more: Partial<OutboxState>) =>
    alarms
      .list(image(wallMs), outbox(more))
      .map(({ code, text, sinceMs }) => [code, /^\d+/.exec(text)?.[0], sinceMs]);
  expect(told(1, {})).toEqual([]);
  expect(told(2, { refusedRows: 3 })).toEqual([['RECORDS_REFUSED', '3', 2]]);
  expect(told(3, { refusedRows: 4, droppedRows: 1 })).toEqual([
    ['RECORDS_DROPPED', '1', 3],
    ['RECORDS_REFUSED', '4', 2],
  ]);
});

it('a device that still has to be proven is named, with the command', () => {
  const sentence = 'Roof in its own mode, because it was not commissioned yet';
  const reason = { authority: 'site-safety', code: 'NOT_COMMISSIONED', sentence };
  const open = { ...image(5), decisions: [{ terminal: 'pv1', powerW: null, reason }] } as Image;
  const [alarm] = new Alarms(opened).list(open, undefined);
  expect(alarm).toMatchObject({ code: 'NOT_COMMISSIONED:pv1', text: `${sentence}.` });
  expect(alarm?.mend).toContain('edgewatt devices commission');
});

it('a clock that nobody trusts is an alarm, with the way to mend it', () => {
  const untimed = { ...image(5), flags: ['untimed'] } as Image;
  const [alarm] = new Alarms(opened).list(untimed, undefined);
  expect(alarm).toMatchObject({ code: 'CLOCK', sinceMs: 5 });
  expect(alarm?.mend).toContain('timedatectl');
});

const NOON = Date.UTC(2026, 5, 17, 12);
const LATER = NOON + 1_800_000;

it('a meter that is not believed and a device that does not follow are named', () => {
  const wrong = {
    ...image(5),
    devices: [
      { id: 'inverter2', state: 'safe', follows: false, deafSinceMs: NOON, triedAgainAtMs: LATER },
    ],
    doubts: [{ connection: 'grid', sentence: 'The meter of grid always shows the same' }],
  } as unknown as Image;
  const site = { place: { latitudeDeg: 52, longitudeDeg: 13, timeZone: 'Europe/Berlin' } };
  const told = new Alarms(opened, { deviceName: () => 'Battery', site }).list(wrong, undefined);
  expect(told.at(-1)?.sinceMs).toBe(NOON);
  expect(told.map(({ code, text }) => [code, text])).toEqual([
    [
      'METER_IMPLAUSIBLE:grid',
      'The meter of grid always shows the same: its readings are not used.',
    ],
    [
      'DEVICE_DEAF:inverter2',
      'Battery takes orders and does not follow; it is tried again at 14:30.',
    ],
  ]);
});

it('what this run goes without and what is wrong on the way to the cloud stand beside them', () => {
  const part = { code: 'STORE', text: 'Nothing is kept.', mend: 'Free the disk.' };
  const way = { code: 'BROKER_NAME', text: 'It leads nowhere.', mend: 'Look at broker.url.' };
  let isTrusted: boolean | undefined;
  const link = {
    troubles: (isClockTrusted: boolean) => {
      isTrusted = isClockTrusted;
      return [way];
    },
  };
  const alarms = new Alarms(opened, { problems: [part] });
  expect(alarms.list(image(5), undefined, link).map(({ code }) => code)).toEqual([
    'STORE',
    'BROKER_NAME',
  ]);
  expect(isTrusted).toBe(true);
});
