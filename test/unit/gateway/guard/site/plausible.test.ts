import { describe, expect, it } from 'vitest';
import { MeterRig, type Rig, type Truth } from './meter-rig.ts';

type Act = (truth: Truth, atS: number, meterW: number) => void;

/** Second and kind of the first doubt that is sure, if any within the time. */
function firstSure(rig: Rig, truth: Truth, seconds: number, act: Act = () => undefined) {
  const bench = new MeterRig(rig);
  const now = { ...truth };
  for (let atS = 1; atS <= seconds; atS += 1) {
    act(now, atS, bench.meterW);
    const { doubt } = bench.turn(now);
    if (doubt?.sure === true) return { atS, kind: doubt.kind };
  }
  return undefined;
}

/** Self-consumption on the meter's word, as every loop does it. */
const follow: Act = (truth, _atS, meterW) => {
  const goalW = Math.max(-5_000, Math.min(5_000, truth.batteryW + meterW));
  truth.batteryW += Math.max(-2_000, Math.min(2_000, goalW - truth.batteryW));
};

const home: Truth = { loadW: 3_000, pvW: 0, batteryW: 0 };

describe('a frozen meter', () => {
  const stuck = (fromS: number) => {
    let heldW = Number.NaN;
    return (meterW: number, atS: number): number => {
      if (atS < fromS) heldW = meterW;
      return heldW;
    };
  };

  it('is noticed by its own counters, which owe the energy of the power it tells', () => {
    const rig = { shown: stuck(200), areCountersStuck: (atS: number) => atS >= 200 };
    const act: Act = (truth, atS) => {
      truth.loadW = 15_000 + 100 * (atS % 7);
    };
    const found = firstSure(rig, home, 400, act);
    expect(found?.kind).toBe('frozen');
    expect(found?.atS).toBeLessThanOrEqual(290);
  });

  it('is noticed by a device that moved, within 60 s', () => {
    const act: Act = (truth, atS) => {
      if (atS === 203) truth.batteryW = 900;
    };
    const found = firstSure({ shown: stuck(200) }, home, 400, act);
    expect(found?.kind).toBe('frozen');
    expect(found?.atS).toBeLessThanOrEqual(260);
  });

  it('is noticed soon by a move that no meter leaves out', () => {
    const act: Act = (truth, atS) => {
      if (atS === 203) truth.batteryW = 4_000;
    };
    const found = firstSure({ shown: stuck(200) }, home, 400, act);
    expect(found).toMatchObject({ kind: 'frozen', atS: expect.closeTo(215, -1) });
  });

  it('is believed again as soon as it shows another value', () => {
    const rig = { shown: (w: number, atS: number) => (atS >= 50 && atS < 200 ? 3_000 : w) };
    const bench = new MeterRig(rig);
    const truth = { ...home };
    for (let atS = 1; atS < 200; atS += 1) {
      if (atS === 60) truth.batteryW = 2_000;
      bench.turn(truth);
    }
    expect(bench.track.doubt?.kind).toBe('frozen');
    expect(bench.turn(truth).doubt).toBeUndefined();
  });
});

