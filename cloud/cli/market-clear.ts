import { hash } from '../../gateway/adapters/crypto.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { type ClearedFile, clearBook, readBook } from '../market/file.ts';
import { lineOfPath, readJson } from './json-file.ts';

/** `edgewatt-cloud market clear FILE [--json]`: one call auction over the orders of a file. */
export function marketClear(file: string, json: boolean): string {
  const { value, text } = readJson(file);
  const book = readBook(value);
  if ('what' in book) {
    const at = book.path.length === 0 ? '' : `:${book.path.join('.')}`;
    throw new Fault(book.what, `${file}:${lineOfPath(text, book.path)}${at}`, book.mend);
  }
  const cleared = clearBook(book, hash);
  return json ? asJson(cleared) : asTable(book.zone, book.interval, cleared);
}

/** Exact also beyond 2^53: a quantity stands as the digits it has. */
function asJson({ clearing, rejected }: ClearedFile): string {
  const rest = JSON.stringify({
    priceMicroPerKwh: clearing.priceMicroPerKwh,
    priceInterval: clearing.priceInterval,
    fills: clearing.fills,
    rejected,
    ...(clearing.netted.length > 0 && { netted: clearing.netted }),
  });
  return `{"volumeWh":${clearing.volumeWh},${rest.slice(1)}`;
}

function asTable(zone: string, interval: string, { clearing, rejected }: ClearedFile): string {
  const price = clearing.priceMicroPerKwh;
  const range = clearing.priceInterval;
  const clears = range === null ? '' : ` (any price from ${range[0]} to ${range[1]} clears)`;
  const lines = [
    `zone ${zone}, delivery ${interval}`,
    `volume  ${clearing.volumeWh} Wh`,
    `price   ${price === null ? 'none' : `${price} micro/kWh`}${clears}`,
    '',
    ...columns([
      ['order', 'fill Wh'],
      ...clearing.fills.map((fill) => [fill.orderId, String(fill.energyWh)]),
    ]),
  ];
  if (clearing.fills.length === 0) lines.push('(no order was filled)');
  if (clearing.netted.length > 0) {
    lines.push('', "taken out before the auction, as both sides are one owner's:");
    for (const one of clearing.netted) {
      lines.push(`  ${one.buyId} with ${one.sellId}: ${one.energyWh} Wh (${one.owner})`);
    }
  }
  if (rejected.length > 0) {
    lines.push('', 'not taken:', ...rejected.map((one) => `  ${one.orderId}: ${one.code}`));
  }
  return lines.join('\n');
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths =
    rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  );
}
