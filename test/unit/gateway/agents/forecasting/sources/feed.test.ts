import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../../../../gateway/agents/forecasting/sources/answer.ts';
import { Feed, type Recipe } from '../../../../../../gateway/agents/forecasting/sources/feed.ts';
import {
  priceRecipe,
  publicationOf,
  weatherRecipe,
} from '../../../../../../gateway/agents/forecasting/sources/recipes.ts';
import {
  httpDate,
  nextPricesMs,
  spread,
} from '../../../../../../gateway/agents/forecasting/sources/times.ts';
import { watchFeed } from '../../../../../../gateway/agents/forecasting/sources/watch.ts';
import { priceSource, weatherSource } from '../../../../../../gateway/contracts/sources.ts';
import type { Files, Http, HttpAnswer } from '../../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../../simulators/clock.ts';

const NOW = Date.UTC(2026, 5, 15, 8);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVERY = 15 * MINUTE;
const answer = (status: number, body = '', headers: HttpAnswer['headers'] = {}): HttpAnswer => ({
  ...{ status, body, headers },
});
const recipe: Recipe<string> = {
  name: 'x.example',
  question: (_nowMs, key) => ({ url: `https://x.example/${key}` }),
  read(body) {
    if (body.startsWith('no')) throw new SourceError(`it says ${body}`);
    return body;
  },
};

interface Asked {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly json?: string;
}

/** A source that gives its answers in turn and remembers how it was asked. */
function source(...answers: (HttpAnswer | Error)[]): { http: Http; asked: Asked[] } {
  const asked: Asked[] = [];
  const next = (one: Asked): Promise<HttpAnswer> => {
    const given = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(one);
    if (given === undefined || given instanceof Error) return Promise.reject(given);
    return Promise.resolve(given);
  };
  const http: Http = {
    get: (url, _timeoutMs, headers = {}) => next({ url, headers }),
    post: (url, json, _timeoutMs, headers = {}) => next({ url, headers, json }),
  };
  return { http, asked };
}
const files: Files = {
  text: async () => 'ts,price_eur_mwh\n2026-06-15T00:00Z,1\n2026-06-15T01:00Z,2\n',
  secret: async () => 's3cret',
};

