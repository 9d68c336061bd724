import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT, Stage } from '../../hil/demo/started.ts';
import { until } from './one-site.ts';

const MINUTE_MS = 60_000;
let stage: Stage;
beforeAll(() => {
  stage = new Stage();
});
afterAll(() => stage.clear(), MINUTE_MS);

it(
  'a gateway asks the simulated suppliers as a person would set it up',
  async () => {
    const sim = stage.start(['bin/edgewatt-sim.mjs', 'sources', '--port', '0']);
    await until(() => sim.out().includes('\n'), MINUTE_MS);
    const urls = JSON.parse(sim.out());
    const key = /'([\w-]+)'/.exec(sim.err())?.[1] ?? '';
    writeFileSync(join(stage.dir, 'key'), key, { mode: 0o600 });
    const house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8');
    writeFileSync(join(stage.dir, 'site.yaml'), house);
    const sources = (prices: object) => {
      const weather = { source: 'met-norway', contact: 'a@example.org', url: urls.metNorway };
      const text = JSON.stringify({ version: 1, sources: { weather, prices } });
      writeFileSync(join(stage.dir, 'gateway.yaml'), text);
      return stage.start(['bin/edgewatt.mjs', 'sources', stage.dir]);
    };
    const area = '10Y1001A1001A82H';
    const good = sources({ source: 'entsoe', area, keyFile: 'key', url: urls.entsoe });
    expect(await good.ended, good.err()).toBe(0);
    expect(good.out()).toMatch(/^weather from met-norway .*\nprices from entsoe .* EUR\/MWh\n$/);
    const pounds = sources({ source: 'octopus', product: 'A', region: 'C', url: urls.octopus });
    expect(await pounds.ended, pounds.err()).toBe(1);
    expect(pounds.out()).toContain('its prices are not in EUR');
  },
  5 * MINUTE_MS,
);
