import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { showSources as showCloudSources } from '../../../cloud/cli/sources.ts';
import { showSources } from '../../../gateway/cli/sources.ts';
import { loadGateway } from '../../../gateway/config/gateway-file.ts';
import { priceSource, weatherSource } from '../../../gateway/contracts/sources.ts';
import { type Sources, startSources } from '../../../simulators/servers/sources.ts';
import { SIMULATED_KEY } from '../../../simulators/sources/answer.ts';
import { CONFIG } from '../../world/cloud/fixture.ts';

const doc = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
const page = doc('sources.md');
const site = /```yaml\n(version: 1\nid: barn.*?)```/s.exec(doc('formats.md'))?.[1] ?? '';
const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
const gatewayFile = (sources: object) => `version: 1\nsources: ${JSON.stringify(sources)}\n`;
let sources: Sources;
let dir = '';

beforeAll(async () => {
  sources = await startSources({
    climate: { seed: 3, latitudeDeg: 48.1, longitudeDeg: 9.2 },
    wallMs: () => Date.now(),
  });
  dir = mkdtempSync(join(tmpdir(), 'sources-docs-'));
  writeFileSync(join(dir, 'site.yaml'), site);
  writeFileSync(join(dir, 'entsoe.key'), SIMULATED_KEY, { mode: 0o600 });
  const { weather, prices } = parse(blocks[1] ?? '').sources;
  weather.url = sources.urls.metNorway;
  prices.url = sources.urls.entsoe;
  writeFileSync(join(dir, 'gateway.yaml'), gatewayFile({ weather, prices }));
  const { forecastEveryMs, ...zone } = parse(blocks[0] ?? '');
  zone.weather.url = sources.urls.openMeteo;
  zone.prices.url = sources.urls.energyCharts;
  const zones = CONFIG.zones.map((one) => ({ ...one, ...zone, forecastEveryMs }));
  writeFileSync(join(dir, 'cloud.yaml'), JSON.stringify({ ...CONFIG, zones }));
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await sources.stop();
});

async function run(words: readonly string[]): Promise<string> {
  const json = words.includes('--json');
  if (words[0] === 'edgewatt-cloud') {
    const { text, code } = await showCloudSources({ config: words[3] ?? '', json });
    expect(code).toBe(0);
    return text;
  }
  let out = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  try {
    expect(await showSources(words[2] ?? '', { json })).toBe(0);
  } finally {
    write.mockRestore();
  }
  return out;
}

it('every command of docs/sources.md runs', async () => {
  const commands = [...page.matchAll(/^npx (edgewatt.*?)\s*(?:#.*)?$/gm)].map(([, text]) =>
    (text ?? '').replaceAll('DIR', dir).split(/\s+/),
  );
  expect(commands.length).toBe(3);
  const said: string[] = [];
  for (const command of commands) said.push(await run(command));
  const [text = '', asJson = '', ofCloud = ''] = said;
  expect(text).toMatch(
    /^weather from met-norway \(127\.0\.0\.1:\d+\): 20\d\d-.* steps of 60 min, /,
  );
  expect(text).toMatch(/\nprices from entsoe .* steps of 15 min, -?[\d.]+ EUR\/MWh to /);
  expect(JSON.parse(asJson)).toMatchObject([
    { state: 'good', unknownCount: 0 },
    { what: 'prices' },
  ]);
  expect(ofCloud).toMatch(/^z1: weather from open-meteo .*\nz1: prices from energy-charts .*$/);
});

it('every source of docs/sources.md is read as it stands there', () => {
  const lines = (blocks[2] ?? '').trim().split('\n');
  expect(lines.length).toBe(5);
  for (const line of lines) {
    const { weather, prices } = parse(line);
    if (weather !== undefined) weatherSource.parse(weather);
    if (prices !== undefined) priceSource.parse(prices);
  }
  for (const { shape } of [...weatherSource.options, ...priceSource.options]) {
    expect(page).toContain(`| \`${shape.source.value}\` |`);
    for (const key of Object.keys(shape)) expect(page, key).toContain(`\`${key}\``);
  }
});

it('each bad value is one line', async () => {
  const load = (text: string) => {
    writeFileSync(join(dir, 'gateway.yaml'), text);
    return () => loadGateway(dir);
  };
  const prices = { source: 'entsoe', area: '10Y1001A1001A82H', keyFile: 'none' };
  expect(load(gatewayFile({ prices: { ...prices, area: 'DE' } }))).toThrow(
    /gateway\.yaml:2: sources\.prices\.area: an EIC such as/,
  );
  expect(load(gatewayFile({ prices: { source: 'nordpool' } }))).toThrow(/gateway\.yaml:2: sources/);
  expect(load(gatewayFile({ prices: { ...prices, token: 'abc' } }))).toThrow(/token/);
  const broker = 'broker: {url: "mqtt://127.0.0.1:1883", passwordFile: p}\n';
  expect(load(`${gatewayFile({ prices })}${broker}`)).not.toThrow();
  load(gatewayFile({ prices }));
  await expect(showSources(dir, {})).rejects.toThrow(/none: cannot be read \(ENOENT\); name/);
  load('version: 1\n');
  await expect(showSources(dir, {})).rejects.toThrow(/gateway\.yaml: no sources; name them as/);
});
