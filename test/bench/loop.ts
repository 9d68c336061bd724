import { droopOnce, phaseOnce } from '../property/gateway/guard/loop/beside.ts';
import {
  curtailOnce,
  drawn,
  type LoopResult,
  stepOnce,
} from '../property/gateway/guard/loop/cases.ts';

const CASES = 2_000;
const CURTAIL_CASES = 100;
const BESIDE_CASES = 200;

const quantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
  return Math.round(found * 1_000) / 1_000;
};

const spread = (values: readonly number[]): object => ({
  p50: quantile(values, 0.5),
  p95: quantile(values, 0.95),
  p99: quantile(values, 0.99),
  max: quantile(values, 1),
});

const met = (one: LoopResult): boolean =>
  one.ratio <= 1 && one.overshootPct <= 10 && one.crossings <= 2;

function steps(name: string, setups: readonly ReturnType<typeof drawn>[]): object {
  const startMs = performance.now();
  const results = setups.map((setup, n) => {
    if (n % 250 === 249) process.stderr.write(`${name}: ${n + 1} of ${setups.length}\n`);
    return stepOnce(setup);
  });
  const worst = results
    .filter((one) => !met(one))
    .sort((a, b) => b.ratio - a.ratio)
    .slice(0, 5)
    .map(({ setup, ratio, overshootPct, crossings }) => ({
      seed: setup.seed,
      ratio: Math.round(ratio * 100) / 100,
      overshootPct: Math.round(overshootPct * 10) / 10,
      crossings,
    }));
  return {
    cases: results.length,
    met: results.filter(met).length,
    settlingRatio: spread(results.map(({ ratio }) => ratio)),
    overshootPct: spread(results.map(({ overshootPct }) => overshootPct)),
    crossings: spread(results.map(({ crossings }) => crossings)),
    limitCycles: results.filter(({ setup, swingW }) => swingW > 400 + 4 * setup.noiseW).length,
    worst,
    seconds: Math.round((performance.now() - startMs) / 100) / 10,
  };
}

/**
 * The closed loop in virtual time: a load step of 10 kW, three batteries, a meter 0.2 to 3 s late,
 * devices with a lag of 0.5 to 8 s (time constant, dead time, ramp or both), 1 to 100 W resolution,
 * and a guard whose figures are wrong by up to half.
 */
export function benchLoop(): Promise<object> {
  const seeds = Array.from({ length: CASES }, (_, n) => n + 1);
  const curtailed = seeds.slice(0, CURTAIL_CASES).map((seed) => curtailOnce(drawn(seed)));
  const phased = seeds.slice(0, BESIDE_CASES).map((seed) => phaseOnce(drawn(seed)));
  const drooped = seeds.slice(0, BESIDE_CASES).map((seed) => droopOnce(drawn(seed)));
  const calm = (one: { setup: { noiseW: number }; swingW: number }): boolean =>
    one.swingW <= 400 + 4 * one.setup.noiseW;
  return Promise.resolve({
    step: steps(
      'step',
      seeds.map((seed) => drawn(seed)),
    ),
    meterOverOneSecond: steps(
      'meter over a second',
      seeds.slice(0, CASES / 4).map((seed) => drawn(seed, undefined, 1_000)),
    ),
    curtailment: {
      cases: curtailed.length,
      met: curtailed.filter((one) => one.fightWh < 1 && calm(one)).length,
      backRatio: spread(curtailed.map((one) => one.backMs / one.allowedMs)),
      dischargedWhileCurtailedWh: spread(curtailed.map(({ fightWh }) => fightWh)),
      batterySwingW: spread(curtailed.map(({ swingW }) => swingW)),
    },
    singlePhaseBatteries: {
      cases: phased.length,
      met: phased.filter((one) => one.fuseRatio <= 1 && one.sumRatio <= 1 && calm(one)).length,
      fuseRatio: spread(phased.map(({ fuseRatio }) => fuseRatio)),
      sumRatio: spread(phased.map(({ sumRatio }) => sumRatio)),
      batterySwingW: spread(phased.map(({ swingW }) => swingW)),
    },
    droopBesideSelfConsumption: {
      cases: drooped.length,
      met: drooped.filter((one) => Math.abs(one.backedW - 1_000) <= 150 && calm(one)).length,
      backedW: spread(drooped.map(({ backedW }) => backedW)),
      swingW: spread(drooped.map(({ swingW }) => swingW)),
    },
  });
}
