import { expect, test } from 'vitest';
import type { Terminal } from '../../../../../gateway/contracts/values/site.ts';
import { type Laid, layChain } from '../../../../fixtures/sunspec/chain.ts';
import { gatewayOf } from '../../../../fixtures/sunspec/gateway.ts';
import { verdictOf } from '../../../../fixtures/verdicts.ts';

const BASE = 40_000;
const WHO: Laid = { id: 1, raw: { Mn: 'Acme', Md: 'Hybrid', SN: '7' } };
const AC: Laid = { id: 103, raw: { W: 500, W_SF: 1 } };
const PLATE: Laid = { id: 120, raw: { DERTyp: 82, WRtg: 600, WRtg_SF: 1 } };
const LIMIT: Laid = {
  id: 123,
  raw: { WMaxLimPct: 10_000, WMaxLimPct_SF: -2, WMaxLim_Ena: 0, WMaxLimPct_RvrtTms: 0 },
};
const RATES = {
  WChaMax: 800,
  WChaMax_SF: 1,
  StorCtl_Mod: 0,
  OutWRte: 10_000,
  InWRte: 10_000,
  InOutWRte_SF: -2,
};
const STORAGE: Laid = { id: 124, raw: { ...RATES, InOutWRte_RvrtTms: 0 } };
/** Offsets from the model id register, as the models define them. */
const AT = { 123: { pct: 5, time: 7, enable: 9 }, 124: { mode: 5, out: 12, in: 13, time: 15 } };
const at = (id: number): number => {
  const lengths = [66, 50, 26, 24, 24].map((length) => length + 2);
  const index = [1, 103, 120, 123, 124].indexOf(id);
  return BASE + 2 + lengths.slice(0, index).reduce((sum, length) => sum + length, 0);
};

const terminal = (id: string, more: Partial<Terminal>): Terminal => ({
  id,
  name: id,
  node: 'main',
  kind: 'battery',
  device: 'device1',
  phases: 3,
  ratedInW: 8_000,
  ratedOutW: 8_000,
  ratedVa: 8_000,
  control: 'setpoint',
  minPowerW: 0,
  minRunMs: 0,
  minRestMs: 0,
  responseMs: 0,
  priority: 1,
  safeState: { kind: 'own-mode' },
  ...more,
});
const BATTERY = terminal('battery1', { part: 'battery' });
const CONVERTER = terminal('hybrid1', { kind: 'converter', control: 'limit', ratedInW: 6_000 });

test('a hybrid: battery held by both rates, converter limited, each with its time', async () => {
  const { peer, writer, clock, cycles, lines } = await gatewayOf(
    layChain(BASE, [WHO, AC, PLATE, LIMIT, STORAGE]),
    [BATTERY, CONVERTER],
  );
  await cycles(2);
  for (let n = 0; n < 4; n += 1) {
    const told = [verdictOf('battery1', 'setpoint', -2_000), verdictOf('hybrid1', 'limit', 3_000)];
    writer.submit(told, clock.monoMs());
    await cycles(1);
  }
  const word = (id: number, offset: number) => peer.registers.get(at(id) + offset);
  expect(word(124, AT[124].out)).toBe(-2_500 & 0xffff); // a quarter of WChaMax, negative: charge
  expect(word(124, AT[124].in)).toBe(2_500);
  expect(word(124, AT[124].mode)).toBe(3);
  expect(word(124, AT[124].time)).toBe(60);
  expect(word(123, AT[123].pct)).toBe(5_000); // half of the nameplate
  expect(word(123, AT[123].enable)).toBe(1);
  expect(word(123, AT[123].time)).toBe(60);
  const leases = writer.state();
  expect(leases.map(({ armed, refused }) => ({ armed, refused }))).toEqual([
    { armed: true, refused: undefined },
    { armed: true, refused: undefined },
  ]);

  writer.submit(
    [verdictOf('battery1', 'release', 0), verdictOf('hybrid1', 'release', 0)],
    clock.monoMs(),
  );
  await cycles(2);
  expect(word(124, AT[124].mode)).toBe(0);
  expect(word(123, AT[123].enable)).toBe(0);
  expect(lines).toEqual(['memory: connected', expect.stringContaining('SunSpec models')]);
});

test('a device without its optional timer is not commanded unless it is allowed', async () => {
  const { peer, writer, clock, cycles } = await gatewayOf(
    layChain(BASE, [WHO, AC, PLATE, LIMIT, { id: 124, raw: RATES }]),
    [BATTERY],
  );
  await cycles(2);
  writer.submit([verdictOf('battery1', 'setpoint', -2_000)], clock.monoMs());
  await cycles(2);
  expect(peer.registers.get(at(124) + AT[124].mode)).toBe(0);
  expect(writer.state()[0]?.refused).toMatch(/no reversion timer/);
});

test('the heartbeat of a DER counts on in every cycle in which it is commanded', async () => {
  const models: Laid[] = [
    WHO,
    { id: 701, raw: { W: 0, W_SF: 0 } },
    {
      id: 704,
      raw: {
        WSetEna: 0,
        WSetMod: 1,
        WSet: 0,
        WSet_SF: 0,
        WSetRvrtTms: 0,
        WSetRvrt: 0,
        WSetEnaRvrt: 0,
      },
    },
    { id: 713, raw: { SoC: 50, Pct_SF: 0 } },
    { id: 715, raw: { LocRemCtl: 0, DERHb: 1, ControllerHb: 0 } },
  ];
  const { peer, writer, clock, cycles, poller } = await gatewayOf(layChain(BASE, models), [
    terminal('battery1', { safeState: { kind: 'zero' } }),
  ]);
  await cycles(2);
  const points = poller.map('device1')?.points ?? {};
  const low = (key: string) => peer.registers.get((points[key]?.at ?? Number.NaN) + 1);
  const seen: (number | undefined)[] = [];
  for (let n = 0; n < 5; n += 1) {
    writer.submit([verdictOf('battery1', 'setpoint', 3_000)], clock.monoMs());
    await cycles(1);
    seen.push(low('heartbeat'));
  }
  expect(seen).toEqual([1, 2, 3, 4, 5]);
  expect(low('setW')).toBe(3_000);
  expect(low('setReversionS')).toBe(60);
  expect(peer.registers.get(points['setReversionEnable']?.at ?? 0), 'zero is a value').toBe(1);
});
