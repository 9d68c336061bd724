import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadScenario, parseScenario, shipped } from '../../../simulators/cli/scenario-file.ts';

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const page = read('docs/scenarios.md');

test('the table of docs/scenarios.md has every shipped scenario as its file says', () => {
  const rows = shipped().map((name) => {
    const { title, open } = loadScenario(name);
    return `| \`${name}\` | ${title} | ${open === undefined ? 'passes' : `fails: ${open}`} |`;
  });
  const isRow = (line: string): boolean =>
    /^\| `[a-z0-9-]+` \| .* \| (passes|fails: .*) \|$/.test(line);
  expect(page.split('\n').filter(isRow)).toEqual(rows);
});

test('the README counts them', () => {
  expect(read('README.md')).toContain(`${shipped().length} scenarios`);
});

test('the scenario in docs/scenarios.md is read as it stands there', () => {
  const [, text = ''] = /```yaml\n(.*?)```/s.exec(page) ?? [];
  const scenario = parseScenario(text, '/nowhere/my.yaml', 'my.yaml');
  expect(scenario.expectations).toHaveLength(4);
});

test('the commands in docs/scenarios.md name scenarios and options that exist', () => {
  const main = read('simulators/main.ts');
  const commands = [...page.matchAll(/npx edgewatt-sim scenario ([^`\n]+)/g)].map(
    ([, rest]) => rest,
  );
  expect(commands.length).toBeGreaterThan(5);
  const known = new Set([...shipped(), 'my.yaml']);
  for (const command of commands) {
    const words = (command ?? '').split(' ');
    const at = words.findIndex((word) => word.startsWith('--'));
    const names = at < 0 ? words : words.slice(0, at);
    for (const name of names) expect(known.has(name), name).toBe(true);
    for (const option of words.filter((word) => word.startsWith('--'))) {
      expect(main, option).toMatch(new RegExp(`'${option}[ ']`));
    }
  }
});
