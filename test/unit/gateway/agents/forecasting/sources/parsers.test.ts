import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePriceCsv } from '../../../../../../gateway/agents/forecasting/sources/csv.ts';
import {
  parseAwattar,
  parseEnergyCharts,
} from '../../../../../../gateway/agents/forecasting/sources/energy-charts.ts';
import { parseEntsoe } from '../../../../../../gateway/agents/forecasting/sources/entsoe.ts';
import {
  metNorwayUrl,
  parseMetNorway,
} from '../../../../../../gateway/agents/forecasting/sources/met-norway.ts';
import { parseOctopus } from '../../../../../../gateway/agents/forecasting/sources/octopus.ts';
import { parseOpenMeteo } from '../../../../../../gateway/agents/forecasting/sources/open-meteo.ts';
import { parseTibber } from '../../../../../../gateway/agents/forecasting/sources/tibber.ts';
import { parseXml } from '../../../../../../gateway/agents/forecasting/sources/xml.ts';
import { clearSkyGhi, sunPosition } from '../../../../../../gateway/agents/forecasting/sun.ts';
import { seriesAt } from '../../../../../../gateway/contracts/values/tariff.ts';
import { ROOT } from '../../../../../architecture/source.ts';

const fixture = (name: string): string =>
  readFileSync(join(ROOT, 'test/fixtures/sources', name), 'utf8');
const HOUR = 3_600_000;
const QUARTER = 900_000;
const DE = '10Y1001A1001A82H';
const AUTUMN = Date.UTC(2026, 9, 24, 22); // 25 October 2026 in Berlin, 25 hours
const SPRING = Date.UTC(2026, 2, 28, 23); // 29 March 2026 in Berlin, 23 hours
const T0 = 1_767_225_600; // 2026-01-01T00:00Z

describe('ENTSO-E', () => {
  it('repeats what curve type A03 omits, to the end of a day of 25 hours, sequence 1 alone', () => {
    const prices = parseEntsoe(fixture('entsoe-25-hours.xml'), DE);
    expect(prices).toMatchObject({ currency: 'EUR', fromMs: AUTUMN, stepMs: QUARTER });
    expect(prices.priceNanoPerWh).toHaveLength(100);
    // Stated at each third position: 80.00, then 80 - 0.91 q; sequence 2 would begin with 70.00.
    expect(prices.priceNanoPerWh.slice(0, 4)).toEqual([80_000, 80_000, 80_000, 77_270]);
    expect(prices.priceNanoPerWh.at(-1)).toBe(-10_090);
    expect(prices.priceNanoPerWh).not.toContain(null);
  });

  it('leaves what A01 omits unknown, and prefers quarter-hours to the hour they lie in', () => {
    const prices = parseEntsoe(fixture('entsoe-23-hours-mixed.xml'), DE);
    expect(prices.priceNanoPerWh).toHaveLength(92);
    expect(prices.priceNanoPerWh.slice(3, 7)).toEqual([-4_250, -4_000, 41_000, -3_500]);
    expect(prices.priceNanoPerWh.slice(12, 14)).toEqual([43_000, 43_000]);
    expect(seriesAt(prices, SPRING + 20 * HOUR)).toBeUndefined();
    expect(seriesAt(prices, SPRING + 22.75 * HOUR)).toBe(62_000);
  });

  const good = fixture('entsoe-25-hours.xml');
  it.each([
    ['refused: 999 No matching data found', fixture('entsoe-acknowledgement.xml')],
    ['of area 10Y1001A1001A82H, not 10YAT', good, '10YAT-APG------L'],
    ['its unit is KWH', good.replaceAll('MWH', 'KWH')],
    ['several currencies', fixture('entsoe-23-hours-mixed.xml').replace('EUR', 'GBP')],
    ['no sequence 1', good.replaceAll('position>1</classification', 'position>3</classification')],
    ['its curve type is A02', good.replaceAll('A03', 'A02')],
    ['its resolution is P1D', good.replaceAll('PT15M', 'P1D')],
    ["the price of position 1 is 'NaN'", good.replaceAll('>80.00<', '>NaN<')],
    ['a position is 101', good.replaceAll('>100</position>', '>101</position>')],
    ['its XML', good.slice(0, 9_000)],
    ['a web page', fixture('maintenance.html')],
    ['not XML', '{"error":true}'],
    ['an entity', good.replace('>A44<', '>&xxe;A44<')],
    ['breaks off', good.replace('?>', '?><!DOCTYPE x [<!ENTITY a "aaaa">]>')],
    ['not a publication', good.replace('>A44<', '>A65<')],
  ])('is refused: %s', (why, body, area = DE) => {
    expect(() => parseEntsoe(body, area)).toThrow(why);
  });
});

