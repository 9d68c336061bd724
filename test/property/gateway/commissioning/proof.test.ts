import { describe, expect, test } from 'vitest';
import type { FindingKind } from '../../../../gateway/contracts/values/commissioning.ts';
import { createStream } from '../../../../simulators/random.ts';
import { type Case, commission, complaints, siteWith } from './given.ts';
import type { Nature, Wrong } from './plant.ts';

/** Sites as they are found: noise, latency, lag and resolution over the range of real ones. */
function anySite(seed: number): Case {
  const random = createStream(seed, 'site');
  const between = (low: number, high: number): number => low + random.next() * (high - low);
  const one = <T>(...of: readonly T[]): T => of[Math.floor(random.next() * of.length)]!;
  const ticks = (s: number): number => Math.round(s * 5) / 5; // the plant's
  const phases = one<1 | 3>(1, 3);
  const nature: Partial<Nature> = {
    loadW: between(500, 6_000),
    noiseW: between(5, 110),
    alike: between(0, 0.9),
    resolutionW: one(1, 10, 50, 100),
    ownResolutionW: one(1, 10, 50),
    meterLatencyS: between(0.2, 3),
    ownLatencyS: ticks(between(0, 0.6)),
    deadS: ticks(between(0.2, 1.6)),
    lagS: between(0.5, 8),
    sunW: between(0, 3_000),
    devicePhases: phases === 3 ? [0, 1, 2] : [one(0, 1, 2)],
  };
  return { seed, site: siteWith({ phases }), nature };
}

const THREE = { devicePhases: [0, 1, 2] };

const spread = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('a site that is wired right', () => {
  const all = spread(250).map((seed) => ({ seed, ...commission(anySite(seed)) }));

  test('is proven in 99 of 100 cases, and never called wrong', () => {
    const open = all.filter(({ result }) => !result.proven);
    const wrong = open.filter(({ result }) =>
      result.findings.some(({ severity }) => severity === 'wrong'),
    );
    const said = open.map((one) => `${one.seed}: ${complaints(one).join(' ')}`);
    expect(wrong.map((one) => `${one.seed}: ${complaints(one).join(' ')}`)).toEqual([]);
    expect(said.length, said.join('\n')).toBeLessThanOrEqual(all.length / 100);
  });

  test('tells dead time and lag within the error that it states', () => {
    const off = all.flatMap(({ seed, nature, result: { learned } }) => {
      const { delayMs, delayErrorMs, lagMs, lagErrorMs } = learned;
      if (delayMs === null || lagMs === null) return [`${seed}: not told`];
      const trueMs = 1_000 * (nature.deadS + nature.ownLatencyS);
      // Stamps are up to 0.2 s early.
      const isDelay = Math.abs(delayMs - trueMs) <= delayErrorMs! + 200;
      const isLag = Math.abs(lagMs - 1_000 * nature.lagS) <= lagErrorMs! + 100;
      return isDelay && isLag
        ? []
        : [
            `${seed}: ${delayMs}±${delayErrorMs} for ${trueMs}, ` +
              `${lagMs}±${lagErrorMs} for ${nature.lagS}`,
          ];
    });
    expect(off.length, off.join('\n')).toBeLessThanOrEqual(all.length / 100);
  });

  test('the phases of the device are learned, where they are proven', () => {
    for (const { result, nature } of all) {
      const { phases } = result.learned;
      const own = nature.devicePhases.map((phase) => `L${phase + 1}`);
      if (phases.length > 0) expect(phases).toEqual(own);
    }
    expect(all.filter(({ result }) => result.learned.phases.length > 0).length).toBeGreaterThan(
      0.8 * all.length,
    );
  });
});

