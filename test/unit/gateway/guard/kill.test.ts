import { describe, expect, it } from 'vitest';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';

const SLEW_W_PER_S = 2_000;
const CYCLE_MS = 1_000;

/** Steps of the battery's setpoint that are steeper than its slew, while the guard dies once. */
async function steep(killAtMs: number, downMs: number): Promise<string[]> {
  const rated = { ratedInW: 30_000, ratedOutW: 30_000, slewWPerS: SLEW_W_PER_S };
  const limits = { contractedImportW: 90_000, defaultImportLimitW: 90_000, fuseA: 200 };
  const bench = new Bench(site({ battery: rated, connection: limits }), { lagMs: 4_000 });
  Object.assign(bench.world, { chargeMaxW: 50_000, dischargeMaxW: 50_000 });
  const found: string[] = [];
  let last: { powerW: number; atMs: number } | undefined;
  bench.onTold = ({ kind, terminal, powerW }, atMs) => {
    if (terminal !== 'battery1') return;
    if (kind !== 'setpoint') last = undefined;
    else if (powerW !== last?.powerW) {
      const seconds = Math.max(CYCLE_MS, atMs - (last?.atMs ?? atMs)) / 1_000;
      const stepW = Math.abs(powerW - (last?.powerW ?? powerW));
      const isBack = last !== undefined && powerW * last.powerW >= 0;
      const isLess = isBack && Math.abs(powerW) <= Math.abs(last?.powerW ?? 0);
      if (!isLess && stepW > SLEW_W_PER_S * seconds + 1) {
        found.push(`${last?.powerW} to ${powerW} W in ${seconds} s, killed at ${killAtMs} ms`);
      }
      last = { powerW, atMs };
    }
  };
  await bench.start();
  bench.world.loadW = -25_000;
  await bench.clock.advance(killAtMs);
  await bench.killed(downMs);
  await bench.clock.advance(30_000);
  expect(bench.batteryW).toBeGreaterThan(20_000);
  await bench.guard.stop();
  return found;
}

describe('a guard that is killed on a ramp', () => {
  it('goes on from what its device was told: no step is steeper than its slew', async () => {
    const found: string[] = [];
    for (let n = 0; n < 12; n += 1) found.push(...(await steep(5_000 + 287 * n, 100 + 111 * n)));
    expect(found).toEqual([]);
  });

  it('keeps the rest before a turn over the restart', async () => {
    const bench = new Bench(site({ battery: {}, pv: {} }));
    const turns: number[] = [];
    bench.onTold = ({ kind, terminal, powerW }, atMs) => {
      if (terminal === 'battery1' && kind === 'setpoint' && powerW < -500) turns.push(atMs);
    };
    bench.world.loadW = -3_000;
    await bench.start();
    await bench.clock.advance(10_000);
    bench.world.pvW = 8_000;
    await bench.clock.advance(2_000);
    const killedAtMs = bench.clock.monoMs();
    await bench.killed(1_000);
    await bench.clock.advance(60_000);
    // It began to discharge 12 s before the kill, and rests 30 s before it charges.
    expect(turns[0]).toBeGreaterThan(killedAtMs + 30_000 - 14_000);
    await bench.guard.stop();
  });
});