describe('a turned meter', () => {
  const turned = (fromS: number) => (meterW: number, atS: number) =>
    atS < fromS ? meterW : -meterW;

  it('is noticed within 30 s of the loop that runs away on its word', () => {
    // What the loop does after the first doubt is the safe state's business: back to zero.
    const bench = new MeterRig({ shown: turned(100) });
    const truth = { ...home };
    let doubtS = 0;
    let sureS = 0;
    for (let atS = 1; atS <= 200 && sureS === 0; atS += 1) {
      if (atS === 110) truth.loadW += 1_000; // without any change a turned zero is zero
      if (doubtS === 0) follow(truth, atS, bench.meterW);
      else if (atS > doubtS + 5) truth.batteryW = 0;
      const { doubt } = bench.turn(truth);
      if (doubt !== undefined && doubtS === 0) doubtS = atS;
      if (doubt?.sure === true) sureS = atS;
    }
    expect(doubtS).toBeGreaterThanOrEqual(110);
    expect(doubtS).toBeLessThanOrEqual(125);
    expect(sureS).toBeGreaterThan(doubtS);
    expect(sureS).toBeLessThanOrEqual(140);
  });

  it('is not believed again before its answers are right', () => {
    const bench = new MeterRig({ shown: (w, atS) => (atS < 300 ? -w : w) });
    const truth = { ...home, loadW: 1_000 };
    const moved = (seconds: number): string | undefined => {
      for (let n = 0; n < seconds; n += 1) {
        if (n % 15 === 0) truth.pvW = truth.pvW === 0 ? 3_000 : 0;
        bench.turn(truth);
      }
      return bench.track.doubt?.kind;
    };
    expect(moved(60)).toBe('turned');
    expect(moved(239)).toBe('turned');
    expect(moved(61)).toBeUndefined();
  });
});

/** A fault ends at `endS`: how long after that the meter was doubted last, s. */
function doubtedForS(bench: MeterRig, truth: Truth, act: Act, endS: number): number {
  let lastS = Number.NaN;
  for (let atS = 1; atS <= endS + 90; atS += 1) {
    act(truth, atS, bench.meterW);
    if (bench.turn(truth).doubt !== undefined) lastS = atS;
  }
  return lastS - endS;
}

/** L1: normal within 30 s of the end; the site needs some of them for its own way back. */
const FORGOTTEN_S = 20;
/** Up to the longest that the virtual world turns a meter, s. */
const TURNED_S = [26, 40, 60, 90];

describe('a doubt is forgotten soon after its fault is over', () => {
  const turnedFor = (forS: number) => (w: number, atS: number) =>
    atS >= 100 && atS < 100 + forS ? -w : w;

  it.each(TURNED_S)('impossible for %i s: a sun that seems to be load', (forS) => {
    const bench = new MeterRig({ shown: turnedFor(forS) });
    const truth = { loadW: 500, pvW: 15_500, batteryW: 0 };
    const still: Act = () => undefined;
    expect(doubtedForS(bench, truth, still, 100 + forS)).toBeLessThanOrEqual(FORGOTTEN_S);
  });

  it.each(TURNED_S)('turned for %i s, put right where nothing moves', (forS) => {
    const bench = new MeterRig({ shown: turnedFor(forS) });
    const truth = { ...home, pvW: 8_000 };
    const act: Act = (now, atS) => {
      now.loadW = 3_000 + 20 * (atS % 5); // a load is never quite still
      now.batteryW = bench.track.doubt === undefined && atS % 10 < 5 ? 4_000 : 0;
    };
    expect(doubtedForS(bench, truth, act, 100 + forS)).toBeLessThan(1);
  });

  it.each(TURNED_S)('turned for %i s, and the load changes as it ends', (forS) => {
    const bench = new MeterRig({ shown: turnedFor(forS) });
    const truth = { ...home };
    const act: Act = (now, atS) => {
      now.loadW = atS < 100 + forS ? 3_000 : 1_000;
      // On the wrong word of the meter the battery charges; in doubt it rests.
      now.batteryW = atS >= 102 && bench.track.doubt === undefined ? -3_000 : 0;
    };
    expect(doubtedForS(bench, truth, act, 100 + forS)).toBeLessThanOrEqual(FORGOTTEN_S);
  });

  it('a device whose readings turn their sign and back has not moved: no meter is frozen', () => {
    const bench = new MeterRig({ loadW: 50_000 });
    const truth = { loadW: 500, pvW: 4_000, batteryW: 0 };
    for (let atS = 1; atS <= 200; atS += 1) {
      const seen = atS >= 100 && atS < 126 ? -truth.pvW : truth.pvW;
      const { doubt } = bench.turn({ ...truth, loadW: truth.loadW + seen - truth.pvW, pvW: seen });
      expect(doubt).toBeUndefined();
    }
  });
});

