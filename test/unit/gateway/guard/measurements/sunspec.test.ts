import { expect, test } from 'vitest';
import type { Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { type Laid, layChain } from '../../../../fixtures/sunspec/chain.ts';
import { gatewayOf } from '../../../../fixtures/sunspec/gateway.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

const WHO: Laid = { id: 1, raw: { Mn: 'Fronius', Md: 'Hybrid', Vr: '1.2', SN: 'A42' } };
const PLATE: Laid = { id: 120, raw: { DERTyp: 82, WRtg: 600, WRtg_SF: 1 } };
const BATTERY: Laid = { id: 802, raw: { SoC: 425, SoC_SF: -1, W: 120, W_SF: 1 } };
const WATTS: Laid = { id: 103, raw: { W: 412, W_SF: 1, PhVphA: 2_314, V_SF: -1 } };
const inputs = (...watts: number[]): Laid => ({
  id: 160,
  repeats: watts.length,
  raw: Object.fromEntries([
    ['N', watts.length],
    ['DCW_SF', 0],
    ...watts.map((watt, n): [string, number] => [`module${n + 1}.DCW`, watt]),
  ]),
});

test('a device that is known by its models only: polled, summed, told', async () => {
  const { lines, read, cycles, poller } = await gatewayOf(
    layChain(40_000, [WHO, WATTS, PLATE, inputs(3_100, 2_900, 1_650, 0), BATTERY]),
  );
  await cycles(12);
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 4_120 });
  expect(read('pv.powerW')).toMatchObject({ quality: 'good', value: 6_000 });
  expect(read('battery.powerW')).toMatchObject({ quality: 'good', value: 1_200 });
  expect(read('battery.socPct')).toMatchObject({ quality: 'good', value: 42.5 });
  expect(read('ratedW')).toMatchObject({ quality: 'good', value: 6_000 });
  expect(poller.snapshot().devices[0]?.state).toBe('ok');
  expect(lines).toContain('device device1: SunSpec models 1, 103, 120, 160, 802');
});

test('registers that moved while the wire was down are never read as before', async () => {
  const before = layChain(40_000, [WHO, WATTS, PLATE]);
  const { wire, lay, read, cycles, poller, lines } = await gatewayOf(before);
  await cycles(3);
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 4_120 });
  const seen: (number | undefined)[] = [];
  wire.far.hangUp('reset');
  // The same inverter after its owner chose floats.
  lay(layChain(40_000, [WHO, { id: 113, raw: { W: 3_000.5, PhVphA: 230 } }, PLATE]));
  for (let n = 0; n < 30; n += 1) {
    await cycles(1);
    const reading = read('powerW');
    if (reading?.quality === 'good') seen.push(reading.value);
  }
  expect(new Set(seen)).toEqual(new Set([3_000.5]));
  expect(poller.map('device1')?.points['powerW']).toMatchObject({ model: 113, as: 'f32' });
  expect(lines.filter((line) => line.includes('SunSpec models'))).toHaveLength(2);
});

test('a lost connection costs a known device one read, and a walk when it has held', async () => {
  const { wire, peer, read, cycles } = await gatewayOf(layChain(40_000, [WHO, WATTS, PLATE]));
  await cycles(3);
  peer.asked.length = 0;
  const walked = () => peer.asked.filter(([, , count]) => count === 2).length;
  peer.faults.bend = (frame) => [frame.map(() => 0xff)];
  await cycles(1);
  peer.faults.bend = undefined;
  await cycles(2); // the same session: nothing to find out
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 4_120 });
  expect(peer.asked.filter(([, at]) => at === 40_000)).toEqual([]);
  wire.far.hangUp('reset');
  await cycles(2);
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 4_120 });
  expect(peer.asked.filter(([, at]) => at === 40_000)).toEqual([[3, 40_000, 72]]);
  expect(walked()).toBe(0);
  await cycles(32);
  expect(walked()).toBeGreaterThan(3);
});

