import { describe, expect, it } from 'vitest';
import type { Directive } from '../../../../gateway/contracts/values/directive.ts';
import { parseDirective } from '../../../../gateway/guard/directives.ts';
import { Bench, type BenchOptions } from './bench/bench.ts';
import { site } from './bench/site.ts';

const ruled = site({
  pv: {},
  battery: {},
  directives: { keyId: 'key1', publicKey: 'public' },
  connection: { defaultExportLimitW: 8_000, defaultImportLimitW: 20_000 },
});

const directive = (bench: Bench, more: Partial<Directive>): Directive => {
  const wallMs = bench.clock.wallMs();
  return {
    exportLimitW: 2_000,
    fromMs: wallMs,
    gateway: 'gw-bench',
    importLimitW: 10_000,
    issuedAtMs: wallMs,
    kind: 'envelope',
    onLost: 'keep',
    sequence: 1,
    untilMs: wallMs + 600_000,
    v: 1,
    why: 'transformer',
    ...more,
  };
};

async function running(options: BenchOptions = {}, of = ruled): Promise<Bench> {
  const bench = new Bench(of, options);
  Object.assign(bench.world, { pvW: 9_000, socPct: 96 });
  await bench.start();
  await bench.clock.advance(3_000);
  return bench;
}

const give = (bench: Bench, more: Partial<Directive>, signature?: string): void =>
  bench.guard.directive(bench.sign(directive(bench, more), signature));

const limits = (bench: Bench) => {
  const { importLimitW, exportLimitW } = bench.image.limits;
  return [importLimitW, exportLimitW];
};

const refusals = (bench: Bench): string[] =>
  bench.records.flatMap((one) =>
    one.kind === 'event' && one.code === 'DIRECTIVE_REFUSED' ? [one.text] : [],
  );

describe('an envelope', () => {
  it('binds at the connection, is said, saved and told', async () => {
    const bench = await running();
    expect(limits(bench)).toEqual([20_000, 8_000]);
    give(bench, {});
    await bench.clock.advance(5_000);
    expect(limits(bench)).toEqual([10_000, 2_000]);
    expect(bench.gridW).toBeGreaterThan(-2_100);
    expect(bench.image.asks.find((ask) => ask.authority === 'grid-envelope')?.sentence).toContain(
      'grid envelope until',
    );
    expect(bench.saved.at(-1)).toMatchObject({ highestSequence: 1 });
    expect(bench.saved.at(-1)?.envelopes).toHaveLength(1);
    expect(bench.records.some((one) => one.kind === 'event' && one.code === 'ENVELOPE')).toBe(true);
  });

  it('ends at its own end, and the default limit binds again', async () => {
    const bench = await running();
    give(bench, { untilMs: bench.clock.wallMs() + 10_000 });
    await bench.clock.advance(5_000);
    expect(limits(bench)).toEqual([10_000, 2_000]);
    await bench.clock.advance(6_000);
    expect(limits(bench)).toEqual([20_000, 8_000]);
  });

  it('the newest counts where two overlap; one to come waits', async () => {
    const bench = await running();
    give(bench, { sequence: 1, exportLimitW: 2_000 });
    give(bench, { sequence: 2, exportLimitW: 3_000 });
    give(bench, { sequence: 3, exportLimitW: 1_000, fromMs: bench.clock.wallMs() + 20_000 });
    await bench.clock.advance(5_000);
    expect(limits(bench)).toEqual([10_000, 3_000]);
    await bench.clock.advance(20_000);
    expect(limits(bench)).toEqual([10_000, 1_000]);
  });

  it('never loosens contract or fuse', async () => {
    const bench = await running();
    give(bench, { importLimitW: 1e6, exportLimitW: 1e6 });
    await bench.clock.advance(2_000);
    expect(limits(bench)).toEqual([30_000, 30_000]);
  });

  it('a tighter one brings the turn forward, within 50 ms; the schedule stays', async () => {
    const bench = await running();
    await bench.clock.advance(1_000 - (bench.clock.monoMs() % 1_000) + 300);
    const turns = bench.images.length;
    const { cycles } = bench.image.counters;
    give(bench, {});
    await bench.clock.advance(50);
    expect(bench.images).toHaveLength(turns + 1);
    expect(limits(bench)).toEqual([10_000, 2_000]);
    expect(bench.image.counters.cycles).toBe(cycles);
    await bench.clock.advance(700);
    expect(bench.images).toHaveLength(turns + 2);
    expect(bench.image.monoMs % 1_000).toBe(0);
    expect(bench.image.counters).toMatchObject({ cycles: cycles + 1, missedCycles: 0 });
  });

  it('a looser one waits; a flood makes no more than five turns a second', async () => {
    const bench = await running();
    give(bench, { sequence: 1 });
    await bench.clock.advance(5_000 - (bench.clock.monoMs() % 1_000) + 10);
    const turns = bench.images.length;
    give(bench, { sequence: 2, exportLimitW: 5_000 });
    await bench.clock.advance(50);
    expect(bench.images).toHaveLength(turns);
    for (let n = 0; n < 100; n += 1) {
      give(bench, { sequence: 3 + n, exportLimitW: 4_000 - n });
      await bench.clock.advance(9);
    }
    expect(bench.images.length - turns).toBeLessThanOrEqual(6);
  });
});