it('a turned meter where nothing moves is tried again, in the end twice as late each time', () => {
  const bench = new MeterRig({ shown: (w) => -w });
  const truth = { ...home, loadW: 1_000 };
  const trials: number[] = [];
  for (let atS = 1; atS <= 600; atS += 1) {
    const isFree = bench.track.doubt === undefined;
    if (isFree && atS % 15 === 0) truth.pvW = truth.pvW === 0 ? 3_000 : 0;
    bench.turn(truth);
    if (!isFree && bench.track.doubt === undefined) trials.push(atS);
  }
  const waits = trials.map((atS, n) => atS - (trials[n - 1] ?? 0));
  expect(waits.length).toBeLessThanOrEqual(8);
  expect(waits.slice(1, 4).every((waitS) => waitS < 40)).toBe(true);
  expect(waits[waits.length - 1]).toBeGreaterThan(100);
});

describe('what no site can show', () => {
  it('swapped words are refused at the first reading', () => {
    const bench = new MeterRig({ shown: (w, atS) => (atS < 50 ? w : 196_608_000) });
    for (let atS = 1; atS < 50; atS += 1) bench.turn(home);
    expect(bench.track.doubt).toBeUndefined();
    expect(bench.turn(home).doubt).toMatchObject({ kind: 'impossible', lastW: 3_000, sure: false });
    for (let n = 0; n < 3; n += 1) bench.turn(home);
    expect(bench.track.doubt?.sure).toBe(true);
  });

  it('an export that becomes import beside the sun is refused', () => {
    const rig = { shown: (w: number, atS: number) => (atS < 50 ? w : 18_000) };
    const found = firstSure(rig, { loadW: 500, pvW: 9_500, batteryW: 0 }, 70);
    expect(found).toMatchObject({ kind: 'impossible' });
  });

  it('a device that the site file forgot does not cost the meter', () => {
    const act: Act = (truth, atS) => {
      truth.loadW = -Math.min(6_000, 20 * atS); // a roof that nobody wrote down
    };
    expect(firstSure({}, home, 900, act)).toBeUndefined();
  });
});

describe('what is no fault', () => {
  it.each<[string, Rig, Truth, Act]>([
    ['a load that is constant all night', {}, { ...home, loadW: 180 }, () => undefined],
    ['the same with a coarse counter', { quantumWh: 1_000 }, home, () => undefined],
    ['a site where nothing flows', {}, { ...home, loadW: 0 }, () => undefined],
    [
      'a load of which the battery covers half, time and again',
      { latencyMs: 200 },
      home,
      (truth, atS, meterW) => {
        truth.loadW = atS % 60 < 30 ? 10_000 : 0;
        follow(truth, atS, meterW);
      },
    ],
    [
      'the same with a battery that follows by itself, and a meter 3 s late',
      { latencyMs: 3_000, isFree: true },
      home,
      (truth, atS) => {
        truth.loadW = atS % 60 < 30 ? 10_000 : 0;
        truth.batteryW = Math.min(5_000, truth.loadW);
      },
    ],
    [
      'the edges of clouds',
      { latencyMs: 2_000, resolutionW: 10 },
      { ...home, pvW: 9_000 },
      (truth, atS) => {
        const goalW = atS % 90 < 45 ? 9_000 : 1_500;
        truth.pvW += Math.max(-1_500, Math.min(1_500, goalW - truth.pvW));
      },
    ],
    [
      'zero exchange at a coarse meter',
      { resolutionW: 100 },
      home,
      (truth, atS, meterW) => {
        truth.loadW = 2_500 + 2_000 * Math.sin(atS / 120);
        follow(truth, atS, meterW);
      },
    ],
  ])('%s', (_name, rig, truth, act) => {
    expect(firstSure(rig, truth, 7_200, act)).toBeUndefined();
  });
});
