import { expect, test } from 'vitest';
import { nextEdgeMs } from '../../../../gateway/agents/edges.ts';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';

const MINUTE = 60_000;

const told = (sequence: number, fromMin: number, untilMin: number, more: Partial<Directive> = {}) =>
  ({
    ...{ v: 1, kind: 'envelope', gateway: 'g1', sequence, issuedAtMs: 0, onLost: 'keep', why: '' },
    ...{ fromMs: fromMin * MINUTE, untilMs: untilMin * MINUTE },
    ...{ importLimitW: 9_000, exportLimitW: 5_000 },
    ...more,
  }) as Directive;

test('an envelope that is renewed as it was ends with the last of them', () => {
  const renewed = [told(1, 0, 20), told(2, 5, 25), told(3, 10, 30)];
  expect(nextEdgeMs(renewed, 11 * MINUTE)).toBe(30 * MINUTE);
  expect(nextEdgeMs(renewed, 30 * MINUTE)).toBeUndefined();
  expect(nextEdgeMs([], 0)).toBeUndefined();
});

test('a limit that differs begins and ends, whichever of both it is', () => {
  const lower = told(4, 15, 18, { exportLimitW: 1_000 });
  const list = [told(1, 0, 20), lower, told(5, 17, 40)];
  expect(nextEdgeMs(list, 11 * MINUTE)).toBe(15 * MINUTE);
  expect(nextEdgeMs(list, 15 * MINUTE)).toBe(17 * MINUTE); // replaced
  expect(nextEdgeMs(list, 17 * MINUTE)).toBe(40 * MINUTE);
});

test('an event beside envelopes has edges of its own; a heartbeat has none', () => {
  const event = told(2, 12, 24, { kind: 'demand-response' });
  const list = [told(1, 0, 20), event, told(3, 5, 60), told(4, 0, 15, { kind: 'heartbeat' })];
  expect(nextEdgeMs(list, 6 * MINUTE)).toBe(12 * MINUTE);
  expect(nextEdgeMs(list, 12 * MINUTE)).toBe(24 * MINUTE);
  expect(nextEdgeMs(list, 24 * MINUTE)).toBe(60 * MINUTE);
});