describe('a feed', () => {
  it('is fresh until the source says, and asks on condition then', async () => {
    const modified = 'Mon, 15 Jun 2026 07:58:00 GMT';
    const { http, asked } = source(
      answer(200, 'a', {
        'last-modified': modified,
        etag: '"1"',
        date: 'Mon, 15 Jun 2026 08:10:00 GMT', // its clock is ten minutes ahead of ours
        expires: 'Mon, 15 Jun 2026 08:40:30 GMT',
      }),
      answer(304, '', { expires: 'never' }),
    );
    const feed = new Feed(recipe, { http }, EVERY);
    expect(await feed.ask(NOW)).toEqual({ state: 'new', value: 'a' });
    expect(feed.earliestMs).toBe(NOW + 30.5 * MINUTE);
    expect(await feed.ask(feed.earliestMs)).toEqual({ state: 'same' });
    expect(asked[0]?.headers).toEqual({});
    expect(asked[1]?.headers).toEqual({ 'if-modified-since': modified, 'if-none-match': '"1"' });
  });

  it('backs off while it fails, and is asked soon again after an answer', async () => {
    const { http } = source(...new Array(7).fill(new Error('no answer from x')), answer(200, 'a'));
    const feed = new Feed(recipe, { http }, EVERY);
    const waits: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      expect(await feed.ask(NOW)).toEqual({ state: 'failed', why: 'no answer from x' });
      waits.push((feed.earliestMs - NOW) / MINUTE);
    }
    [1, 2, 4, 8, 15, 15, 15].forEach((most, n) => {
      expect(waits[n]).toBeLessThanOrEqual(most);
      expect(waits[n]).toBeGreaterThanOrEqual(0.75 * most);
    });
    expect(await feed.ask(NOW)).toMatchObject({ state: 'new' });
    expect(feed.earliestMs).toBe(NOW);
  });

  it.each([
    ['seconds', '1800', 30 * MINUTE],
    ['a date', 'Mon, 15 Jun 2026 09:00:00 GMT', HOUR],
    ['a year', '31536000', 24 * HOUR],
    ['nonsense', 'soon', 0],
  ])('honours Retry-After: %s', async (_name, text, leastMs) => {
    const { http } = source(answer(429, 'no: slow down', { 'retry-after': text }));
    const feed = new Feed(recipe, { http }, EVERY);
    expect(await feed.ask(NOW)).toEqual({
      state: 'failed',
      why: 'status 429: it says no: slow down',
    });
    expect(feed.earliestMs - NOW).toBeGreaterThanOrEqual(Math.max(leastMs, 0.75 * MINUTE));
    expect(feed.earliestMs - NOW).toBeLessThanOrEqual(Math.max(leastMs, MINUTE));
  });

  it('leaves a source that forbids it alone for an hour', async () => {
    const { http } = source(answer(403, '<html>'));
    const feed = new Feed(recipe, { http }, EVERY);
    expect(await feed.ask(NOW)).toEqual({ state: 'failed', why: 'status 403' });
    expect(feed.earliestMs).toBe(NOW + HOUR);
  });

  it('never tells a key that the source repeats', async () => {
    const { http, asked } = source(answer(401, 'no key s3cret\u0007'), answer(200, 'no: s3cret'));
    const feed = new Feed({ ...recipe, keyFile: 'k' }, { http, files }, EVERY);
    expect(await feed.ask(NOW)).toMatchObject({ why: 'status 401: it says no key ***' });
    expect(await feed.ask(NOW)).toMatchObject({ why: 'it says no: ***' });
    expect(asked[0]?.url).toBe('https://x.example/s3cret');
  });

  it('reads a key that cannot be used again each minute, and asks nobody meanwhile', async () => {
    const { http, asked } = source(answer(200, 'a'));
    let fault: string | undefined = 'entsoe.key: no key';
    const secret = async () => {
      if (fault !== undefined) throw new Error(fault);
      return 's3cret';
    };
    const feed = new Feed(
      { ...recipe, keyFile: 'k' },
      { http, files: { ...files, secret } },
      EVERY,
    );
    for (let n = 0; n < 8; n += 1) {
      expect(await feed.ask(NOW + n)).toEqual({ state: 'failed', why: fault });
      expect(feed.earliestMs).toBe(NOW + n + MINUTE);
    }
    fault = undefined;
    expect(await feed.ask(NOW)).toMatchObject({ state: 'new' });
    expect(asked).toHaveLength(1);
  });

  it('asks at once when a key that was refused is exchanged', async () => {
    const clock = createVirtualClock({ wallMs: NOW });
    const { http, asked } = source(answer(401), answer(200, 'a'));
    let key = 'old';
    const log = { info: () => {}, error: () => {}, warn: () => {} };
    const ports = { http, files: { ...files, secret: async () => key } };
    const feed = new Feed({ ...recipe, keyFile: 'k' }, ports, EVERY);
    const taker = { what: 'x', take: () => undefined, nextMs: (nowMs: number) => nowMs + HOUR };
    const cancel = watchFeed(feed, { clock, log }, taker);
    for (let n = 0; n < 30; n += 1) await clock.advance(MINUTE);
    expect(asked).toHaveLength(1); // an hour of rest
    key = 'new';
    for (let n = 0; n < 2; n += 1) await clock.advance(MINUTE);
    expect(asked.map(({ url }) => url)).toEqual(['https://x.example/old', 'https://x.example/new']);
    cancel();
  });

  it('without files has no key and asks nobody', async () => {
    const { http, asked } = source(answer(200, 'a'));
    const feed = new Feed({ ...recipe, keyFile: 'k' }, { http }, EVERY);
    expect(await feed.ask(NOW)).toMatchObject({ why: 'no keys can be read here' });
    expect(asked).toEqual([]);
  });

  it('is watched: the taker is told, a refusal keeps the last, a cancel ends it', async () => {
    const clock = createVirtualClock({ wallMs: NOW });
    const { http, asked } = source(answer(200, 'a'), answer(503), answer(200, 'b'));
    const warnings: unknown[] = [];
    const log = {
      info: () => {},
      error: () => {},
      warn: (...said: unknown[]) => warnings.push(said),
    };
    const taken: string[] = [];
    const cancel = watchFeed(
      new Feed(recipe, { http }, EVERY),
      { clock, log },
      {
        what: 'weather of z1',
        take(value) {
          taken.push(value);
          return value === 'b' ? 'b is wrong' : undefined;
        },
        nextMs: (nowMs) => nowMs + EVERY,
      },
    );
    const advance = async (minutes: number) => {
      for (let n = 0; n < minutes; n += 1) {
        await clock.advance(MINUTE);
      }
    };
    await advance(1);
    expect(asked).toHaveLength(1);
    await advance(14);
    expect(asked).toHaveLength(2);
    await advance(2); // a minute of back-off, not a quarter of an hour
    expect(taken).toEqual(['a', 'b']);
    expect(warnings).toEqual([
      ['weather of z1: the last one stays', { why: 'status 503' }],
      ['weather of z1: the last one stays', { why: 'b is wrong' }],
    ]);
    cancel();
    await advance(60);
    expect(asked).toHaveLength(3);
  });
});

