import { gunzipSync, gzipSync } from 'node:zlib';
import type { LakePart } from '../ports.ts';

const isPart = (text: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(text);

/** Where the days of a data set lie, with a slash at the end; the same under every roof. */
export function datasetPrefix(tenant: string, dataset: LakePart['dataset']): string {
  if (!isPart(tenant)) throw new RangeError(`not a place in the lake: ${tenant}`);
  return `${dataset}/tenant=${tenant}/`;
}

/** Where the parts of a day lie, with a slash at the end. */
export function dayPrefix(tenant: string, dataset: LakePart['dataset'], day: string): string {
  if (!isDay(day)) throw new RangeError(`not a day of the lake: ${day}`);
  return `${datasetPrefix(tenant, dataset)}date=${day}/`;
}

const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text);

/** Days from the names of their folders, in order. */
export const daysOf = (folders: readonly string[]): string[] =>
  folders
    .flatMap((name) => (name.startsWith('date=') ? [name.slice('date='.length)] : []))
    .filter(isDay)
    .sort();

export function pathOf(part: LakePart): string {
  if (!isPart(part.name)) throw new RangeError(`not a name in the lake: ${part.name}`);
  return `${dayPrefix(part.tenant, part.dataset, part.day)}${part.name}.jsonl.gz`;
}

/** One line of JSON after the other, compressed; the same lines give the same bytes. */
export function packed(lines: readonly string[]): Uint8Array {
  return gzipSync(lines.map((line) => `${line}\n`).join(''));
}

export function unpacked(bytes: Uint8Array): string[] {
  return gunzipSync(bytes).toString('utf8').split('\n').slice(0, -1);
}
