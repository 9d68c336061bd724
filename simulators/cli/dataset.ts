import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { offsetAt, parseStamp } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS, HOUR_MS, localDayStart } from '../../gateway/contracts/values/time.ts';
import { type Dataset, type DatasetMeta, type DatasetRange, parseDataset } from '../data/csv.ts';

/** What meta.json says about one recording, beyond its clock. */
export interface Recording {
  readonly dataset: Dataset;
  readonly timeZone: string; // of the site, 'UTC' where nothing is said
  readonly currency: string | undefined;
  readonly battery: { readonly capacityWh: number; readonly powerW: number } | undefined;
  readonly pvRatedW: number | undefined;
}

interface Meta {
  readonly step_minutes?: number;
  readonly time_zone?: string;
  readonly currency?: string;
  readonly sites?: Readonly<
    Record<
      string,
      { readonly pv_kwp?: number; readonly battery?: { capacity_kwh: number; power_kw: number } }
    >
  >;
}

function bytesOf(file: string): Uint8Array {
  try {
    const bytes = readFileSync(file);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    const mend = code.startsWith('Z_')
      ? 'the gzip file is damaged: fetch it again'
      : 'name an existing, readable file';
    throw new Fault(`cannot be read (${code})`, file, mend);
  }
}

function metaOf(file: string): Meta {
  const path = join(dirname(file), 'meta.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return {};
  }
  try {
    return JSON.parse(text) as Meta;
  } catch {
    throw new Fault('not JSON', path, 'correct or remove it');
  }
}

function clockOf(meta: Meta, file: string): DatasetMeta {
  const words = meta.time_zone ?? '';
  const timeZone = /^[A-Za-z_]+(\/[A-Za-z_+-]+)*/.exec(words)?.[0];
  if (timeZone !== undefined) {
    try {
      Intl.DateTimeFormat('en-US', { timeZone });
    } catch {
      const path = join(dirname(file), 'meta.json');
      throw new Fault(
        `time_zone '${words}' is no IANA zone`,
        path,
        'write one such as Europe/Berlin',
      );
    }
  }
  return {
    ...(meta.step_minutes === undefined ? {} : { stepMinutes: meta.step_minutes }),
    ...(timeZone === undefined ? {} : { timeZone }),
    noClockChange: /no DST/i.test(words),
  };
}

/** IANA zone that a recording's meta.json names, 'UTC' without one. @throws Fault in one line */
export const zoneOf = (file: string): string => clockOf(metaOf(file), file).timeZone ?? 'UTC';

/** Reads plain or gzip CSV with the meta.json beside it. @throws Fault in one line */
export function readRecording(file: string, range: DatasetRange = {}): Recording {
  const meta = metaOf(file);
  const clock = clockOf(meta, file);
  const text = new TextDecoder().decode(bytesOf(file));
  const name = basename(file).replace(/\.csv(\.gz)?$/, '');
  const site = Object.entries(meta.sites ?? {}).find(
    ([id]) => name === id || name.endsWith(`_${id}`) || name.startsWith(`${id}_`),
  )?.[1];
  return {
    dataset: parseDataset(text, file, clock, range),
    timeZone: clock.timeZone ?? 'UTC',
    currency: meta.currency,
    battery: site?.battery && {
      capacityWh: site.battery.capacity_kwh * 1_000,
      powerW: site.battery.power_kw * 1_000,
    },
    pvRatedW: site?.pv_kwp === undefined ? undefined : site.pv_kwp * 1_000,
  };
}

/**
 * Whole local days of a recording: `from` is a date of its zone, without it the range starts with
 * the file.
 * @throws Fault where `from` is no date
 */
export function dayRange(
  from: string | undefined,
  days: number | undefined,
  timeZone: string,
): DatasetRange {
  if (from === undefined) return {};
  const noon = parseStamp(`${from}T12:00Z`);
  if (noon === undefined) {
    throw new Fault(`'${from}' is no date`, '--from', 'write a day such as 2016-04-10');
  }
  const fromMs = localDayStart(noon.clockMs - offsetAt(noon.clockMs, timeZone), timeZone);
  if (days === undefined) return { fromMs };
  // Two hours into the next day whatever the clock did, then back to its start.
  return { fromMs, untilMs: localDayStart(fromMs + days * DAY_MS + 2 * HOUR_MS, timeZone) };
}