describe('the hour of prices', () => {
  const published = { timeZone: 'Europe/Berlin', fromMinute: 770, untilMinute: 900, shortMs: 0 };
  const next = (now: number, known: number, share = 0) =>
    nextPricesMs(now, known, published, EVERY, share);
  const local = (hour: number, minute = 0) => Date.UTC(2026, 5, 15, hour - 2, minute);
  const tonight = local(24);

  it('waits for 12:50 when today is known, spread over five minutes', () => {
    expect(next(local(9), tonight)).toBe(local(12, 50));
    expect(next(local(9), tonight, 0.5)).toBe(local(12, 50) + 2.5 * MINUTE);
  });

  it('asks each five minutes until 15:00, then each quarter of an hour', () => {
    expect(next(local(12, 55), tonight) - local(12, 55)).toBe(5 * MINUTE);
    expect(next(local(15), tonight) - local(15)).toBe(EVERY);
    expect(next(local(23, 50), tonight) - local(23, 50)).toBe(EVERY);
  });

  it('of Octopus is in the afternoon of London, for days from 23:00 to 23:00', () => {
    const place = { latitudeDeg: 51.5, longitudeDeg: 0, timeZone: 'Europe/London' };
    const octopus = priceSource.parse({ source: 'octopus', product: 'AGILE', region: 'C' });
    const agile = publicationOf(octopus, place);
    if (agile === undefined) throw new Error('it has no hour');
    const at = (hour: number, minute = 0) => Date.UTC(2026, 5, 15, hour - 1, minute);
    expect(nextPricesMs(at(9), at(23), agile, EVERY, 0)).toBe(at(15, 55));
    expect(nextPricesMs(at(16), at(23), agile, EVERY, 0)).toBe(at(16, 5));
    expect(nextPricesMs(at(16, 5), at(47), agile, EVERY, 0)).toBe(at(39, 55));
    expect(nextPricesMs(at(9), at(22, 30), agile, EVERY, 0)).toBe(at(9, 15));
  });

  it('asks again in a quarter of an hour while today is not whole', () => {
    expect(next(local(9), tonight - 1)).toBe(local(9) + EVERY);
  });

  it('rests until the next day once tomorrow is whole, over a change of clocks too', () => {
    expect(next(local(13), tonight + 24 * HOUR)).toBe(local(12, 50) + 24 * HOUR);
    const saturday = Date.UTC(2026, 9, 24, 11); // 13:00 in Berlin
    const known = Date.UTC(2026, 9, 25, 23); // Sunday has 25 hours
    expect(next(saturday, known)).toBe(Date.UTC(2026, 9, 25, 11, 50));
    expect(next(saturday, known - HOUR)).toBe(saturday + 5 * MINUTE);
  });

  it('spreads askers evenly, each always the same', () => {
    const shares = Array.from({ length: 500 }, (_, n) => spread(`gw-${n}`));
    expect(spread('gw-7')).toBe(shares[7]);
    const low = shares.filter((share) => share < 0.5).length;
    expect(Math.abs(low - 250)).toBeLessThan(60);
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...shares)).toBeLessThan(1);
  });

  it('reads dates of HTTP and nothing else', () => {
    expect(httpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
    for (const text of [
      undefined,
      '',
      '0',
      'Sun, 06 Nov 1994 08:49:37 CET',
      'Sun, 06 ovD 1994 08:49:37 GMT',
    ]) {
      expect(httpDate(text)).toBeUndefined();
    }
  });
});

