import { describe, expect, it } from 'vitest';
import {
  type AgentFrame,
  encodeFrame,
  FrameReader,
} from '../../../../gateway/contracts/values/frames.ts';
import { A2aClient, dataOf } from '../../../../gateway/link/a2a/client.ts';
import { peek, readDirective } from '../../../../gateway/link/directives/directives.ts';
import { Pacer } from '../../../../gateway/link/pacer.ts';
import { GuardLink } from '../../../../gateway/link/telemetry/guard-link.ts';
import type { Broker, Log, Pipe } from '../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const decode = (payload: Uint8Array) => JSON.parse(new TextDecoder().decode(payload));

function noting() {
  const clock = createVirtualClock();
  const sent: { topic: string; payload: Uint8Array; atMs: number }[] = [];
  let fails: string | undefined;
  const broker = {
    publish: (topic, payload) => {
      if (fails !== undefined) return Promise.reject(new Error(fails));
      sent.push({ topic, payload, atMs: clock.realMs() });
      return Promise.resolve();
    },
  } as Broker;
  return {
    clock,
    sent,
    pacer: new Pacer(broker, clock),
    fail: (why?: string) => {
      fails = why;
    },
  };
}

describe('pacer', () => {
  it('lets five publishes a second through, the urgent ones first', async () => {
    const { clock, sent, pacer } = noting();
    for (let i = 0; i < 8; i += 1) void pacer.publish('bulk', `bulk${i}`, encode(i));
    void pacer.publish('soon', 'soon', encode(0));
    void pacer.publish('now', 'now', encode(0));
    await clock.advance(500);
    expect(sent).toHaveLength(5);
    await clock.advance(600);
    expect(sent.slice(5).map(({ topic }) => topic)).toEqual([
      'now',
      'soon',
      'bulk5',
      'bulk6',
      'bulk7',
    ]);
  });

  it('hands on a refusal and refuses what can never be sent in time', async () => {
    const { pacer, fail, clock } = noting();
    fail('offline');
    await expect(pacer.publish('now', 't', encode(1))).rejects.toThrow('offline');
    fail();
    for (let i = 0; i < 210; i += 1) pacer.publish('bulk', 't', encode(i)).catch(() => undefined);
    await expect(pacer.publish('bulk', 't', encode(0))).rejects.toThrow(/too many/);
    await clock.advance(1_000);
  });
});

describe('A2A over MQTT', () => {
  const topics = { a2aRequest: 'q', a2aResponse: 'r' };
  const task = (data: unknown) => ({
    id: 't1',
    contextId: 'c1',
    status: { state: 'TASK_STATE_COMPLETED', timestamp: '2026-06-15T10:00:00.000Z' },
    artifacts: [{ artifactId: 'a', parts: [{ data }] }],
  });

  it('finds the answer to its request by the message id', async () => {
    const { clock, sent, pacer } = noting();
    const client = new A2aClient(pacer, clock, topics, 'gw-3');
    const answers = [client.send('market-supervisor', 1), client.send('grid', 2)];
    await clock.advance(10);
    const ids = sent.map(({ payload }) => decode(payload).message.messageId);
    expect(new Set(ids).size).toBe(2);
    client.response(encode({ a2aVersion: '1.0', inReplyTo: 'nobody', task: task('x') }));
    client.response(encode({ a2aVersion: '1.0', inReplyTo: ids[1], task: task('two') }));
    client.response(encode({ a2aVersion: '1.0', inReplyTo: ids[0], task: task('one') }));
    const [one, two] = await Promise.all(answers);
    expect([dataOf(one!), dataOf(two!)]).toEqual([['one'], ['two']]);
  });

  it('gives up after 15 s, on an error answer, and when offline', async () => {
    const { clock, sent, pacer, fail } = noting();
    const client = new A2aClient(pacer, clock, topics, 'gw-3');
    const late = client.send('grid', 1).catch((error: Error) => error.message);
    await clock.advance(15_001);
    expect(await late).toBe('the grid agent did not answer in 15 s');
    const refused = client.send('grid', 1).catch((error: Error) => error.message);
    await clock.advance(1);
    const id = decode(sent.at(-1)!.payload).message.messageId;
    client.response(
      encode({ a2aVersion: '1.0', inReplyTo: id, error: { code: -32_601, message: 'no' } }),
    );
    expect(await refused).toBe('no');
    fail('offline');
    await expect(client.send('grid', 1)).rejects.toThrow('offline');
    expect(clock.pending).toBe(0);
  });

  it('counts a notice once and drops what it cannot read', () => {
    const { clock, pacer } = noting();
    const client = new A2aClient(pacer, clock, topics, 'gw-3');
    const seen: unknown[] = [];
    client.onNotice = ({ message }) => seen.push(...dataOf(message));
    const message = { messageId: 'n1', role: 'ROLE_AGENT', parts: [{ data: 5 }, { text: 'x' }] };
    client.notice(encode({ a2aVersion: '1.0', agent: 'grid', message }));
    client.notice(encode({ a2aVersion: '1.0', agent: 'grid', message }));
    client.notice(encode({ nonsense: true }));
    client.notice(new TextEncoder().encode('{'));
    expect(seen).toEqual([5]);
  });
});

