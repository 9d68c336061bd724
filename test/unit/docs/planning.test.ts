import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { profileById } from '../../../devices/catalogue.ts';
import { parseSite } from '../../../gateway/config/load.ts';
import { siteSchema } from '../../../gateway/config/schema.ts';
import { docCommands } from '../../fixtures/docs.ts';

const root = new URL('../../../', import.meta.url);
const read = (name: string): string => readFileSync(fileURLToPath(new URL(name, root)), 'utf8');
const page = read('docs/planning.md');

it('every command of docs/planning.md finds nothing to complain about', () => {
  const commands = docCommands(page, '.');
  expect(commands).toEqual([['config', 'check', 'docs/examples/house.yaml']]);
  for (const [, , file = ''] of commands) {
    expect(parseSite(read(file), profileById).complaints).toEqual([]);
  }
});

it('its store loads in a site file as it stands there', () => {
  const stores = /```yaml\n(stores:\n.*?)```/s.exec(page)?.[1] ?? '';
  expect(stores).not.toBe('');
  const house = read('docs/examples/house.yaml').replace(/stores:\n.*\n/, stores);
  const { site, complaints } = parseSite(house, profileById);
  expect(complaints).toEqual([]);
  expect(site?.stores[0]?.dischargeCurve?.[1]).toEqual({ powerW: 1_000, efficiencyPct: 92 });
});

it('each key of a store, terminal or control that it names is one', () => {
  const known = {
    store: Object.keys(siteSchema.shape.stores.unwrap().element.shape),
    terminal: Object.keys(siteSchema.shape.terminals.element.shape),
  };
  const cells = [...page.matchAll(/\| (store|terminal): ([^|]*)\|/g)];
  expect(cells.length).toBeGreaterThan(8);
  for (const [, place, cell = ''] of cells) {
    const keys = [...cell.matchAll(/`([^`]+)`/g)]
      .flatMap(([, words = '']) => words.replaceAll(': false', '').split(' '))
      .filter((word) => word !== '');
    for (const key of keys) expect(known[place as keyof typeof known]).toContain(key);
  }
});
