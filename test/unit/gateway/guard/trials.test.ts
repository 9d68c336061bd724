import { describe, expect, it } from 'vitest';
import type { TrialAnswer, TrialRequest } from '../../../../gateway/contracts/values/trial.ts';
import { Bench } from './bench/bench.ts';
import { site } from './bench/site.ts';

const home = site({ pv: {}, battery: {} });
const ASKED: TrialRequest = {
  session: 'one',
  device: 'inverter2',
  terminal: 'battery1',
  act: 'pulse',
  powerW: 2_000,
  sinceCycle: 0,
};

/** A house in the sun of which only the meter and the roof are proven. */
async function start(commissioned = ['meter1', 'inverter1']): Promise<Bench> {
  const bench = new Bench(home, { commissioned });
  Object.assign(bench.world, { pvW: 3_000, loadW: -1_000 });
  await bench.start();
  await bench.clock.advance(5_000);
  return bench;
}

/** Asks again each second, as the command does. @returns the last answer */
async function insist(bench: Bench, more: Partial<TrialRequest>, forS: number) {
  let answer: TrialAnswer = bench.guard.trial({ ...ASKED, ...more });
  for (let second = 0; second < forS; second += 1) {
    await bench.clock.advance(1_000);
    answer = bench.guard.trial({ ...ASKED, ...more });
    expect(answer.refused).toBe('');
  }
  return answer;
}

const battery = (bench: Bench) => bench.told.get('battery1');

describe('a trial with consent', () => {
  it('what nothing proves is written during its pulse only, and then given back', async () => {
    const bench = await start();
    expect(battery(bench)).toBeUndefined();
    await insist(bench, {}, 6);
    expect(battery(bench)).toMatchObject({
      kind: 'setpoint',
      powerW: 2_000,
      code: 'COMMISSIONING',
    });
    expect(bench.batteryW).toBeCloseTo(2_000, -1);
    expect(bench.image.reason.sentence).toMatch(/^Battery discharging 2.0\skW, to prove what it/);
    // The command dies: nobody asks again.
    await bench.clock.advance(10_000);
    expect(battery(bench)?.kind).toBe('release');
    await bench.clock.advance(30_000);
    const last = bench.submitted.at(-1)?.verdicts.map(({ terminal }) => terminal);
    expect(last).not.toContain('battery1');
  });

  it('what is proven is under control again as soon as it is over', async () => {
    const bench = await start(['meter1', 'inverter1', 'inverter2']);
    await bench.clock.advance(30_000); // it does not turn around sooner
    await insist(bench, { powerW: 500 }, 5);
    expect(battery(bench)?.powerW).toBe(500);
    bench.guard.trial({ ...ASKED, act: 'end' });
    await bench.clock.advance(2_000);
    expect(bench.image.reason.code).not.toBe('COMMISSIONING');
    await bench.clock.advance(35_000);
    expect(battery(bench)?.powerW).toBeLessThan(-1_900);
  });

  it('left to its own timer, it is not written; released, it gets its own mode', async () => {
    const bench = await start();
    await insist(bench, {}, 5);
    const before = bench.submitted.length;
    await insist(bench, { act: 'letGo' }, 5);
    const meanwhile = bench.submitted.slice(before + 1).flatMap(({ verdicts }) => verdicts);
    expect(meanwhile.map(({ terminal }) => terminal)).not.toContain('battery1');
    await insist(bench, { act: 'release' }, 3);
    expect(battery(bench)?.kind).toBe('release');
  });

  it('the others are quiet meanwhile, and a limit binds the pulse', async () => {
    const bench = await start(['meter1', 'inverter1', 'inverter2']);
    await insist(bench, { device: 'inverter1', terminal: 'pv1', powerW: 1_500 }, 5);
    expect(bench.told.get('pv1')).toMatchObject({ kind: 'limit', powerW: 1_500 });
    expect(battery(bench)?.powerW).toBe(0);
    expect(bench.gridW).toBeCloseTo(-500, -1);
    const zero = new Bench(site({ battery: {}, connection: { defaultExportLimitW: 0 } }));
    await zero.start();
    Object.assign(zero.world, { loadW: -1_000 });
    await zero.clock.advance(3_000);
    await insist(zero, { powerW: 4_000 }, 10);
    expect(zero.gridW).toBeGreaterThan(-100);
    expect(battery(zero)?.powerW).toBeLessThan(1_100);
  });

  it('tells each cycle once: what was commanded, read back and measured', async () => {
    const bench = await start();
    const first = await insist(bench, {}, 3);
    const newest = first.samples.at(-1);
    expect(newest).toMatchObject({ act: 'pulse', isWritten: true, armed: true, refused: '' });
    expect(newest?.seen.commandedW).toEqual({ pv1: null, battery1: 2_000 });
    expect(newest?.seen.readBackW['battery1']).toBe(2_000);
    expect(newest?.seen.readings['meter1']?.['powerW']?.quality).toBe('good');
    const later = await insist(bench, { sinceCycle: newest?.cycle ?? 0 }, 1);
    expect(later.samples.map(({ cycle }) => cycle)).toEqual([(newest?.cycle ?? 0) + 1]);
  });
});

describe('what is refused, in words', () => {
  it.each([
    [{ session: 'two' }, 'another commissioning runs (inverter2)'],
    [{ device: 'none' }, 'the site has no battery1 at none'],
    [{ terminal: 'load1', device: 'inverter2' }, 'the site has no load1 at inverter2'],
    [{ powerW: Number.NaN }, 'not a request of commissioning'],
    [{ act: 'burn' as 'pulse' }, 'not a request of commissioning'],
  ])('%j', async (more, why) => {
    const bench = await start();
    expect(bench.guard.trial(ASKED).refused).toBe('');
    await bench.clock.advance(1_000);
    expect(bench.guard.trial({ ...ASKED, ...more }).refused).toBe(why);
  });

  it('a gateway that only observes, and one whose other device is still given back', async () => {
    const watching = new Bench(site({ battery: {}, control: { active: false } }));
    await watching.start();
    expect(watching.guard.trial(ASKED).refused).toMatch(/^the gateway only observes/);
    const bench = await start();
    bench.guard.trial(ASKED);
    bench.guard.trial({ ...ASKED, act: 'end' });
    await bench.clock.advance(1_000);
    const other = { ...ASKED, session: 'two', device: 'inverter1', terminal: 'pv1' };
    expect(bench.guard.trial(other).refused).toBe('inverter2 is being given back');
  });
});