describe('the agent’s end of the pipe', () => {
  it('keeps the newest of each while the pipe is full, and every directive', () => {
    const clock = createVirtualClock();
    const frames: AgentFrame[] = [];
    const reader = new FrameReader();
    let full = false;
    const pipe: Pipe = {
      send: (bytes) => {
        if (full) return false;
        frames.push(...(reader.push(bytes) as AgentFrame[]));
        return true;
      },
      onBytes: undefined,
      onClose: undefined,
      onDrain: undefined,
      close: () => {},
    };
    const link = new GuardLink(pipe, clock, quiet);
    expect(frames).toEqual([{ t: 'alive' }]);
    full = true;
    const directive = (body: string) => ({ body, keyId: 'k', signature: 's' });
    link.imageTaken(1);
    link.imageTaken(2);
    link.recordsStored(1, 5);
    link.recordsStored(1, 9);
    link.recordsStored(2, 1);
    link.directive(directive('a'));
    link.directive(directive('b'));
    full = false;
    pipe.onDrain?.();
    expect(frames.slice(1)).toEqual([
      { t: 'directive', directive: directive('a') },
      { t: 'directive', directive: directive('b') },
      { t: 'records-ack', epoch: 1, seq: 9 },
      { t: 'records-ack', epoch: 2, seq: 1 },
      { t: 'image-ack', cycle: 2 },
    ]);
  });

  it('gives signs of life, reads frames, and closes on a broken one', async () => {
    const clock = createVirtualClock();
    let alive = 0;
    let closed = false;
    const pipe: Pipe = {
      send: () => {
        alive += 1;
        return true;
      },
      onBytes: undefined,
      onClose: undefined,
      onDrain: undefined,
      close: () => {
        closed = true;
      },
    };
    const link = new GuardLink(pipe, clock, quiet);
    const seen: unknown[] = [];
    link.listen((frame) => seen.push(frame));
    await clock.advance(10_000);
    expect(alive).toBe(6);
    pipe.onBytes?.(encodeFrame({ t: 'stopping' }));
    expect(seen).toEqual([{ t: 'stopping' }]);
    pipe.onBytes?.(new Uint8Array([255, 255, 255, 255]));
    expect(closed).toBe(true);
  });
});

describe('directives', () => {
  it('keeps the text as it was signed and looks into it without trust', () => {
    const body =
      '{"v":1, "kind":"envelope","sequence":3,"fromMs":1,"untilMs":2,' +
      '"importLimitW":5,"exportLimitW":6}';
    const signed = readDirective(encode({ body, keyId: 'k', signature: 's' }));
    expect(signed?.body).toBe(body);
    expect(signed && peek(signed)?.importLimitW).toBe(5);
    expect(readDirective(encode({ body, keyId: 'k', signature: 's', extra: 1 }))).toBeUndefined();
    expect(readDirective(encode('x'))).toBeUndefined();
    expect(
      peek({ body: '{"v":1,"importLimitW":"5"}', keyId: 'k', signature: 's' }),
    ).toBeUndefined();
    expect(peek({ body: 'null', keyId: 'k', signature: 's' })).toBeUndefined();
  });
});
