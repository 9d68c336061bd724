import { expect, test } from 'vitest';
import {
  aliasesOf,
  compare,
  survey,
} from '../../../../../cloud/agents/market-supervisor/surveillance.ts';

const BOUNDS = { floorMicroPerKwh: -500_000, capMicroPerKwh: 4_000_000 };
let n = 0;
const order = (owner: string, side: 'buy' | 'sell', energyWh: number, priceMicroPerKwh: number) => {
  n += 1;
  return { id: `o${n}`, owner, side, energyWh, priceMicroPerKwh };
};

test('an ordinary book gives nothing', () => {
  const book = [
    order('sun', 'sell', 5_000, 90_000),
    order('roof', 'sell', 4_000, 80_000),
    order('works', 'buy', 3_000, 200_000),
  ];
  expect(survey(book, BOUNDS)).toEqual([]);
  expect([...aliasesOf(book)]).toEqual([
    ['roof', 'p1'],
    ['sun', 'p2'],
    ['works', 'p3'],
  ]);
});

test('both sides only where the prices could meet; dominance only beside others', () => {
  const both = [order('sun', 'sell', 5_000, 90_000), order('sun', 'buy', 1_000, 95_000)];
  expect(survey(both, BOUNDS).map(({ kind }) => kind)).toEqual(['both-sides']);
  const apart = [order('sun', 'sell', 5_000, 90_000), order('sun', 'buy', 1_000, 85_000)];
  expect(survey(apart, BOUNDS)).toEqual([]);
  const large = [order('sun', 'sell', 7_000, 90_000), order('roof', 'sell', 3_000, 90_000)];
  expect(survey(large, BOUNDS)).toEqual([
    { kind: 'dominance', who: 'p2', why: 'it has 70 percent of what is on the sell side' },
  ]);
});

test('an order at the cap is told once, however many there are', () => {
  const book = [order('a', 'buy', 1, 4_000_000), order('a', 'buy', 1, 3_990_000)];
  expect(survey(book, BOUNDS).map(({ kind, who }) => [kind, who])).toEqual([['at-bound', 'p1']]);
});

test('rules and model are compared by who and what', () => {
  const finding = (kind: 'dominance' | 'at-bound', who: string) => ({ kind, who, why: '.' });
  const rules = [finding('dominance', 'p1'), finding('at-bound', 'p2')];
  const model = [finding('dominance', 'p1'), finding('dominance', 'p3')];
  expect(compare(rules, model)).toEqual({ agreed: 1, onlyRules: 1, onlyModel: 1 });
});