describe('PV', () => {
  const sunny = (seed: number, wrong: Wrong = {}) => {
    const { nature, ...any } = anySite(seed);
    const sunW = 6_000 + 30 * (seed % 100);
    return commission({
      ...any,
      terminal: 'pv1',
      wrong,
      nature: { ...nature, ...THREE, noiseW: 40, sunW },
    });
  };

  test('that is wired right is proven', () => {
    const open = spread(40).flatMap((seed) => {
      const one = sunny(seed);
      return one.result.proven ? [] : [`${seed}: ${complaints(one).join(' ')}`];
    });
    expect(open).toEqual([]);
  });

  test.each<[string, Wrong, FindingKind]>([
    ['grid meter turned', { gridTurned: true }, 'ct-direction'],
    ['own power reversed', { ownSign: -1 }, 'sign'],
    ['limit ignored', { ignores: true }, 'write'],
    ['limit a tenth', { setpointScale: 0.1 }, 'scale'],
    ['own power a tenth', { ownScale: 0.1 }, 'scale'],
    ['timer does not work', { keepsWithoutTimer: true }, 'reversion'],
    ['release does not work', { keepsAfterRelease: true }, 'release'],
  ])('%s: never proven, and named', (_, wrong, kind) => {
    const cases = spread(10).map((seed) => ({ seed, ...sunny(seed, wrong) }));
    expect(cases.filter(({ result }) => result.proven)).toEqual([]);
    const unnamed = cases.filter(
      ({ result }) => !result.findings.some((one) => one.kind === kind && one.severity === 'wrong'),
    );
    expect(unnamed.map((one) => `${one.seed}: ${complaints(one).join(' ')}`)).toEqual([]);
  });
});

interface Fault {
  readonly name: string;
  readonly wrong: Wrong;
  readonly named: readonly FindingKind[]; // kinds of finding that name it
  readonly nature?: Partial<Nature>;
}

/** A meter that counts ten times is ten times as noisy: what leaves room for a pulse. */
const CALM = { noiseW: 8, resolutionW: 1 };

/** What installers meet. */
const FAULTS: readonly Fault[] = [
  { name: 'grid meter turned', wrong: { gridTurned: true }, named: ['ct-direction'] },
  {
    ...{ name: 'one transformer turned', named: ['ct-direction'], nature: THREE },
    wrong: { gridCtTurned: [false, true, false] },
  },
  { name: 'own power reversed', wrong: { ownSign: -1 }, named: ['sign'] },
  { name: 'setpoint reversed', wrong: { setpointSign: -1 }, named: ['sign'] },
  {
    ...{ name: 'profile reversed', named: ['sign', 'ct-direction'] }, // the sentence has both
    wrong: { setpointSign: -1, ownSign: -1 },
  },
  {
    ...{ name: 'transformers exchanged', named: ['ct-phase'], nature: THREE },
    wrong: { gridCts: [1, 0, 2] },
  },
  { name: 'transformers shifted', wrong: { gridCts: [1, 2, 0] }, named: ['ct-phase'] },
  { name: 'another feeder', wrong: { gridElsewhere: true }, named: ['mapping'] },
  { name: 'grid meter frozen', wrong: { gridFrozen: true }, named: ['stuck'] },
  { name: 'own power frozen', wrong: { ownFrozen: true }, named: ['stuck'] },
  { name: 'meters exchanged', wrong: { metersExchanged: true }, named: ['mapping'] },
  { name: 'write ignored', wrong: { ignores: true }, named: ['write'] },
  { name: 'not read back', wrong: { ignores: true, readsBack: false }, named: ['write'] },
  { name: 'charging ignored', wrong: { chargesNever: true }, named: ['write'] },
  { name: 'counts ten times', wrong: { gridScale: 10 }, named: ['scale'], nature: CALM },
  { name: 'counts a tenth', wrong: { gridScale: 0.1 }, named: ['scale'], nature: CALM },
  { name: 'counts a thousandth', wrong: { gridScale: 0.001 }, named: ['scale', 'stuck'] },
  { name: 'own power ten times', wrong: { ownScale: 10 }, named: ['scale'] },
  { name: 'setpoint ten times', wrong: { setpointScale: 10 }, named: ['scale'] },
  { name: 'setpoint a tenth', wrong: { setpointScale: 0.1 }, named: ['scale'], nature: CALM },
  { name: 'timer does not work', wrong: { keepsWithoutTimer: true }, named: ['reversion'] },
  { name: 'release does not work', wrong: { keepsAfterRelease: true }, named: ['release'] },
  { name: 'two devices answer', wrong: { twoAnswer: true }, named: ['mapping'] },
  { name: 'addresses exchanged', wrong: { addressExchanged: true }, named: ['mapping'] },
];

