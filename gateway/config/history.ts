import type { HistoryRow } from '../agents/history.ts';
import { Fault } from '../contracts/values/fault.ts';
import { readText } from './load.ts';

const QUARTER_MS = 900_000;
const HEADER = /^ts,load_kwh,pv_kwh(,[a-z][a-z0-9-]*_kwh)*$/;

/**
 * Earlier quarter-hours from a CSV (docs/formats.md): `ts` UTC with Z, load and PV in kWh, then one
 * column `<terminal>_kwh` for each terminal that is known by itself.
 * @throws Fault with the line of the first thing that is wrong
 */
export function loadHistory(file: string): HistoryRow[] {
  const [header = '', ...lines] = readText(file).trimEnd().split('\n');
  if (!HEADER.test(header)) {
    throw new Fault(
      `the header is '${header.slice(0, 60)}'`,
      `${file}:1`,
      "write 'ts,load_kwh,pv_kwh' and a column <terminal>_kwh for each terminal known by itself",
    );
  }
  const terminals = header
    .split(',')
    .slice(3)
    .map((name) => name.replace(/_kwh$/, ''));
  return lines.map((line, index) => {
    const where = `${file}:${index + 2}`;
    const [ts = '', ...fields] = line.split(',');
    const fromMs = Date.parse(ts);
    if (!ts.endsWith('Z') || !Number.isFinite(fromMs) || fromMs % QUARTER_MS !== 0) {
      throw new Fault(`'${ts}' is no quarter-hour`, where, 'write UTC as 2026-06-16T10:15Z');
    }
    const energiesWh = fields.map((field) => Number(field) * 1_000);
    const [loadWh, pvWh, ...own] = energiesWh;
    if (
      loadWh === undefined ||
      pvWh === undefined ||
      own.length !== terminals.length ||
      fields.some((field, at) => field.trim() === '' || !((energiesWh[at] ?? Number.NaN) >= 0))
    ) {
      throw new Fault(`'${line.slice(0, 60)}' is no row`, where, 'give every column in kWh, >= 0');
    }
    const byTerminal = Object.fromEntries(terminals.map((id, at) => [id, own[at] ?? 0]));
    return { fromMs, durationMs: QUARTER_MS, loadWh, pvWh, byTerminal };
  });
}