describe('XML', () => {
  it('reads elements, text, CDATA and the five entities', () => {
    const read = parseXml(
      '<?xml version="1.0"?><!-- x --><p:a b="1"><c/>1 &lt; 2<![CDATA[ <3]]></p:a>',
    );
    expect(read).toEqual({
      name: 'a',
      children: [{ name: 'c', children: [], text: '' }],
      text: '1 < 2 <3',
    });
  });

  it.each(['<a></b>', '<a>', '</a>', '<a/><b/>', 'x<a/>', '', '<a b=1/>', '<'.repeat(50)])(
    'refuses %s',
    (text) => expect(() => parseXml(text)).toThrow(/XML/),
  );

  it('has a depth', () => {
    expect(() => parseXml('<a>'.repeat(40))).toThrow('too large');
  });
});

describe('energy-charts and aWATTar', () => {
  it('hold from their time on, on a day of 25 hours; null is unknown, below zero stays', () => {
    const prices = parseEnergyCharts(fixture('energy-charts-25-hours.json'));
    expect(prices).toMatchObject({ currency: 'EUR', fromMs: AUTUMN, stepMs: QUARTER });
    expect(prices.priceNanoPerWh).toHaveLength(100);
    expect(prices.priceNanoPerWh.slice(39, 42)).toEqual([22_170, null, 20_230]);
    expect(prices.priceNanoPerWh[99]).toBe(-36_030);
  });

  it('hours hold for their quarter-hours on a day of 23; a missing hour stays unknown', () => {
    const prices = parseAwattar(fixture('awattar-23-hours.json'));
    expect(prices).toMatchObject({ currency: 'EUR', fromMs: SPRING, stepMs: QUARTER });
    expect(prices.priceNanoPerWh).toHaveLength(92);
    expect(prices.priceNanoPerWh.slice(46, 53)).toEqual([
      ...[-2_390, -2_390, null, null, null, null],
      -8_370,
    ]);
  });

  const charts = (more: object) =>
    JSON.stringify({ unix_seconds: [T0, T0 + 900], price: [1, 2], unit: 'EUR / MWh', ...more });
  it.each([
    ['not JSON', fixture('energy-charts-25-hours.json').slice(0, 500)],
    ['not JSON', fixture('maintenance.html')],
    ['unix_seconds is not a list', '{}'],
    ['unit is ct / kWh', charts({ unit: 'ct / kWh' })],
    ['not in order', charts({ unix_seconds: [T0 + 900, T0] })],
    ['not numbers', charts({ unix_seconds: ['a', 'b'] })],
    ['price is not a list', charts({ price: 7 })],
    ['cannot be', charts({ price: [1e9, 2] })],
    ['less than two times', charts({ unix_seconds: [T0] })],
  ])('are refused: %s', (why, body) => {
    expect(() => parseEnergyCharts(body)).toThrow(why);
  });

  it.each([
    ['data is not a list', '{"data":7}'],
    ['no currency', '{"data":[]}'],
    ['not numbers', '{"data":[{"marketprice":1}]}'],
    [
      'holds for -1 ms',
      '{"data":[{"start_timestamp":1,"end_timestamp":0,"marketprice":1,"unit":"Eur/MWh"}]}',
    ],
  ])('rows are refused: %s', (why, body) => {
    expect(() => parseAwattar(body)).toThrow(why);
  });
});

