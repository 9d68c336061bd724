import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { Fault } from '../contracts/values/fault.ts';
import { parseStamp } from '../contracts/values/stamp.ts';
import { type DatasetRows, parseRows } from './dataset-rows.ts';

/** A folder of recordings: meta.json, and one plain or gzip CSV a site (docs/formats.md). */
export interface Dataset {
  readonly set: string;
  /** By the local clock, as if UTC; undefined where meta.json names none. */
  readonly testFromMs: number | undefined;
  readonly timeZone: string; // IANA, of the local clock; 'UTC' where none is named
  readonly sites: readonly { readonly id: string; read(): DatasetRows }[];
}

const metaSchema = z.object({
  step_minutes: z.number().positive().optional(),
  time_zone: z.string().optional(),
  forecast_test_start: z.string().optional(),
});

type Sites = Dataset['sites'];

/** Sites of a folder, or those that are named. @throws Fault */
export function chosenSites(dataset: Dataset, dir: string, wanted: readonly string[]): Sites {
  const ids = dataset.sites.map(({ id }) => id);
  const missing = wanted.find((id) => !ids.includes(id));
  if (missing !== undefined) {
    throw new Fault(`no site '${missing}' in ${dir}`, '--site', `name one of: ${ids.join(', ')}`);
  }
  return dataset.sites.filter(({ id }) => wanted.length === 0 || wanted.includes(id));
}

const CSV = /\.csv(\.gz)?$/;

/** @param wanted  columns to read @throws Fault in one line */
export function openDataset(dir: string, wanted: (column: string) => boolean): Dataset {
  const files = filesOf(dir).filter((file) => CSV.test(file));
  if (files.length === 0) {
    throw new Fault('no CSV file is here', dir, 'name a folder with meta.json and a CSV a site');
  }
  const meta = readMeta(dir, metaSchema);
  const timeZone = zoneOf(meta.time_zone, dir);
  const testFrom = meta.forecast_test_start;
  const testFromMs = testFrom === undefined ? undefined : parseStamp(testFrom)?.clockMs;
  if (testFrom !== undefined && testFromMs === undefined) {
    const mend = 'write it as 2026-06-15T00:00, by the local clock';
    throw new Fault(`forecast_test_start '${testFrom}' is no time`, join(dir, 'meta.json'), mend);
  }
  const rowsMeta = {
    timeZone,
    ...(meta.step_minutes === undefined ? {} : { stepMinutes: meta.step_minutes }),
  };
  return {
    set: basename(dir),
    testFromMs,
    timeZone,
    sites: files.map((file) => ({
      id: file.replace(CSV, '').replace(/^site_/, ''),
      read: () => parseRows(textOf(join(dir, file)), join(dir, file), wanted, rowsMeta),
    })),
  };
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unreadable';

function filesOf(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch (error) {
    throw new Fault(`cannot be read (${codeOf(error)})`, dir, 'name an existing folder');
  }
}

function textOf(file: string): string {
  try {
    const bytes = readFileSync(file);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return new TextDecoder().decode(isGzip ? gunzipSync(bytes) : bytes);
  } catch (error) {
    const code = codeOf(error);
    const mend = code.startsWith('Z_')
      ? 'the gzip file is damaged: fetch it again'
      : 'make it readable';
    throw new Fault(`cannot be read (${code})`, file, mend);
  }
}

/** meta.json of a folder, where there is one, as far as a schema asks. @throws Fault in one line */
export function readMeta<T extends object>(dir: string, schema: z.ZodType<T>): T {
  const path = join(dir, 'meta.json');
  const meta = schema.safeParse(jsonOf(path));
  if (meta.success) return meta.data;
  const [issue] = meta.error.issues;
  const where = issue?.path.join('.') || 'the whole of it';
  throw new Fault(`${where}: ${issue?.message}`, path, 'correct or remove it');
}

/** @returns an empty object where the file does not exist */
function jsonOf(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new Fault(`cannot be read (${codeOf(error)})`, path, 'make it readable');
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault('not JSON', path, 'correct or remove it');
  }
}

/** IANA zone at the start of what is said; words may follow it. */
function zoneOf(words: string | undefined, dir: string): string {
  const timeZone = /^[^\s,;(]+/.exec(words ?? 'UTC')?.[0] ?? '';
  try {
    Intl.DateTimeFormat('en-US', { timeZone });
    return timeZone;
  } catch {
    const mend = 'write one such as Europe/Berlin';
    throw new Fault(`time_zone '${words}' is no IANA zone`, join(dir, 'meta.json'), mend);
  }
}
