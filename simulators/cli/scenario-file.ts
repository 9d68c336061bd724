import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { profileById } from '../../devices/catalogue.ts';
import { YamlFile } from '../../gateway/adapters/yaml.ts';
import { checkSite } from '../../gateway/config/check.ts';
import { loadSite, readText } from '../../gateway/config/load.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { instantsOf } from '../../gateway/contracts/values/stamp.ts';
import { compile, type Draft, type Entry } from '../scenarios/compile.ts';
import type { Scenario } from '../scenarios/types.ts';
import { span } from '../scenarios/words.ts';
import { demoSites } from '../sites/demo.ts';
import { change } from './scenario-site.ts';

const FOLDER = resolve(import.meta.dirname, '../scenarios');

const spanText = z.string().regex(/^\d+(\.\d+)? ?(s|min|h)$/, 'write a span as 20 min or 2 h');
const pair = z.record(z.string(), z.union([z.string(), z.number()]));
const line = pair.refine((map) => Object.keys(map).length === 1, 'write one TIME: TEXT a line');

/** A scenario's file; docs/scenarios.md explains it. */
export const scenarioSchema = z.strictObject({
  version: z.literal(1),
  title: z.string().min(1).max(100),
  why: z.string().min(1),
  site: z.string().min(1),
  change: z.record(z.string(), z.unknown()).default({}),
  start: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d \d\d:\d\d$/, "write the site's time as 2026-06-17 12:00"),
  for: spanText,
  seed: z.int().min(0).max(4_294_967_295).default(1),
  socPct: z.number().min(0).max(100).default(50),
  models: z.record(z.string(), z.enum(['factory', 'house', 'none'])).default({}),
  ownModes: z.record(z.string(), z.enum(['idle', 'self-consumption'])).default({}),
  phases: z.record(z.string(), z.tuple([z.number(), z.number(), z.number()])).default({}),
  prices: pair.default({}),
  excuse: z.array(z.enum(['S1', 'S2', 'S3', 'S4', 'S5', 'S9'])).default([]),
  open: z.string().min(1).optional(),
  timeline: z.array(line).default([]),
  expect: z.array(line).min(1),
});

/** Names of the scenarios that come with the product. */
export const shipped = (): string[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort();

/** @param name of a shipped one, or a file. @throws Fault with the line that is wrong */
export function loadScenario(name: string): Scenario {
  const own = join(FOLDER, `${name}.yaml`);
  const isShipped = /^[a-z0-9-]+$/.test(name) && existsSync(own);
  if (!isShipped && !existsSync(name)) {
    const near = shipped().filter((one) => one.includes(name));
    const mend = near.length > 0 ? `did you mean ${near.join(', ')}?` : '--list shows them all';
    throw new Fault(`no scenario '${name}', and no such file`, 'scenario', mend);
  }
  const file = isShipped ? own : name;
  return parseScenario(readText(file), file, isShipped ? `${name}.yaml` : name);
}

/** @param file where site files are looked for; `label` names it in complaints */
export function parseScenario(text: string, file: string, label: string): Scenario {
  const yaml = new YamlFile(text);
  const fail = (line: number, what: string, mend: string): never => {
    throw new Fault(what, `${label}:${line}`, mend);
  };
  if (yaml.broken) return fail(yaml.broken.line, yaml.broken.what, yaml.broken.mend);
  const parsed = scenarioSchema.safeParse(yaml.value());
  if (!parsed.success) {
    const [first] = yaml.complaints(parsed.error);
    const hint = first?.mend.replace('formats.md', 'scenarios.md') ?? 'correct it';
    return fail(first?.line ?? 1, `${first?.path}: ${first?.what}`, hint);
  }
  const given = parsed.data;
  const entries = (list: 'timeline' | 'expect'): Entry[] =>
    given[list].flatMap((map, n) =>
      Object.entries(map).map(([key, value]) => ({
        line: yaml.line([list, n, key]),
        key,
        text: String(value),
      })),
    );
  const site = siteOf(given.site, file, yaml.line(['site']), fail);
  const changed = change(site, given.change, (path, what, mend) =>
    fail(yaml.line(['change', path]), what, mend),
  );
  sound(changed, yaml.line(['change']), fail);
  const clockMs = Date.parse(`${given.start.replace(' ', 'T')}:00Z`);
  const [startMs] = instantsOf(clockMs, changed.place.timeZone); // of two the first
  if (startMs === undefined) {
    return fail(yaml.line(['start']), `there is no ${given.start}`, 'the clock skips it that day');
  }
  const draft: Draft = {
    ...given,
    name: basename(label, '.yaml'),
    why: given.why.trim(),
    site: changed,
    startMs,
    untilMs: startMs + span(given.for),
    excused: given.excuse,
    open: given.open,
    prices: Object.entries(given.prices).map(([key, value]) => ({
      line: yaml.line(['prices', key]),
      key,
      text: String(value),
    })),
    timeline: entries('timeline'),
    expect: entries('expect'),
  };
  const compiled = compile(draft);
  if (!('expectations' in compiled)) {
    const [first, ...more] = compiled;
    const others = more.length > 0 ? ` (${more.length} more after it)` : '';
    return fail(first?.line ?? 1, first?.what ?? '', `${first?.mend}${others}`);
  }
  return compiled;
}

type Fail = (line: number, what: string, mend: string) => never;

function siteOf(name: string, file: string, line: number, fail: Fail): Site {
  const demo = demoSites(1).find(({ site }) => site.id === name);
  if (demo !== undefined) return demo.site;
  const path = resolve(dirname(file), name);
  if (existsSync(path)) return loadSite(path, profileById);
  const names = demoSites(1).map(({ site }) => site.id);
  return fail(line, `no site '${name}'`, `write ${names.join(', ')} or the path of a site file`);
}

/** A site that was changed keeps the rules of a site file. */
function sound(site: Site, line: number, fail: Fail): void {
  const buses = site.buses.map((bus, n) =>
    bus.kind === 'serial' ? bus : { ...bus, port: 15_000 + n },
  );
  const [first] = checkSite({ ...site, buses }, profileById);
  if (first !== undefined) fail(line, `${first.path.join('.')}: ${first.what}`, first.mend);
}
