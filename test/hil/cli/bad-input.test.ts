import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../../cloud/adapters/sqlite.ts';
import { CONFIG, keys } from '../../world/cloud/fixture.ts';
import { ROOT, Stage } from '../demo/started.ts';

let stage: Stage;
let house = ''; // a sound site file
beforeAll(() => {
  stage = new Stage();
  house = readFileSync(join(ROOT, 'docs/examples/house.yaml'), 'utf8');
});
afterAll(() => stage.clear());

/** A file in the stage's folder. @returns its path */
function file(name: string, text: string): string {
  const path = join(stage.dir, name);
  writeFileSync(path, text);
  return path;
}

/** The site file of the house with one thing spoilt, which must be there to be spoilt. */
function spoilt(name: string, sound: string | RegExp, bad: string): string {
  const text = house.replace(sound, bad);
  expect(text).not.toBe(house);
  return file(name, text);
}

interface Said {
  readonly code: number | NodeJS.Signals;
  readonly out: string;
  readonly err: string;
}

async function run(bin: string, args: readonly string[]): Promise<Said> {
  const program = stage.start([`bin/${bin}.mjs`, ...args]);
  const code = await program.ended;
  return { code, out: program.out(), err: program.err() };
}

/** What, where and how to mend, in one line, exit code 2, and nothing that a program would read. */
async function expectRefused(bin: string, args: readonly string[], says: RegExp): Promise<void> {
  const { code, out, err } = await run(bin, args);
  expect(err.trimEnd().split('\n'), err).toHaveLength(1);
  expect(err).toMatch(says);
  expect([code, out]).toEqual([2, '']);
}

