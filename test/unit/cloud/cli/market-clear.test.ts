import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { marketClear } from '../../../../cloud/cli/market-clear.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'market-clear-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, 'book.json');
  writeFileSync(path, text);
  return path;
}
const order = (id: string, side: string, energyWh: unknown, priceMicroPerKwh: unknown) => ({
  id,
  owner: `owner-${id}`,
  side,
  energyWh,
  priceMicroPerKwh,
});
const book = (...orders: unknown[]): string =>
  JSON.stringify({ zone: 'z1', interval: '2026-11-22T12:00:00Z', orders });

function complaint(text: string): string {
  try {
    marketClear(file(text), true);
  } catch (error) {
    if (error instanceof Fault) return error.message.replace(join(folder, 'book.json'), 'FILE');
    throw error;
  }
  return 'no complaint';
}

describe('market clear FILE', () => {
  it('answers with volume, price, interval, fills and rejections', () => {
    const text = book(
      order('b', 'buy', 100, 9),
      order('s', 'sell', 60, 4),
      order('x', 'sell', '7', 4),
    );
    expect(JSON.parse(marketClear(file(text), true))).toEqual({
      volumeWh: 60,
      priceMicroPerKwh: 9,
      priceInterval: [9, 9],
      fills: [
        { orderId: 'b', energyWh: 60 },
        { orderId: 's', energyWh: 60 },
      ],
      rejected: [{ orderId: 'x', code: 'INVALID_QUANTITY' }],
    });
  });

  it('writes null for a price that does not exist', () => {
    const answer = JSON.parse(marketClear(file(book()), true));
    expect(answer).toEqual({
      volumeWh: 0,
      priceMicroPerKwh: null,
      priceInterval: null,
      fills: [],
      rejected: [],
    });
  });

  it('writes a volume beyond 2^53 digit by digit', () => {
    const most = Number.MAX_SAFE_INTEGER;
    const orders = [1, 2].flatMap((n) => [
      order(`b${n}`, 'buy', most, 9),
      order(`s${n}`, 'sell', most, 4),
    ]);
    expect(marketClear(file(book(...orders)), true)).toContain('"volumeWh":18014398509481982,');
  });

  it('takes a byte order mark and an interval as an object', () => {
    const interval = { fromMs: 0, durationMs: 900_000 };
    const text = `\uFEFF${JSON.stringify({ zone: 'z1', interval, orders: [] })}`;
    expect(JSON.parse(marketClear(file(text), true)).volumeWh).toBe(0);
  });

  it('shows people a table', () => {
    const text = marketClear(
      file(book(order('b', 'buy', 100, 9), order('s', 'sell', 60, 4), 5)),
      false,
    );
    expect(text).toContain('volume  60 Wh');
    expect(text).toMatch(/^s +60$/m);
    expect(text).toContain('orders[2]: INVALID_ORDER');
  });

  it.each([
    ['{"zone": "z1",\n "interval": 1,\n "orders": [}', /^FILE:3:\d+: not JSON/],
    ['', /^FILE:1:1: not JSON/],
    ['[]', /^FILE:1: not an object; write/],
    ['{"zone": "z1",\n "orders": []}', /^FILE:1:interval: "interval" is missing; name/],
    [
      '{"zone": "z1",\n "interval": 1,\n "orders": {}}',
      /^FILE:3:orders: "orders" has the wrong form; list/,
    ],
    ['{"zone": 7, "interval": 1, "orders": []}', /^FILE:1:zone: "zone" has the wrong form/],
    [
      '{"zone": "z", "interval": 1, "orders": [],\n"capMicroPerKwh": 1, "floorMicroPerKwh": 2}',
      /^FILE:2:floorMicroPerKwh: the floor is above/,
    ],
    [
      '{"zone": "z", "interval": 1, "orders": [], "capMicroPerKwh": 1}',
      /floorMicroPerKwh: "floorMicroPerKwh" is missing/,
    ],
  ])('complains in one line about %j', (text, line) => {
    expect(complaint(text)).toMatch(line);
    expect(complaint(text)).not.toContain('\n');
  });

  it('complains about a file that is not there, or is a folder', () => {
    expect(() => marketClear(join(folder, 'none.json'), true)).toThrow(
      /none.json: cannot be read \(ENOENT\)/,
    );
    expect(() => marketClear(folder, true)).toThrow(/cannot be read \(EISDIR\)/);
  });
});