describe('questions', () => {
  const place = { latitudeDeg: 47.66, longitudeDeg: 9.17, timeZone: 'Europe/Berlin' };
  const prices = (config: object) => priceRecipe(priceSource.parse(config), place);
  const ask = (config: object) => prices(config).question(NOW, 's3cret');

  it('are for yesterday, today and tomorrow of the market', () => {
    expect(ask({ source: 'energy-charts', biddingZone: 'DE-LU' }).url).toBe(
      'https://api.energy-charts.info/price?bzn=DE-LU&start=2026-06-14&end=2026-06-16',
    );
    expect(ask({ source: 'awattar' }).url).toContain(
      `?start=${Date.UTC(2026, 5, 13, 22)}&end=${Date.UTC(2026, 5, 16, 22)}`,
    );
    const entsoe = { source: 'entsoe', area: '10Y1001A1001A82H', keyFile: 'k' };
    expect(ask(entsoe).url).toContain('periodStart=202606132200&periodEnd=202606162200');
    expect(ask(entsoe).url).toContain('&securityToken=s3cret');
    expect(ask({ source: 'octopus', product: 'AGILE-24-10-01', region: 'C' }).url).toContain(
      '/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/standard-unit-rates/' +
        '?period_from=2026-06-13T22%3A00Z&period_to=2026-06-16T22%3A00Z&page_size=1500',
    );
  });

  it('carry a key where the source wants it, and MET Norway is told whom to write to', () => {
    const { body, headers } = ask({ source: 'tibber', keyFile: 'k' });
    expect(headers).toEqual({ authorization: 'Bearer s3cret' });
    expect(JSON.parse(body ?? '').query).toContain('priceInfo(resolution:QUARTER_HOURLY)');
    const keyed = weatherSource.parse({ source: 'open-meteo', keyFile: 'k' });
    expect(weatherRecipe(keyed, place).question(NOW, 's3cret').url).toContain('&apikey=s3cret');
    const met = weatherSource.parse({ source: 'met-norway', contact: 'grid@example.org' });
    expect(weatherRecipe(met, place).question(NOW, '').headers).toEqual({
      'user-agent': 'edgewatt/1 grid@example.org',
    });
  });

  it('go to a file where one is named', async () => {
    const csv = prices({ source: 'csv', file: 'p.csv' });
    const { http, asked } = source(answer(500));
    expect(await new Feed(csv, { http, files }, EVERY).ask(NOW)).toMatchObject({ state: 'new' });
    expect(asked).toEqual([]);
    expect(
      publicationOf(priceSource.parse({ source: 'csv', file: 'p.csv' }), place),
    ).toBeUndefined();
  });

  it.each([
    ['a key goes over https', { source: 'tibber', keyFile: 'k', url: 'http://x.example/gql' }],
    ['an EIC such as', { source: 'entsoe', area: 'DE-LU', keyFile: 'k' }],
    ['an address such as', { source: 'awattar', url: 'ftp://x' }],
    ['an address such as', { source: 'awattar', url: 'https://name:word@x.example' }],
    ['one letter', { source: 'octopus', product: 'AGILE', region: 'London' }],
    ["a 'file' or a 'url'", { source: 'csv' }],
    ['expected string', { source: 'entsoe', area: '10Y1001A1001A82H' }],
  ])('a configuration is refused: %s', (why, config) => {
    const { error } = priceSource.safeParse(config);
    expect(error?.issues[0]?.message).toContain(why);
  });

  it('a key may go to the loopback without TLS', () => {
    const url = 'http://127.0.0.1:8080/gql';
    expect(priceSource.safeParse({ source: 'tibber', keyFile: 'k', url }).success).toBe(true);
    const fooled = 'http://127.0.0.1.example.org/gql';
    expect(priceSource.safeParse({ source: 'tibber', keyFile: 'k', url: fooled }).success).toBe(
      false,
    );
  });
});
