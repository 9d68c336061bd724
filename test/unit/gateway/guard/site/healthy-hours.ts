import { MeterRig, type Rig, type Truth } from './meter-rig.ts';

/** Marsaglia's xorshift, 32 bit: the same hours on every machine. */
function stream(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 4_294_967_296;
  };
}

const pick = <T>(of: readonly T[], random: () => number): T => {
  const found = of[Math.floor(random() * of.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};

/** One hour of a healthy site; each turn in which its meter was doubted. */
export function hour(seed: number): string[] {
  const random = stream(seed);
  const rig: Rig = {
    latencyMs: pick([0, 0, 200, 1_000, 2_000, 3_000], random),
    resolutionW: pick([1, 1, 10, 100], random),
    refreshS: pick([1, 1, 1, 2, 5], random),
    quantumWh: pick([1, 10, 100, 1_000], random),
    isFree: random() < 0.3,
  };
  const isQuiet = random() < 0.2;
  const isSunny = random() < 0.6;
  const noiseW = isQuiet ? 0 : pick([0, 10, 100], random);
  const lagShare = pick([0.2, 0.5, 1], random);
  const stepShare = isQuiet ? 0 : pick([0, 0.005, 0.03], random);
  const bench = new MeterRig(rig);
  const truth: Truth = { loadW: 300, pvW: 0, batteryW: 0 };
  let baseW = 200 + 2_000 * random();
  let skyW = 0;
  let goalW = 0;
  const found: string[] = [];
  for (let atS = 1; atS <= 3_600; atS += 1) {
    if (random() < stepShare) baseW = random() < 0.5 ? 200 : 15_000 * random();
    if (isSunny && random() < 0.01) skyW = 10_000 * random();
    truth.loadW = baseW + noiseW * (random() - 0.5);
    truth.pvW += Math.max(-1_500, Math.min(1_500, skyW - truth.pvW));
    // On the late meter's word every tenth turn, so that the loop itself does not swing.
    const seesW = rig.isFree === true ? truth.loadW - truth.pvW - truth.batteryW : bench.meterW;
    if (rig.isFree === true || atS % 10 === 0) goalW = truth.batteryW + seesW;
    goalW = Math.max(-5_000, Math.min(5_000, goalW));
    truth.batteryW += lagShare * (goalW - truth.batteryW);
    const { doubt } = bench.turn(truth);
    if (doubt !== undefined) found.push(`seed ${seed}, second ${atS}: ${doubt.kind}`);
  }
  return found;
}