describe('an emergency', () => {
  it('replaces the envelope for its time, and lives no longer than 15 minutes', async () => {
    const bench = await running();
    give(bench, { sequence: 1, untilMs: bench.clock.wallMs() + 7_200_000 });
    give(bench, {
      sequence: 2,
      kind: 'emergency',
      exportLimitW: 0,
      untilMs: bench.clock.wallMs() + 7_200_000,
    });
    await bench.clock.advance(6_000);
    expect(limits(bench)).toEqual([10_000, 0]);
    expect(bench.gridW).toBeGreaterThan(-100);
    await bench.clock.advance(900_000);
    expect(limits(bench)).toEqual([10_000, 2_000]);
  });
});

describe('a directive is refused, audited, and without effect', () => {
  const cases: readonly [string, Partial<Directive> & { forged?: boolean }, string][] = [
    ['wrong signature', { forged: true }, 'signature is wrong'],
    ['another gateway', { gateway: 'gw-other' }, 'another gateway'],
    ['expired', { untilMs: 1 }, 'has expired'],
    ['ends before it begins', { fromMs: 2 ** 50 }, 'ends before it begins'],
    ['negative limit', { importLimitW: -1 }, 'not a directive'],
  ];
  it.each(cases)('%s', async (_name, { forged, ...more }, why) => {
    const bench = await running();
    give(bench, more, forged === true ? 'signed something else' : undefined);
    await bench.clock.advance(2_000);
    expect(refusals(bench).join()).toContain(why);
    expect(limits(bench)).toEqual([20_000, 8_000]);
    expect(bench.saved.at(-1)?.envelopes).toEqual([]);
  });

  it('a sequence that is not new', async () => {
    const bench = await running();
    give(bench, { sequence: 7 });
    give(bench, { sequence: 7, exportLimitW: 100 });
    give(bench, { sequence: 6, exportLimitW: 200 });
    await bench.clock.advance(2_000);
    expect(refusals(bench)).toHaveLength(2);
    expect(limits(bench)).toEqual([10_000, 2_000]);
  });

  it('a key that the site file does not name, and a site without keys', async () => {
    const bench = await running();
    bench.guard.directive({ ...bench.sign(directive(bench, {})), keyId: 'other' });
    expect(refusals(bench)).toHaveLength(1);
    const deaf = await running({}, site({ battery: {} }));
    give(deaf, {});
    expect(refusals(deaf).join()).toContain('no key');
  });

  it('bodies that are not exactly a directive', () => {
    const body = (text: string) => parseDirective(text);
    const good = JSON.stringify(directive(new Bench(ruled), {}));
    expect(body(good)).toBeDefined();
    expect(body(good.replace('{', '{ '))).toBeUndefined();
    expect(body(good.replace('"v":1', '"v":1,"extra":1'))).toBeUndefined();
    expect(body(good.replace('"v":1', '"v":1,"v":1'))).toBeUndefined();
    expect(body(good.replace('"importLimitW":10000', '"importLimitW":null'))).toBeUndefined();
    for (const odd of ['', '[]', 'null', '1', 'x'.repeat(5_000), '{}']) {
      expect(body(odd)).toBeUndefined();
    }
  });
});

