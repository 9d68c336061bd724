import { expect, test } from 'vitest';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { demoSites } from '../../../../simulators/sites/demo.ts';
import { bench } from '../../../fixtures/checkers/bench.ts';

const night = Date.UTC(2026, 5, 15, 23);
const [field, , house] = demoSites(1);

test('S9: a register on the way to the next command is no change of direction', () => {
  const c = bench(house.site, house.plant, night);
  c.run(2);
  c.write('hybrid1', 'battery.setSizeW', 1_000);
  c.write('hybrid1', 'battery.setMode', 12);
  c.run(40);
  for (const sizeW of [900, 1_000, 900]) {
    c.write('hybrid1', 'battery.setMode', 11);
    c.run(1);
    c.write('hybrid1', 'battery.setMode', 12);
    c.write('hybrid1', 'battery.setSizeW', sizeW);
    c.run(3);
  }
  expect(c.rules()).toEqual([]);
});

test('S9: too steep and turning to and fro, but a protective change is free', () => {
  const slow: Site = {
    ...field.site,
    terminals: field.site.terminals.map((terminal) =>
      terminal.id === 'battery1' ? { ...terminal, slewWPerS: 1_000 } : terminal,
    ),
  };
  const a = bench(slow, field.plant, night);
  a.run(2);
  a.battery('inverter2', 1_000);
  a.run(2);
  a.battery('inverter2', 9_000);
  a.run(2);
  expect(a.rules()).toEqual(['S9']);

  const b = bench(field.site, field.plant, night);
  b.run(2);
  for (const powerW of [4_000, -4_000, 4_000]) {
    b.battery('inverter2', powerW);
    b.run(5);
  }
  expect(b.rules()).toEqual(['S9']);

  const c = bench(slow, field.plant, night);
  c.run(2);
  c.battery('inverter2', -1_000);
  c.run(2);
  c.battery('inverter2', 0);
  c.run(2);
  c.battery('inverter2', -500);
  c.run(2);
  expect(c.rules()).toEqual([]);
});

/** Orders of one second each, then the last one for two. */
function ordered(...powersW: readonly number[]): string[] {
  const a = bench(field.site, field.plant, night);
  a.run(2);
  for (const powerW of powersW) {
    a.battery('inverter2', powerW);
    a.run(1);
  }
  a.run(1);
  return a.rules();
}

/** An order that is another one every second, as what follows a meter is. */
const follows = (powerW: number, seconds: number): number[] =>
  Array.from({ length: seconds }, (_, n) => powerW + n);

test('S9: a direction counts from its first order, though no power stands', () => {
  expect(ordered(...follows(-4_000, 3), ...follows(4_000, 31), -4_000)).toEqual([]);
  // Rest on the other side is no turn: the one before is still the last.
  const rest = follows(-40, 24);
  expect(
    ordered(-4_000, -4_000, ...follows(4_000, 5), ...rest, 40, 40, 4_000, 4_000, -4_000),
  ).toEqual([]);
  expect(ordered(...follows(-4_000, 3), ...follows(4_000, 9), -4_000)).toEqual(['S9']);
  expect(ordered(...follows(-4_000, 3), ...follows(4_000, 9), ...follows(-4_000, 3))).toEqual([
    'S9',
  ]);
});
