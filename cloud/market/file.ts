import type { Hash } from '../../gateway/ports.ts';
import { type Clearing, clearAuction, type PriceBounds } from './auction.ts';
import { type Rejection, readOrders } from './order.ts';

/** What is wrong with a file as a whole, and where: a path as in `orders` or `interval.fromMs`. */
export interface Complaint {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly mend: string;
}

/**
 * `{zone, interval, orders, floorMicroPerKwh?, capMicroPerKwh?}`; other keys at the top are
 * ignored.
 */
export interface BookFile {
  readonly zone: string;
  readonly interval: string;
  readonly orders: readonly unknown[];
  readonly bounds?: PriceBounds;
}

export interface ClearedFile {
  readonly clearing: Clearing;
  readonly rejected: readonly Rejection[];
}

/** @param value  what JSON made of the file */
export function readBook(value: unknown): BookFile | Complaint {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return complaint([], 'not an object', 'write {"zone": ..., "interval": ..., "orders": [...]}');
  }
  const file = value as Record<string, unknown>;
  if (typeof file['zone'] !== 'string' || file['zone'].trim() === '') {
    return complaint(['zone'], said(file, 'zone'), 'name the zone, as in "zone": "z1"');
  }
  const interval = intervalText(file['interval']);
  if (interval === undefined) {
    return complaint(
      ['interval'],
      said(file, 'interval'),
      'name the delivery interval, as in "2026-11-22T12:00Z" or {"fromMs": ..., "durationMs": ...}',
    );
  }
  if (!Array.isArray(file['orders'])) {
    return complaint(['orders'], said(file, 'orders'), 'list the orders, as in "orders": []');
  }
  const bounds = readBounds(file);
  if (bounds !== undefined && 'what' in bounds) return bounds;
  return {
    zone: file['zone'],
    interval,
    orders: file['orders'],
    ...(bounds !== undefined && { bounds }),
  };
}

export function clearBook(book: BookFile, hash: Hash): ClearedFile {
  const { orders, rejected } = readOrders(book.orders);
  const intervalId = `${book.zone}/${book.interval}`;
  return { clearing: clearAuction(intervalId, orders, hash, book.bounds), rejected };
}

const complaint = (path: Complaint['path'], what: string, mend: string): Complaint => ({
  path,
  what,
  mend,
});

const said = (file: Record<string, unknown>, key: string): string =>
  key in file ? `"${key}" has the wrong form` : `"${key}" is missing`;

function intervalText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const { fromMs, durationMs } = value as Record<string, unknown>;
  if (!Number.isSafeInteger(fromMs) || !Number.isSafeInteger(durationMs)) return undefined;
  return (durationMs as number) > 0 ? `${fromMs}/${durationMs}` : undefined;
}

function readBounds(file: Record<string, unknown>): PriceBounds | Complaint | undefined {
  const keys = ['floorMicroPerKwh', 'capMicroPerKwh'] as const;
  if (keys.every((key) => file[key] === undefined)) return undefined;
  for (const key of keys) {
    if (Number.isSafeInteger(file[key])) continue;
    return complaint([key], said(file, key), 'give both limits as whole micro-currency per kWh');
  }
  const [floorMicroPerKwh, capMicroPerKwh] = keys.map((key) => file[key] as number);
  if (floorMicroPerKwh === undefined || capMicroPerKwh === undefined) return undefined;
  if (floorMicroPerKwh <= capMicroPerKwh) return { floorMicroPerKwh, capMicroPerKwh };
  return complaint(['floorMicroPerKwh'], 'the floor is above the cap', 'swap the two');
}