describe('a fault', () => {
  const COUNT = 21;
  const all = FAULTS.map(({ name, wrong, named, nature }, index) => ({
    name,
    named,
    cases: spread(COUNT).map((at) => {
      const seed = 1_000 * (index + 1) + at;
      const any = anySite(seed);
      const site = nature?.devicePhases === undefined ? any.site : siteWith({ phases: 3 });
      return { seed, ...commission({ ...any, site, wrong, nature: { ...any.nature, ...nature } }) };
    }),
  }));

  test('is never proven', () => {
    const proven = all.flatMap(({ name, cases }) =>
      cases.filter(({ result }) => result.proven).map(({ seed }) => `${name}, seed ${seed}`),
    );
    expect(all.length * COUNT).toBeGreaterThan(500);
    expect(proven).toEqual([]);
  });

  test.each(all)('$name: named, or asked for again', ({ named, cases }) => {
    const isWrong = (one: (typeof cases)[number], kinds?: readonly FindingKind[]): boolean =>
      one.result.findings.some(
        ({ kind, severity }) => severity === 'wrong' && kinds?.includes(kind) !== false,
      );
    const unnamed = cases.filter((one) => !isWrong(one, named));
    const said = unnamed.map((one) => `${one.seed}: ${complaints(one).join(' ')}`).join('\n');
    expect(unnamed.filter((one) => isWrong(one)).length, said).toBe(0);
    expect(unnamed.length, said).toBeLessThanOrEqual(COUNT * 0.1);
  });

  test('on a phase that the pulse does not pass is named by what the site can give', () => {
    const { result } = commission({
      ...{ seed: 1, site: siteWith({ phases: 1 }), wrong: { gridCtTurned: [false, true, false] } },
      nature: { devicePhases: [0], sunW: 0 },
    });
    expect(result.proven).toBe(false);
    expect(result.findings.map(({ sentence }) => sentence)).toContain(
      'The meter grid-meter sells more on L2 than the site can give: turn the current ' +
        'transformer of L2 round, or put it on the phase of its voltage.',
    );
  });

  test('where the sun hides it, those phases are said not to be proven', () => {
    const { result } = commission({
      ...{ seed: 1, site: siteWith({ phases: 1 }), wrong: { gridCtTurned: [false, true, false] } },
      nature: { devicePhases: [0], sunW: 2_500, loadW: 1_500 },
    });
    const open = result.findings.filter(({ severity }) => severity === 'notProven');
    expect(open.map(({ kind, sentence }) => `${kind}: ${sentence}`)).toEqual([
      'phases: Battery is on one phase, so L2 and L3 of the meter grid-meter are not proven by ' +
        'it: look at them.',
    ]);
  });
});

describe('a load that moves at the same time', () => {
  test('proves nothing wrong, and makes nothing wrong of what is right', () => {
    const cases = spread(30).map((seed) => {
      const random = createStream(seed, 'load steps');
      const any = anySite(seed);
      const quiet = commission({ ...any });
      const begin = quiet.startS[1 + 2 * Math.floor(random.next() * 3)]!;
      const powerW = (random.next() < 0.5 ? -1 : 1) * (400 + 2_000 * random.next());
      const loadSteps = [
        { atS: begin + random.next(), powerW },
        { atS: begin + 20 + 20 * random.next(), powerW: -powerW },
      ];
      const nature = { ...any.nature, loadSteps };
      const right = commission({ ...any, nature });
      const elsewhere = commission({ ...any, nature, wrong: { gridElsewhere: true } });
      return { seed, right, elsewhere };
    });
    const accused = cases.filter(({ right }) =>
      right.result.findings.some(({ severity }) => severity === 'wrong'),
    );
    expect(accused.map((one) => `${one.seed}: ${complaints(one.right).join(' ')}`)).toEqual([]);
    expect(cases.filter(({ elsewhere }) => elsewhere.result.proven)).toEqual([]);
    // Most of them are told from the pulses, and asked for again.
    const repeated = cases.filter(({ right }) => !right.result.proven);
    expect(repeated.length).toBeGreaterThan(cases.length / 2);
  });
});
