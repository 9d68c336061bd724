import { expect, it } from 'vitest';
import type { AuditNote } from '../../../../gateway/contracts/values/audit.ts';
import { FrameReader } from '../../../../gateway/contracts/values/frames.ts';
import { audited, directiveNote } from '../../../../gateway/link/audit/notes.ts';
import type { AuditLog } from '../../../../gateway/ports.ts';
import { auditedDoors } from '../../../../gateway/processes/audit.ts';
import { AuditedPassing } from '../../../../gateway/processes/audited-passing.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

function memory(): { notes: AuditNote[]; audit: AuditLog } {
  const notes: AuditNote[] = [];
  const note = async (one: AuditNote): Promise<void> => void notes.push(one);
  return { notes, audit: { note, head: () => ({ seq: notes.length, hash: '' }) } };
}

/** A guard that refuses writes to registers from 100 on. */
function passing() {
  const clock = createVirtualClock();
  const { notes, audit } = memory();
  const frames = new FrameReader();
  const send = (bytes: Uint8Array): boolean => {
    for (const frame of frames.push(bytes) as { id: number; bytes: number[] }[]) {
      const [code = 0, high = 0, low = 0] = frame.bytes;
      const isRefused = high * 256 + low >= 100;
      const answer = isRefused ? [code + 0x80, 2] : frame.bytes;
      queueMicrotask(() => pass.answered(frame.id, answer));
    }
    return true;
  };
  const pass: AuditedPassing = new AuditedPassing(clock, { send }, audit);
  return { clock, notes, pass };
}

it('writes of other masters are noted, passed and refused; reads are not', async () => {
  const { notes, pass } = passing();
  await pass.ask('inverter1', Uint8Array.of(3, 0, 1, 0, 1), false, '10.0.0.5');
  await pass.ask('inverter1', Uint8Array.of(6, 0, 1, 0, 7), false, '10.0.0.5');
  await pass.ask('inverter1', Uint8Array.of(6, 1, 0, 0, 7), false, '10.0.0.5');
  await pass.ask('meter1', Uint8Array.of(3, 0, 1, 0, 1), true);
  expect(notes).toEqual([
    {
      kind: 'pass-through',
      what: 'passed',
      text: 'Another master (10.0.0.5) writes to inverter1: passed',
      data: { device: 'inverter1', function: 6, request: '0600010007' },
    },
    expect.objectContaining({ kind: 'pass-through', what: 'refused' }),
    expect.objectContaining({
      kind: 'command',
      text: 'A command on this machine reads meter1: passed',
    }),
  ]);
});

it('who writes each second makes two entries a minute, and none is uncounted', async () => {
  const { clock, notes, pass } = passing();
  for (let n = 0; n < 90; n++) {
    await pass.ask('inverter1', Uint8Array.of(6, 0, 1, 0, n), false, '10.0.0.5');
    await clock.advance(1_000);
  }
  pass.flush();
  expect(notes.length).toBe(4);
  const times = notes.map(({ data }) => Number(data?.['times'] ?? 1));
  expect(times.reduce((sum, one) => sum + one, 0)).toBe(90);
});

it('orders of people are noted as they came, with what became of them', async () => {
  const clock = createVirtualClock();
  const { notes, audit } = memory();
  const frames = new FrameReader();
  const send = (bytes: Uint8Array): boolean => {
    for (const { id, request } of frames.push(bytes) as { id: number; request?: object }[]) {
      const refused = request !== undefined && 'terminal' in request ? '' : 'not an order';
      queueMicrotask(() => pass.told(id, { refused, overrides: [], terminals: [] }));
    }
    return true;
  };
  const pass: AuditedPassing = new AuditedPassing(clock, { send }, audit);
  await pass.override();
  await pass.override({ terminal: 'battery1', act: 'hold', by: 'Kim' });
  await pass.override({ what: 'odd' });
  expect(notes.map(({ kind, what, data }) => [kind, what, data])).toEqual([
    ['command', 'accepted', { terminal: 'battery1', act: 'hold', by: 'Kim' }],
    ['command', 'refused', { what: 'odd' }],
  ]);
});

it('guard events and directives have their kinds; a heartbeat commands nothing', async () => {
  const { notes, audit } = memory();
  const event = { kind: 'event', atMs: 1, mode: 'rules', text: 'x', epoch: 1 } as const;
  const kept: number[] = [];
  const addRecords = async (all: readonly { seq: number }[]): Promise<void> => {
    kept.push(...all.map(({ seq }) => seq));
  };
  await audited({ addRecords }, audit).addRecords([
    { ...event, seq: 1, code: 'MODE' },
    { ...event, seq: 2, code: 'DIRECTIVE_REFUSED' },
    { ...event, seq: 3, code: 'COUNTER_EPOCH' },
    { kind: 'aggregate', epoch: 1, seq: 4, fromMs: 0, durationMs: 60_000, columns: [] },
  ]);
  expect(notes.map(({ kind, what, guard }) => [kind, what, guard?.seq])).toEqual([
    ['mode', 'changed', 1],
    ['directive', 'refused', 2],
    ['event', 'COUNTER_EPOCH', 3],
  ]);
  expect(kept).toEqual([1, 2, 3, 4]);
  const limits = { importLimitW: 1, exportLimitW: 2, fromMs: 3, untilMs: 4, sequence: 5, v: 1 };
  const signed = (kind: string) => ({
    body: JSON.stringify({ ...limits, kind }),
    keyId: 'grid',
    signature: '',
  });
  expect(directiveNote(signed('envelope'))?.text).toBe('A directive came: envelope 5');
  expect(directiveNote(signed('heartbeat'))).toBeUndefined();
  expect(directiveNote({ ...signed('x'), body: 'odd' })?.data).toEqual({ keyId: 'grid' });
});

it('who comes in by the page is noted, and who is refused; never a password or code', async () => {
  const { notes, audit } = memory();
  const no = { ok: false, status: 401, why: 'the password is wrong' } as const;
  const yes = { ok: true, session: 's-secret', maxAgeS: 1 } as const;
  const doors = auditedDoors(
    {
      claimed: true,
      claim: async () => yes,
      signIn: async () => no,
      redeem: () => yes,
      isSession: () => true,
      signOut: () => undefined,
    },
    audit,
  );
  await doors.claim('10.0.0.9', 'CODE-SECRET', 'pass-secret');
  await doors.signIn('10.0.0.9', 'pass-secret');
  doors.redeem('10.0.0.9', 'token-secret');
  doors.signOut('s-secret');
  expect(notes.map(({ what }) => what)).toEqual(['claimed', 'refused', 'signed in', 'signed out']);
  expect(JSON.stringify(notes)).not.toContain('secret');
});
