import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { Fault } from '../../gateway/contracts/values/fault.ts';

const BYTES_MAX = 256 * 1_024 * 1_024;

/** @throws Fault when the file cannot be read, is too large or is not JSON, with line and column */
export function readJson(file: string): { readonly value: unknown; readonly text: string } {
  const text = readText(file);
  try {
    return { value: JSON.parse(text), text };
  } catch (error) {
    const why = (error as Error).message;
    const at = placeOf(why, text);
    const what = why.replace(/ in JSON at position.*| \(line \d+ column \d+\)|, ("|\.\.\.).*/s, '');
    throw new Fault(`not JSON (${what})`, `${file}${at}`, 'correct it here');
  }
}

export function readText(file: string): string {
  try {
    if (statSync(file).size > BYTES_MAX) {
      throw new Fault('larger than 256 MB', file, 'split it by zone and interval');
    }
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof Fault) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new Fault(`cannot be read (${code})`, file, 'name an existing, readable file');
  }
}

/** `:line:column` of a JSON.parse message; an early end is the last line. */
function placeOf(message: string, text: string): string {
  const said = /line (\d+) column (\d+)/.exec(message);
  if (said) return `:${said[1]}:${said[2]}`;
  const position = /position (\d+)/.exec(message)?.[1];
  const before = text.slice(0, position === undefined ? text.trimEnd().length : Number(position));
  const lines = before.split('\n');
  return `:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
}

/** Line of a key or value in a JSON text, of its nearest parent where it is absent. */
export function lineOfPath(text: string, path: readonly (string | number)[]): number {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  for (let depth = path.length; depth > 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true) as { range?: number[] } | undefined;
    const at = node?.range?.[0];
    if (at !== undefined) return counter.linePos(at).line;
  }
  return 1;
}

/** Whether a file is an SQLite database, by how it starts; none that cannot be read is one. */
export function isDatabase(file: string): boolean {
  const start = Buffer.alloc(15);
  try {
    const handle = openSync(file, 'r');
    try {
      readSync(handle, start, 0, start.length, 0);
    } finally {
      closeSync(handle);
    }
  } catch {
    return false;
  }
  return start.toString('latin1') === 'SQLite format 3';
}
