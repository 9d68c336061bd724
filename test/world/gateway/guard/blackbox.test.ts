import { expect, it } from 'vitest';
import { type Replayed, replay } from '../../../../gateway/guard/blackbox/replay.ts';
import { recordSite } from '../../../fixtures/blackbox/recorded.ts';

const all = (segments: readonly Uint8Array[][]): Replayed[] =>
  segments.flatMap((blobs) => [...replay(blobs)]);

it('a site-hour with faults, orders and restarts is decided again to the bit', async () => {
  const segments: Uint8Array[][] = [];
  const put = (blob: Uint8Array, begins: boolean): boolean => {
    if (begins) segments.push([]);
    segments.at(-1)?.push(blob);
    return true;
  };
  const result = await recordSite({ site: 2, minutes: 60, seed: 6, put });
  expect(result.faults.length).toBeGreaterThan(2);
  const again = all(segments);
  expect(again.length).toBe(result.cycles);
  expect(again.find(({ differs }) => differs !== undefined)?.differs).toBeUndefined();
  const codes = again.flatMap(({ cycle }) => cycle.outcome.findings.map(({ code }) => code));
  expect(new Set(codes).size).toBeGreaterThan(3);
  expect(again.some(({ cycle }) => cycle.grid !== undefined)).toBe(true);
});

it('a box that refuses or throws costs the guard no cycle; losses are counted', async () => {
  const segments: Uint8Array[][] = [];
  let offered = 0;
  const put = (blob: Uint8Array, begins: boolean): boolean => {
    offered += 1;
    if (offered % 100 === 50) return false;
    if (offered % 100 === 0) throw new Error('no space left on device');
    if (begins) segments.push([]);
    segments.at(-1)?.push(blob);
    return true;
  };
  const { cycles } = await recordSite({ site: 2, minutes: 4, seed: 1, faults: false, put });
  expect(cycles).toBeGreaterThan(235);
  const again = all(segments);
  expect(again.find(({ differs }) => differs !== undefined)).toBeUndefined();
  const lost = again.at(-1)?.opening.lostCycles ?? 0;
  expect(lost).toBeGreaterThan(60);
  expect(again.length).toBeLessThan(cycles);
  expect(again.at(-1)?.cycle.cycle).toBeLessThanOrEqual(again.length + lost);
});
