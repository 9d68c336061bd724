import { expect, test } from 'vitest';
import { type Laid, layChain } from '../../../../fixtures/sunspec/chain.ts';
import { gatewayOf } from '../../../../fixtures/sunspec/gateway.ts';

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