describe('words that are none of ours', () => {
  it.each([
    ['edgewatt', 'start', /edgewatt: unknown command 'start'; see edgewatt --help/],
    ['edgewatt', 'run', /edgewatt run: missing required argument 'dir'; see edgewatt run --help/],
    [
      'edgewatt',
      'config check x.yaml --jsno',
      /edgewatt config check: unknown option '--jsno' \(did you mean --json\?\); see edgewatt conf/,
    ],
    ['edgewatt', 'config chekc x', /unknown command 'chekc' \(did you mean check\?\); see/],
    ['edgewatt', 'run a b', /edgewatt run: too many arguments/],
    ['edgewatt-cloud', 'run', /required option '--config <file>' not specified; see edgewatt-clo/],
    ['edgewatt-cloud', 'market sell', /edgewatt-cloud market: unknown command 'sell'/],
    ['edgewatt-sim', 'demo --sped 3', /unknown option '--sped' \(did you mean one of --seed, --sp/],
    ['edgewatt-sim', 'demo --speed fast', /'fast' is invalid. speed is a number from 1 to 3600;/],
    ['edgewatt-sim', 'demo --speed 0', /'0' is invalid. speed is a number from 1 to 3600;/],
    ['edgewatt-sim', 'demo --speed NaN', /'NaN' is invalid/],
    ['edgewatt-sim', 'demo --minutes -5', /'-5' is invalid. minutes is a number from 1/],
    ['edgewatt-sim', 'demo --seed 1e99', /'1e99' is invalid. seed is a number from 0/],
    ['edgewatt-sim', 'demo --start noon', /'noon' is invalid. .*2026-06-17T04:30:00Z/],
    ['edgewatt-sim', 'demo --inject fire', /'fire' is invalid. .*violation, loss, duplicate/],
    ['edgewatt-sim', 'demo --headless', /--headless: it would never end; say how long with --min/],
  ])('%s %s', async (bin, words, says) => {
    await expectRefused(bin, words.split(' '), says);
  });

  it.each([
    ['edgewatt', 'devices list'],
    ['edgewatt-sim', 'scenario --list'],
  ])('%s %s, and nobody reads on: the end, and no complaint', async (bin, words) => {
    const program = stage.start([`bin/${bin}.mjs`, ...words.split(' ')]);
    program.child.stdout?.destroy();
    expect([await program.ended, program.err()]).toEqual([0, '']);
  });

  it('no word at all: the help, and exit code 2', async () => {
    for (const bin of ['edgewatt', 'edgewatt-cloud', 'edgewatt-sim']) {
      const { code, err } = await run(bin, []);
      expect(err).toContain(`Usage: ${bin}`);
      expect(code).toBe(2);
    }
  });

  it('the help itself is no mistake', async () => {
    const { code, out } = await run('edgewatt', ['config', '--help']);
    expect([code, out]).toEqual([0, expect.stringContaining('check')]);
  });
});

describe('files that are not there', () => {
  it.each([
    ['edgewatt', ['run', 'NONE']],
    ['edgewatt', ['config', 'check', 'NONE']],
    ['edgewatt', ['config', 'explain', 'NONE']],
    ['edgewatt-cloud', ['run', '--config', 'NONE']],
    ['edgewatt-cloud', ['market', 'clear', 'NONE', '--json']],
    ['edgewatt-sim', ['iot-core', '--config', 'NONE']],
    ['edgewatt-sim', ['site', 'NONE']],
    ['edgewatt-sim', ['site', 'HOUSE', '--data', 'NONE']],
  ])('%s %j', async (bin, words) => {
    const names = { NONE: join(stage.dir, 'none'), HOUSE: file('house.yaml', house) };
    const args = words.map((word) => names[word as keyof typeof names] ?? word);
    await expectRefused(bin, args, /none(\/gateway.yaml)?: cannot be read \(.*ENOENT.*\); name a/);
  });
});

const BAD_SITES: [name: string, sound: string | RegExp, bad: string, says: RegExp][] = [
  [
    'an unknown key',
    'currency: EUR\n',
    'currency: EUR\ncolour: red\n',
    /:11: colour: unknown key 'colour'; remove it or correct its spelling/,
  ],
  [
    'a wrong unit in a key',
    'contractedImportW: 22000',
    'contractedImportKW: 22',
    /:\d+: .*contractedImportKW: unknown key 'contractedImportKW'; /,
  ],
  [
    'a unit in a value',
    'contractedImportW: 22000',
    'contractedImportW: 22 kW',
    /:\d+: .*contractedImportW: .*number/,
  ],
  ['an id twice', 'id: lan-battery', 'id: lan-pv', /:\d+: .*the id 'lan-pv' is taken by buses/],
  [
    'a limit that no fuse carries',
    'contractedImportW: 22000',
    'contractedImportW: 90000',
    /:23: connections\[0\].contractedImportW: 90000 W cannot pass a fuse of 35 A \(24150 W\);/,
  ],
  [
    'a default limit above the contract',
    'defaultExportLimitW: 12000',
    'defaultExportLimitW: 15000',
    /defaultExportLimitW: 15000 W is above contractedExportW \(12000 W\); enter at most 12000/,
  ],
  ['a name of nothing', /bus: rs485/, 'bus: rs484', /no bus is called 'rs484'; name one of: rs485/],
  [
    'a profile of no device',
    /eastron\/\w+/,
    'eastron/none',
    /no profile is called 'eastron\/none'/,
  ],
  ['broken YAML', 'currency: EUR', 'currency: "EUR', /:\d+: .+; .+/],
  ['a version that is not known', 'version: 1', 'version: 7', /:2: version: /],
  ['a time zone that is none', 'Europe/Berlin }', 'Europe/Atlantis }', /timeZone: .+; .+/],
];

describe('a site file with', () => {
  it.each(BAD_SITES)('%s', async (_name, sound, bad, says) => {
    const path = spoilt('bad-site.yaml', sound, bad);
    const check = await run('edgewatt', ['config', 'check', path]);
    expect(check.code).toBe(2);
    expect(check.err).toMatch(says);
    for (const line of check.err.trimEnd().split('\n')) {
      expect(line).toMatch(/bad-site\.yaml:\d+: .+: .+; .+/);
    }
  });

  it('several mistakes: all of them, in the order of their lines', async () => {
    const path = spoilt('bad-site.yaml', 'fuseA: 35', 'fuseA: 1');
    const { err, code } = await run('edgewatt', ['config', 'check', path]);
    const lines = err.trimEnd().split('\n');
    expect([code, lines.length > 1]).toEqual([2, true]);
    const numbers = lines.map((line) => Number(/yaml:(\d+):/.exec(line)?.[1]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  it('a mistake is not run, by the gateway or by the simulator', async () => {
    const path = spoilt('site.yaml', 'id: lan-battery', 'id: lan-pv');
    file('gateway.yaml', 'version: 1\n');
    const says = /site\.yaml:\d+: .*the id 'lan-pv' is taken by buses\[1\]; give each entry an id/;
    await expectRefused('edgewatt', ['run', stage.dir], says);
    await expectRefused('edgewatt-sim', ['site', path, '--headless', '--minutes', '1'], says);
  });
});

const HOUR = (rows: readonly string[], header = 'ts,load_kwh,pv_kwh'): string =>
  `${[header, ...rows].join('\n')}\n`;
const ROWS = ['00:00', '00:15', '00:30', '00:45'].map((at) => `2026-06-15T${at}Z,0.5,0.1`);

describe('recorded data with', () => {
  it.each([
    [
      'a gap',
      HOUR(ROWS.filter((_, at) => at !== 2)),
      /:4: 1 interval missing from 2026-06-15T00:30Z; add the rows, or choose/,
    ],
    ['NaN', HOUR([...ROWS.slice(0, 2), '2026-06-15T00:30Z,NaN,0']), /:4: load_kwh is 'NaN'; fill/],
    ['nothing', HOUR([...ROWS.slice(0, 2), '2026-06-15T00:30Z,1,']), /:4: pv_kwh is ''; fill/],
    ['less than nothing', HOUR([...ROWS, '2026-06-15T01:00Z,-1,0']), /:6: load_kwh is -1, below z/],
    [
      'a wrong header',
      HOUR(ROWS, 'ts,load_kw,pv_kwh'),
      /:1: no column 'load_kwh', but 'load_kw'; g/,
    ],
    [
      'a row twice',
      HOUR([...ROWS, ROWS[3] ?? '']),
      /:6: the same interval again \(2026-06-15T00:45Z/,
    ],
    [
      'a field too many',
      HOUR([...ROWS, '2026-06-15T01:00Z,1,2,3']),
      /:6: 4 fields, the header has 3/,
    ],
    [
      'local time of no zone',
      HOUR(['2026-06-15T00:00,1,0']),
      /:2: '2026-06-15T00:00' has no time zo/,
    ],
    ['no row', HOUR([]), /: no rows in the chosen range; choose/],
    [
      'more than the site carries',
      HOUR(['2026-06-15T00:00Z,99,0', '2026-06-15T00:15Z,99,0']),
      /kW/,
    ],
  ])('%s', async (_name, text, says) => {
    const site = file('house.yaml', house);
    const args = ['site', site, '--data', file('data.csv', text), '--headless', '--minutes', '5'];
    await expectRefused('edgewatt-sim', args, says);
  });

  it.each([
    [
      'spring',
      '2026-03-29T02:30',
      /does not exist in Europe\/Berlin \(clock change\); write UTC: 20/,
    ],
    [
      'autumn',
      '2026-10-25T02:30',
      /exists twice in Europe\/Berlin \(clock change\); write UTC: 2026-/,
    ],
  ])('local times at the clock change in %s', async (_name, at, says) => {
    file('meta.json', JSON.stringify({ time_zone: 'Europe/Berlin', step_minutes: 15 }));
    const args = [
      'site',
      file('house.yaml', house),
      '--data',
      file('data.csv', HOUR([`${at},1,0`])),
    ];
    await expectRefused('edgewatt-sim', [...args, '--headless', '--minutes', '5'], says);
  });
});

describe('the cloud with', () => {
  const configure = (more: object): string[] => {
    file('grid.key', keys.privateKey);
    const config = { ...CONFIG, database: 'cloud.db', ...more };
    return ['run', '--config', file('cloud.yaml', JSON.stringify(config))];
  };

  it('a database of a newer version, or one that is none: told, and left as it is', async () => {
    const args = configure({});
    const path = join(stage.dir, 'cloud.db');
    openStore(path).close();
    const newer = new Database(path);
    newer.pragma('user_version = 99');
    newer.close();
    await expectRefused(
      'edgewatt-cloud',
      args,
      /cloud\.db: written by a newer version \(schema 99/,
    );
    file('cloud.db', 'some text where a database should be, long enough for a header');
    await expectRefused(
      'edgewatt-cloud',
      args,
      /cloud\.db: the database is damaged; restore a copy/,
    );
    expect(readFileSync(path, 'utf8')).toMatch(/^some text/);
  });

  it.each([
    ['a key it does not know', { colour: 'red' }, /cloud\.yaml:\d+: .*colour/],
    ['a broker that is no URL', { brokerUrl: 'here' }, /cloud\.yaml:\d+: brokerUrl: .+; .+/],
    [
      'a database it may not make',
      { database: 'no/such/folder.db' },
      /cannot be opened .*; name a/,
    ],
  ])('%s', async (_name, more, says) => {
    await expectRefused('edgewatt-cloud', configure(more), says);
  });
});
