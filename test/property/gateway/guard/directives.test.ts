import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { type GridState, limitsNow, verify } from '../../../../gateway/guard/directives.ts';
import { site } from '../../../unit/gateway/guard/bench/site.ts';

const NOW = 1_800_000_000_000;
const ruled = site({ pv: {}, battery: {}, directives: { keyId: 'key1', publicKey: 'public' } });
const verifier = { verify: (text: string, mark: string) => mark === `signed ${text}` };
const state = (directives: readonly Directive[] = []): GridState => ({
  ...{ highestSequence: 7, directives, onLost: 'keep', heardAtMs: 0 },
  ...{ heardWallMs: undefined, failsafe: undefined },
});

const good: Directive = {
  ...{ exportLimitW: 2_000, fromMs: NOW, gateway: 'gw-bench', importLimitW: 9_000 },
  ...{ issuedAtMs: NOW, kind: 'envelope', onLost: 'keep', sequence: 8, untilMs: NOW + 600_000 },
  ...{ v: 1, why: 'transformer' },
};
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, -1, -0, 1e308, '', '8', [], {}, true, 2 ** 53, 0.5),
  fc.double(),
  fc.string(),
);

/** A directive with one field bent, dropped or added, or another body altogether. */
const body = fc.oneof(
  fc
    .tuple(fc.constantFrom(...Object.keys(good)), odd)
    .map(([key, value]) => JSON.stringify({ ...good, [key]: value })),
  fc.constantFrom(...Object.keys(good)).map((key) => JSON.stringify({ ...good, [key]: undefined })),
  fc.string().map((key) => JSON.stringify({ ...good, [`x${key}`]: 1 })),
  fc.json(),
  fc.string(),
);

test('whatever arrives: taken is only what is whole, signed, new, ours and not over', () => {
  fc.assert(
    fc.property(
      body,
      fc.constantFrom('key1', 'key1', 'key2', ''),
      fc.constantFrom('signed', 'signed', 'forged'),
      (text, keyId, how) => {
        const signed = { body: text, keyId, signature: `${how} ${text}` };
        const found = verify(signed, state(), ruled, verifier, NOW);
        if (typeof found === 'string') return;
        expect([keyId, how]).toEqual(['key1', 'signed']);
        expect(found.gateway).toBe('gw-bench');
        expect(found.sequence).toBeGreaterThan(7);
        expect(found.untilMs).toBeGreaterThan(Math.max(NOW, found.fromMs));
        for (const limitW of [found.importLimitW, found.exportLimitW]) {
          expect(Number.isFinite(limitW) && limitW >= 0).toBe(true);
        }
        const { limits } = limitsNow(state([found]), ruled, timing(1), { nowMs: 0, wallMs: NOW });
        for (const limit of limits)
          expect(limit.exportLimitW >= 0 && limit.importLimitW >= 0).toBe(true);
      },
    ),
    { numRuns: 3_000 },
  );
  const text = JSON.stringify(good);
  const signed = { body: text, keyId: 'key1', signature: `signed ${text}` };
  expect(verify(signed, state(), ruled, verifier, NOW)).toEqual(good);
});
