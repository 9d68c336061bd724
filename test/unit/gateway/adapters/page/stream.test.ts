import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createStream } from '../../../../../gateway/adapters/page/stream.ts';

/** A response whose socket takes only as much as the test lets it. */
class Socket extends EventEmitter {
  readonly written: string[] = [];
  full = false;
  destroyed = false;
  write(chunk: string): boolean {
    this.written.push(chunk);
    return !this.full;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  end(): void {
    this.emit('close');
  }
  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

const always = (): boolean => true;

function setUp(listenersMax = 2) {
  const time = { nowMs: 0 };
  const stream = createStream({ listenersMax, blockedMaxMs: 30_000 }, () => time.nowMs);
  return { stream, time };
}

describe('the event stream', () => {
  it('sends the last picture of each kind at once to a new page', () => {
    const { stream } = setUp();
    stream.send('live', { v: 1, n: 1 });
    stream.send('live', { v: 1, n: 2 });
    stream.send('day', { v: 1 });
    const socket = new Socket();
    expect(stream.add(socket.response, always)).toBe(true);
    expect(socket.written).toEqual([
      'retry: 2000\n\n',
      'event: live\ndata: {"v":1,"n":2}\n\n',
      'event: day\ndata: {"v":1}\n\n',
    ]);
  });

  it('has room for so many pages and no more, until one leaves', () => {
    const { stream } = setUp(1);
    const first = new Socket();
    expect(stream.add(first.response, always)).toBe(true);
    expect(stream.add(new Socket().response, always)).toBe(false);
    first.end();
    expect(stream.count).toBe(0);
    expect(stream.add(new Socket().response, always)).toBe(true);
  });

  it('skips pictures for a page that cannot keep up, and holds one frame of each kind', () => {
    const { stream } = setUp();
    const slow = new Socket();
    stream.add(slow.response, always);
    slow.full = true;
    stream.send('live', 1);
    const written = slow.written.length;
    for (let n = 2; n < 100; n += 1) stream.send('live', n);
    stream.send('day', 'd');
    expect(slow.written).toHaveLength(written);
    slow.full = false;
    slow.emit('drain');
    expect(slow.written.slice(written)).toEqual([
      'event: live\ndata: 99\n\n',
      'event: day\ndata: "d"\n\n',
    ]);
  });

  it('stops draining when the socket is full again', () => {
    const { stream } = setUp();
    const slow = new Socket();
    stream.add(slow.response, always);
    slow.full = true;
    stream.send('live', 1);
    stream.send('live', 2);
    stream.send('day', 3);
    const written = slow.written.length;
    slow.emit('drain');
    expect(slow.written).toHaveLength(written + 1);
    slow.emit('drain');
    expect(slow.written).toHaveLength(written + 2);
  });

  it('closes a page whose socket takes nothing for half a minute', () => {
    const { stream, time } = setUp();
    const dead = new Socket();
    stream.add(dead.response, always);
    dead.full = true;
    stream.send('live', 1);
    time.nowMs = 30_001;
    stream.beat();
    expect(dead.destroyed).toBe(true);
    expect(stream.count).toBe(0);
  });
});
