import { describe, expect, it } from 'vitest';
import {
  age,
  clockSeconds,
  clockTime,
  dayAndTime,
  dayName,
  doing,
  energy,
  figure,
  money,
  paid,
  percent,
  power,
  price,
  priceUnit,
  rangeKw,
  sentence,
  verb,
} from '../../../../../gateway/contracts/values/words.ts';

const N = '\u202f';

describe('figures', () => {
  it('shows power in kW with one decimal, and in whole W below 1 kW', () => {
    expect(power(12_400)).toBe(`12.4${N}kW`);
    expect(power(-12_449)).toBe(`12.4${N}kW`);
    expect(power(999.4)).toBe(`999${N}W`);
    expect(power(999.6)).toBe(`1.0${N}kW`);
    expect(power(0)).toBe(`0${N}W`);
    expect(power(-0.2)).toBe(`0${N}W`);
    expect(power(1_234_560)).toBe(`1,234.6${N}kW`);
  });

  it('says unknown where there is no value, never 0', () => {
    for (const nothing of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(power(nothing)).toBe('unknown');
      expect(energy(nothing)).toBe('unknown');
      expect(percent(nothing)).toBe('unknown');
      expect(age(nothing)).toBe('unknown');
      expect(price(nothing, 'EUR')).toBe('unknown');
      expect(doing('battery', nothing)).toBe('unknown');
    }
  });

  it('groups thousands and keeps energy readable', () => {
    expect(figure(1_234_567)).toBe('1,234,567');
    expect(figure(999)).toBe('999');
    expect(energy(4_912_300)).toBe(`4,912${N}kWh`);
    expect(energy(3_100)).toBe(`3.1${N}kWh`);
    expect(energy(-99_960)).toBe(`100${N}kWh`);
  });

  it('rounds percent to whole numbers, error rates to two decimals', () => {
    expect(percent(63.6)).toBe(`64${N}%`);
    expect(percent(0.021, 2)).toBe(`0.02${N}%`);
  });

  it('never shows a minus sign', () => {
    const shown = [
      power(-5_000),
      energy(-5_000),
      price(-32_000, 'EUR'),
      price(-1, 'EUR'),
      money(-5_000_000_000n, 'EUR'),
      paid(-5_000_000_000n, 'EUR'),
      age(-500),
      rangeKw(-3_000, -1_000),
    ];
    for (const text of shown) expect(text).not.toMatch(/[-\u2212\u2013]/);
    expect(price(-32_000, 'EUR')).toBe(`paid 3.2${N}ct`);
    expect(price(-1, 'EUR')).toBe(`0.0${N}ct`);
  });
});

describe('money and prices', () => {
  it('shows cent per kWh, and whole currency where there is no hundredth in use', () => {
    expect(price(186_000, 'EUR')).toBe(`18.6${N}ct`);
    expect(price(186_150, 'EUR', 2)).toBe(`18.61${N}ct`);
    expect(price(142_300_000, 'KRW')).toBe(`142.3${N}KRW`);
    expect(priceUnit('EUR')).toBe('ct/kWh');
    expect(priceUnit('KRW')).toBe('KRW/kWh');
    expect(priceUnit('XTS')).toBe('XTS/kWh');
  });

  it('rounds amounts exactly, beyond what a double holds', () => {
    expect(money(1_862_400_000_000n, 'EUR')).toBe(`€${N}1,862.40`);
    expect(money(5_000_000n, 'EUR')).toBe(`€${N}0.01`);
    expect(money(4_999_999n, 'EUR')).toBe(`€${N}0.00`);
    expect(money(12_345_678_901_234_567_890_000_000n, 'EUR')).toBe(
      `€${N}12,345,678,901,234,567.89`,
    );
    expect(money(1_499_500_000_000n, 'KRW')).toBe(`₩${N}1,500`);
    expect(money(1_862_400_000_000n, 'EUR', 0)).toBe(`€${N}1,862`);
  });

  it('says earned where a bill line is income', () => {
    expect(paid(41_300_000_000n, 'EUR')).toBe(`€${N}41.30`);
    expect(paid(-41_300_000_000n, 'EUR')).toBe(`earned €${N}41.30`);
    expect(paid(-1n, 'EUR')).toBe(`€${N}0.00`);
  });
});

describe('ages, ranges and times', () => {
  it('counts s below 90, then min, h, days', () => {
    expect(age(1_400)).toBe(`1${N}s`);
    expect(age(89_400)).toBe(`89${N}s`);
    expect(age(90_000)).toBe(`2${N}min`);
    expect(age(240_000)).toBe(`4${N}min`);
    expect(age(89 * 60_000)).toBe(`89${N}min`);
    expect(age(90 * 60_000)).toBe(`2${N}h`);
    expect(age(47 * 3_600_000)).toBe(`47${N}h`);
    expect(age(41 * 86_400_000)).toBe(`41${N}days`);
  });

  it('writes ranges with to', () => {
    expect(rangeKw(14_800, 19_200)).toBe('15 to 19');
    expect(rangeKw(400, 1_900)).toBe('0.4 to 1.9');
    expect(rangeKw(20_100, 20_400)).toBe('20');
  });

  it('reads instants in the zone of the site, over a clock change too', () => {
    const berlin = 'Europe/Berlin';
    expect(clockTime(Date.UTC(2026, 5, 11, 14, 52, 8), berlin)).toBe('16:52');
    expect(clockSeconds(Date.UTC(2026, 5, 11, 14, 52, 8), berlin)).toBe('16:52:08');
    expect(clockTime(Date.UTC(2026, 9, 25, 0, 30), berlin)).toBe('02:30');
    expect(clockTime(Date.UTC(2026, 9, 25, 1, 30), berlin)).toBe('02:30');
    expect(dayName(Date.UTC(2026, 5, 10, 22, 30), berlin)).toBe('Thursday 11 June');
    expect(dayName(Date.UTC(2026, 5, 10, 22, 30), berlin, 'short')).toBe('Thu 11 June');
  });
});

describe('verbs', () => {
  it('turns the sign into a word', () => {
    expect(doing('pv', 41_800)).toBe(`producing 41.8${N}kW`);
    expect(doing('battery', -3_000)).toBe(`charging 3.0${N}kW`);
    expect(doing('battery', 9_000)).toBe(`discharging 9.0${N}kW`);
    expect(doing('battery', 12)).toBe('resting');
    expect(doing('grid', 12_400)).toBe(`buying 12.4${N}kW`);
    expect(doing('grid', -8_300)).toBe(`selling 8.3${N}kW`);
    expect(doing('rest', -63_200)).toBe(`using 63.2${N}kW`);
    expect(doing('ev', -6_900)).toBe(`charging 6.9${N}kW`);
    expect(doing('pv', 0)).toBe(`producing 0${N}W`);
    expect(verb('grid', 20)).toBe('exchanging');
  });

  it('starts a line with a large letter', () => {
    expect(sentence('charging')).toBe('Charging');
    expect(sentence('')).toBe('');
  });
});

it('names the day of a time that is not of today', () => {
  const atMs = Date.UTC(2026, 5, 10, 14, 45);
  expect(dayAndTime(atMs, atMs + 7_200_000, 'Europe/Berlin')).toBe('16:45');
  expect(dayAndTime(atMs, atMs + 8 * 3_600_000, 'Europe/Berlin')).toBe('Wed 10 June, 16:45');
});