describe('Octopus Agile', () => {
  it('turns half-hours from newest first to quarter-hours in order, with or without VAT', () => {
    const body = fixture('octopus-25-hours.json');
    const prices = parseOctopus(body, 'included');
    expect(prices).toMatchObject({ currency: 'GBP', fromMs: AUTUMN + HOUR, stepMs: QUARTER });
    expect(prices.priceNanoPerWh).toHaveLength(100);
    expect(prices.priceNanoPerWh.slice(0, 3)).toEqual([192_150, 192_150, 183_435]);
    expect(parseOctopus(body, 'excluded').priceNanoPerWh.at(-1)).toBe(-223_700);
  });

  it.each([
    ['Not found.', '{"detail":"Not found."}'],
    ['has no prices', '{"results":[]}'],
    ['valid_to', '{"results":[{"valid_from":"2026-10-25T00:00:00Z","valid_to":null}]}'],
    ['offset', '{"results":[{"valid_from":"2026-10-25T00:00:00","valid_to":"x"}]}'],
  ])('is refused: %s', (why, body) => {
    expect(() => parseOctopus(body, 'included')).toThrow(why);
  });
});

describe('Tibber', () => {
  it('takes the total or the energy of a day of 23 hours; tomorrow may be empty', () => {
    const body = fixture('tibber-23-hours.json');
    const total = parseTibber(body, 'total');
    expect(total).toMatchObject({ currency: 'EUR', fromMs: SPRING, stepMs: QUARTER });
    expect(total.priceNanoPerWh).toHaveLength(92);
    expect(total.priceNanoPerWh.slice(0, 2)).toEqual([220_000, 218_700]);
    expect(parseTibber(body, 'energy').priceNanoPerWh.at(-1)).toBe(-68_300);
  });

  it('asks which home where there are several', () => {
    const answer = JSON.parse(fixture('tibber-23-hours.json'));
    const { homes } = answer.data.viewer;
    homes.push({ ...homes[0], id: 'other' });
    const body = JSON.stringify(answer);
    expect(() => parseTibber(body, 'total')).toThrow("2 homes: name one as 'home'");
    expect(parseTibber(body, 'total', 'other').priceNanoPerWh).toHaveLength(92);
    expect(() => parseTibber(body, 'total', 'third')).toThrow('no home third');
  });

  it('is refused with the words of the source on one line', () => {
    expect(() => parseTibber(fixture('tibber-refused.json'), 'total')).toThrow(
      'refused: invalid token',
    );
    const hostile = JSON.stringify({ errors: [{ message: `\u001b[2J${'long\n'.repeat(99)}` }] });
    expect(() => parseTibber(hostile, 'total')).toThrow(/^refused: \[2Jlong [long ]+$/);
  });
});

describe('a CSV of prices', () => {
  it('has UTC or an offset, and an empty price is unknown', () => {
    expect(parsePriceCsv(fixture('prices-quarter-hours.csv'))).toEqual({
      currency: 'EUR',
      fromMs: Date.UTC(2026, 9, 25),
      stepMs: QUARTER,
      priceNanoPerWh: [41_200, -3_500, null, null, 0],
    });
    const kwh = 'ts,price_chf_kwh\n2026-01-01T00:00Z,0.31\n2026-01-01T01:00Z,-0.01\n';
    expect(parsePriceCsv(kwh)).toMatchObject({ currency: 'CHF', stepMs: QUARTER });
    expect(parsePriceCsv(kwh).priceNanoPerWh).toEqual([
      ...[310_000, 310_000, 310_000, 310_000],
      ...[-10_000, -10_000, -10_000, -10_000],
    ]);
  });

  it.each([
    ["line 1 is 'time,price'", 'time,price\n'],
    ['line 2 is', 'ts,price_eur_mwh\n2026-01-01T00:00Z,1,2\n'],
    ['line 3 is', 'ts,price_eur_mwh\n2026-01-01T00:00Z,1\n2026-01-01T00:15Z,one\n'],
    ["line 2 is '2026-01-01T00:00', not a time with Z", 'ts,price_eur_mwh\n2026-01-01T00:00,1\n'],
    ['not in order', 'ts,price_eur_mwh\n2026-01-01T01:00Z,1\n2026-01-01T00:00Z,1\n'],
  ])('is refused: %s', (why, body) => {
    expect(() => parsePriceCsv(body)).toThrow(why);
  });
});

describe('Open-Meteo', () => {
  it('takes radiation as the mean of the quarter-hour before its time', () => {
    const weather = parseOpenMeteo(fixture('open-meteo.json'));
    expect(weather.fromMs).toBe(Date.UTC(2026, 5, 15, 3) - QUARTER);
    expect(weather.stepMs).toBe(QUARTER);
    expect(weather.ghiWPerM2.slice(2, 8)).toEqual([0, 1, 6, 14, null, 38]);
    // Either part says the other; where neither is known the split is not.
    expect(weather.dhiWPerM2?.slice(4)).toEqual([5, 10, null, 20, 25, null, 32, 35]);
    expect(weather.temperatureC.slice(0, 2)).toEqual([11, 10.9]);
    expect(weather.temperatureC.slice(7, 11)).toEqual([(11.2 + 11.6) / 2, null, null, 12.65]);
    expect(weather.cloudPct.slice(4, 6)).toEqual([15, 30]);
  });

  const hourly = (more: object = {}) =>
    JSON.stringify({
      utc_offset_seconds: 0,
      hourly_units: { shortwave_radiation: 'W/m²', temperature_2m: '°C' },
      hourly: {
        time: [T0, T0 + 3_600, T0 + 10_800],
        shortwave_radiation: [0, 5_000, -1],
        temperature_2m: [2, 4, 1e9],
      },
      ...more,
    });
  it('takes hours where that is all, and what cannot be or is not there as unknown', () => {
    expect(parseOpenMeteo(hourly())).toEqual({
      fromMs: T0 * 1_000 - HOUR,
      stepMs: HOUR,
      ghiWPerM2: [0, null, null, null],
      temperatureC: [2, 3, null, null],
      cloudPct: [null, null, null, null],
    });
  });

  it.each([
    ['not JSON', '<html>'],
    ['not an object', '[]'],
    ['ask with timezone=GMT', hourly({ utc_offset_seconds: 3_600 })],
    ['ask with timeformat=unixtime', hourly({ hourly: { time: ['2026-01-01T00:00'] } })],
    ['is in °F', hourly({ hourly_units: { temperature_2m: '°F' } })],
    ['not in order', hourly({ hourly: { time: [T0 + 3_600, T0] } })],
    ['less than two times', hourly({ hourly: { time: [T0] } })],
    ['hourly is not an object', '{"utc_offset_seconds":0}'],
    ['too many', '{"error":true,"reason":"too many"}'],
  ])('is refused: %s', (why, body) => {
    expect(() => parseOpenMeteo(body)).toThrow(why);
  });
});

describe('MET Norway', () => {
  const place = { latitudeDeg: 47.66, longitudeDeg: 9.17 };
  const from = Date.UTC(2026, 5, 15, 9);

  it('takes hours between its times, stops before the steps of six, and models the sun', () => {
    const weather = parseMetNorway(fixture('met-norway.json'), place);
    expect(weather).toMatchObject({ fromMs: from, stepMs: HOUR });
    expect(weather.temperatureC).toEqual([15.5, 16.5, null, null, 19.5, 20.5]);
    expect(weather.cloudPct).toEqual([0, 25, null, null, 100, 62.5]);
    const clear = (atMs: number) => clearSkyGhi(sunPosition(47.66, 9.17, atMs).elevationDeg);
    const [sunny = 0, , missing, , overcast = 0] = weather.ghiWPerM2 as number[];
    expect(Math.abs(sunny / clear(from + HOUR / 2) - 1)).toBeLessThan(0.005);
    expect(missing).toBeNull();
    expect(Math.abs(overcast / clear(from + 4.5 * HOUR) - 0.25)).toBeLessThan(0.002);
  });

  it('asks with four decimals at most', () => {
    const url = metNorwayUrl('https://x.example/c', { latitudeDeg: 47.66004, longitudeDeg: 9.1 });
    expect(url).toBe('https://x.example/c?lat=47.66&lon=9.1');
  });

  const good = fixture('met-norway.json');
  it.each([
    ['properties is not an object', '{}'],
    ['air_temperature is in fahrenheit', good.replace('celsius', 'fahrenheit')],
    ['time is', good.replace('2026-06-15T09:00:00Z', 'now')],
    ['not in equal steps', good.replace('2026-06-15T10:00:00Z', '2026-06-15T08:00:00Z')],
    ['details is not an object', good.replace('"details": {', '"details": 7, "x": {')],
    ['not JSON', good.slice(0, 2_000)],
  ])('is refused: %s', (why, body) => {
    expect(() => parseMetNorway(body, place)).toThrow(why);
  });
});
