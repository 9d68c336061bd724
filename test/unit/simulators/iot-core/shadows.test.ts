import { describe, expect, it } from 'vitest';
import { DOCUMENTED } from '../../../../simulators/iot-core/limits.ts';
import type { JsonObject } from '../../../../simulators/iot-core/service.ts';
import { deltaOf, merge } from '../../../../simulators/iot-core/shadow-document.ts';
import { Shadows } from '../../../../simulators/iot-core/shadows.ts';

const caller = { clientId: 'gw', certificateId: undefined, reply: () => undefined };

/** A shadow service and what it published. */
function service() {
  const told: { topic: string; body: JsonObject }[] = [];
  const out = {
    publish: (topic: string, body: unknown) =>
      void told.push({
        topic: topic.replace('$aws/things/gw/shadow/', ''),
        body: body as JsonObject,
      }),
  };
  const shadows = new Shadows(out, DOCUMENTED);
  const send = (operation: string, body: unknown) => {
    told.length = 0;
    const payload = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    expect(shadows.take('gw', [operation], payload, caller)).toBe(true);
    return told.map(({ topic, body }) => ({ topic, ...body }));
  };
  return { send };
}

const deep = (levels: number): JsonObject => (levels === 0 ? {} : { a: deep(levels - 1) });

describe('shadow documents', () => {
  it('merge: null deletes, arrays are replaced, objects are merged', () => {
    const before = { a: 1, list: [1, 2, 3], inner: { x: 1, y: 2 } };
    expect(merge(before, { a: null, list: [9], inner: { y: null, z: 3 } })).toEqual({
      list: [9],
      inner: { x: 1, z: 3 },
    });
  });

  it('a delta holds everything that is wanted and not there', () => {
    expect(deltaOf({ a: 1, b: { c: 1, d: 2 } }, { a: 1, b: { c: 1 }, e: 5 })).toEqual({
      b: { d: 2 },
    });
    expect(deltaOf({ a: 1 }, { a: 1 })).toBeUndefined();
  });

  it.each([
    ['not JSON', 'nonsense', 400],
    ['no state', { desired: {} }, 400],
    ['a state that is no object', { state: 1 }, 400],
    ['a part that is no object', { state: { desired: [] } }, 400],
    ['too deep', { state: { desired: deep(7) } }, 400],
    ['a long token', { state: {}, clientToken: 'x'.repeat(65) }, 400],
    ['an old version', { state: {}, version: 7 }, 409],
    ['too large', { state: { desired: { a: 'x'.repeat(8_192) } } }, 413],
  ])('refuses %s', (_name, body, code) => {
    expect(service().send('update', body)).toMatchObject([{ topic: 'update/rejected', code }]);
  });

  it('tells accepted, documents and delta, in this order, with the token', () => {
    const { send } = service();
    const told = send('update', { state: { desired: { a: 1 } }, clientToken: 't' });
    expect(told).toMatchObject([
      { topic: 'update/accepted', version: 1, clientToken: 't' },
      { topic: 'update/documents', previous: { version: 0 }, current: { version: 1 } },
      { topic: 'update/delta', state: { a: 1 }, version: 1 },
    ]);
    const even = send('update', { state: { reported: { a: 1 } } });
    expect(even.map(({ topic }) => topic)).toEqual(['update/accepted', 'update/documents']);
    expect(send('delete', {})).toMatchObject([{ topic: 'delete/accepted', version: 2 }]);
    expect(send('get', {})).toMatchObject([{ topic: 'get/rejected', code: 404 }]);
  });
});
