import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { profileById } from '../../../../../devices/catalogue.ts';
import { parseSite } from '../../../../../gateway/config/load.ts';
import { judgeSettings, ownReservePct } from '../../../../../gateway/link/shadow/judge.ts';

const barn = new URL('../../../../fixtures/sites/barn.yaml', import.meta.url);
const { site } = parseSite(readFileSync(barn, 'utf8'), profileById);
if (site === undefined) throw new Error('the barn does not load');
const NOW = Date.UTC(2026, 5, 17);
const HOUR = 3_600_000;

const verdict = (wanted: Record<string, unknown>, of = site) => judgeSettings(wanted, of, NOW);

describe('settings from afar', () => {
  it('takes what the site leaves open', () => {
    const wanted = {
      reservePct: 60,
      marketEnabled: false,
      logLevel: { level: 'debug', untilMs: NOW + HOUR },
    };
    expect(verdict(wanted)).toEqual({ settings: wanted, refused: {} });
  });

  it.each([
    ['a reserve below the site’s own', { reservePct: ownReservePct(site) - 1 }, /keeps back/],
    ['a reserve that is no whole number', { reservePct: 33.3 }, /./],
    ['a level that has ended', { logLevel: { level: 'debug', untilMs: NOW } }, /expired/],
    ['a level for ever', { logLevel: { level: 'debug', untilMs: NOW + 99 * HOUR } }, /a day/],
    ['a level with more to it', { logLevel: { level: 'info', untilMs: NOW + 1, x: 1 } }, /./],
    ['a fuse', { fuseA: 500 }, /at the site/],
    ['an export limit', { exportLimitW: 1e6 }, /at the site/],
    ['a name of every object', JSON.parse('{"__proto__": 1}'), /at the site/],
    ['a method of every object', { toString: 1 }, /at the site/],
  ])('refuses %s', (_name, wanted, why) => {
    const { settings, refused } = verdict(wanted);
    expect(settings).toEqual({});
    expect(Object.values(refused)).toEqual([expect.stringMatching(why)]);
  });

  it('refuses a reserve that no charge reaches', () => {
    const stores = site.stores.map((store) => ({ ...store, socMaxPct: 80 }));
    const { refused } = verdict({ reservePct: 85 }, { ...site, stores });
    expect(refused['reservePct']).toMatch(/never charged that far/);
  });

  it('never trades where the site file says no, but may always pause', () => {
    const closed = { ...site, control: { ...site.control, marketEnabled: false } };
    expect(verdict({ marketEnabled: true }, closed).refused).toEqual({
      marketEnabled: 'the site file does not allow trading',
    });
    expect(verdict({ marketEnabled: false }, closed).settings).toEqual({ marketEnabled: false });
  });
});