describe('the heartbeat', () => {
  const lose = 125_000;

  it('lost, "keep": envelopes are obeyed to their end, then the default', async () => {
    const bench = await running();
    give(bench, { untilMs: bench.clock.wallMs() + 200_000 });
    await bench.clock.advance(lose);
    expect(bench.image.flags).toEqual(['limited']);
    expect(limits(bench)).toEqual([10_000, 2_000]);
    await bench.clock.advance(100_000);
    expect(limits(bench)).toEqual([20_000, 8_000]);
    give(bench, { sequence: 2, kind: 'heartbeat' });
    await bench.clock.advance(2_000);
    expect(bench.image.flags).toEqual([]);
  });

  it('lost, "failsafe": the failsafe limit until a new limit comes', async () => {
    const bench = await running();
    give(bench, { onLost: 'failsafe', untilMs: bench.clock.wallMs() + 9e6 });
    await bench.clock.advance(lose);
    expect(limits(bench)).toEqual([4_200, 0]);
    give(bench, { sequence: 2, kind: 'heartbeat' });
    await bench.clock.advance(20_000);
    expect(limits(bench)).toEqual([4_200, 0]);
    give(bench, { sequence: 3, exportLimitW: 1_500 });
    await bench.clock.advance(2_000);
    expect(limits(bench)).toEqual([10_000, 1_500]);
  });

  it('or until it has been back for two minutes', async () => {
    const bench = await running();
    give(bench, { onLost: 'failsafe', untilMs: bench.clock.wallMs() + 9e6 });
    await bench.clock.advance(lose);
    for (let n = 0; n < 13; n += 1) {
      give(bench, { sequence: 2 + n, kind: 'heartbeat' });
      await bench.clock.advance(10_000);
    }
    expect(limits(bench)).toEqual([10_000, 2_000]);
  });

  it('or, without one, for its two hours; then the default', async () => {
    const bench = await running();
    give(bench, { onLost: 'failsafe' });
    await bench.clock.advance(lose + 7_100_000);
    expect(limits(bench)).toEqual([4_200, 0]);
    await bench.clock.advance(110_000);
    expect(limits(bench)).toEqual([20_000, 8_000]);
  }, 60_000);
});

describe('a restart', () => {
  it('the last limits bind from the first write, and the safe state never lifts them', async () => {
    const first = await running();
    give(first, { exportLimitW: 1_000 });
    await first.clock.advance(2_000);
    const saved = first.saved.at(-1);
    const again = new Bench(ruled, {
      wallMs: first.clock.wallMs() + 5_000,
      ...(saved === undefined ? {} : { saved }),
    });
    Object.assign(again.world, { pvW: 9_000 });
    await again.start();
    const firstWrite = again.submitted[0]?.verdicts.find(({ terminal }) => terminal === 'pv1');
    expect(firstWrite).toMatchObject({ kind: 'limit', powerW: 1_000, code: 'SAFE_STATE' });
    await again.clock.advance(3_000);
    expect(limits(again)).toEqual([10_000, 1_000]);
    expect(again.saved[0]?.epoch).toBe((saved?.epoch ?? 0) + 1);
    give(again, { sequence: 1, exportLimitW: 9_000 });
    expect(refusals(again)).toHaveLength(1);
  });

  it('after the stop nothing is told any more, and the count is whole', async () => {
    const bench = await running();
    await bench.guard.stop();
    const records = bench.records.length;
    give(bench, {});
    give(bench, { sequence: 9 }, 'forged');
    expect(bench.records).toHaveLength(records);
    expect(bench.image.counters.recordsProduced).toBe(records);
  });

  it('stop leaves the safe states behind', async () => {
    const bench = await running();
    await bench.guard.stop();
    expect(bench.released?.map(({ terminal, kind }) => `${terminal} ${kind}`)).toEqual([
      'pv1 limit',
      'battery1 setpoint',
    ]);
  });
});