test('another device at the same address is only observed, and nothing is written', async () => {
  const terminal: Terminal = {
    id: 'pv1',
    name: 'Roof',
    node: 'main',
    kind: 'pv',
    device: 'device1',
    phases: 3,
    ratedInW: 6_000,
    ratedOutW: 0,
    control: 'limit',
    minPowerW: 0,
    minRunMs: 0,
    minRestMs: 0,
    responseMs: 0,
    priority: 1,
    safeState: { kind: 'own-mode' },
  };
  const raw = { WMaxLimPct: 10_000, WMaxLimPct_SF: -2, WMaxLim_Ena: 0, WMaxLimPct_RvrtTms: 0 };
  const models: Laid[] = [WATTS, { id: 120, raw: { WRtg: 600, WRtg_SF: 1 } }, { id: 123, raw }];
  const of = (SN: string) => layChain(40_000, [{ id: 1, raw: { ...WHO.raw, SN } }, ...models]);
  const { wire, lay, peer, cycles, writer, poller, clock, lines } = await gatewayOf(of('A42'), [
    terminal,
  ]);
  await cycles(2);
  const turns = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      writer.submit([verdictOf('pv1', 'limit', 3_000)], clock.monoMs());
      await cycles(1);
    }
  };
  await turns(3);
  expect(writer.state()[0]?.lastVerified?.powerW).toBe(3_000);
  wire.far.hangUp('reset');
  lay(of('B17'));
  peer.asked.length = 0;
  await turns(10);
  expect(peer.asked.filter(([fc]) => fc >= 5)).toEqual([]);
  expect(poller.snapshot().devices[0]?.state).toBe('observing');
  expect(lines).toContain(
    'device device1: serial B17 answers, A42 did before; it is only observed until confirmed',
  );
  wire.far.hangUp('reset');
  lay(of('A42'));
  await turns(3);
  expect(writer.state()[0]?.lastVerified?.powerW).toBe(3_000);
});

test('presumed to be the same for a minute of silence, unless another answers', async () => {
  const of = (SN: string) => layChain(40_000, [{ id: 1, raw: { ...WHO.raw, SN } }, WATTS, PLATE]);
  const { wire, lay, peer, cycles, poller } = await gatewayOf(of('A42'));
  const knows = () => [poller.known('device1'), poller.presumed('device1')];
  const silence = async () => {
    peer.faults.drop = true;
    await cycles(12);
  };
  await cycles(3);
  expect(knows()).toEqual([true, true]);
  await silence();
  expect(knows()).toEqual([false, true]);
  await cycles(60);
  expect(knows()).toEqual([false, false]);

  peer.faults.drop = false;
  await cycles(10);
  expect(knows()).toEqual([true, true]);
  await silence();
  lay(of('B17'));
  peer.faults.drop = false;
  let answers = 0;
  peer.faults.bend = (frame) => (answers++ === 0 ? [frame] : []);
  await cycles(4); // its card, and no more
  expect(knows()).toEqual([false, false]);

  lay(of('A42'));
  peer.faults.bend = undefined;
  await cycles(30);
  expect(knows()).toEqual([true, true]);
  peer.faults.drop = true;
  wire.far.hangUp('reset'); // whoever comes behind that has to say who it is
  await cycles(2);
  expect(knows()).toEqual([false, false]);
});

test('a chain that is broken after a reconnection is not read, and tried again', async () => {
  const whole = layChain(40_000, [WHO, WATTS, PLATE]);
  const { wire, lay, read, cycles } = await gatewayOf(whole);
  await cycles(3);
  wire.far.hangUp('reset');
  lay(new Map([...whole].filter(([at]) => at < 40_060)));
  await cycles(20);
  expect(read('powerW')).toMatchObject({ quality: 'timeout', last: 4_120 });
  lay(whole);
  await cycles(3);
  expect(read('powerW')).toMatchObject({ quality: 'good', value: 4_120 });
});

test('what it cannot be is told in one line', async () => {
  const { lines, read, poller } = await gatewayOf(layChain(50_000, [WHO, { id: 302, length: 5 }]));
  expect(read('powerW')).toBeUndefined();
  expect(poller.map('device1')).toBeUndefined();
  expect(lines).toContain(
    'device device1: none of its SunSpec models is an inverter, a meter or a battery ' +
      'that we know: 1, 302',
  );
});
