import type { StoreOpened } from '../../ports.ts';
import type { OutboxBounds, StoreCore } from './core.ts';

/** Operations of the store by name, as they travel between the port and its thread. */
export const WRITES = [
  'addRecords',
  'removeRecords',
  'setAside',
  'addHistory',
  'put',
  'forget',
] as const;
export const READS = ['readRecords', 'outbox', 'history', 'get', 'list'] as const;
const READ_NAMES: ReadonlySet<string> = new Set(READS);
export const isRead = (name: string): name is Read => READ_NAMES.has(name);
export type Write = (typeof WRITES)[number];
export type Read = (typeof READS)[number];

export interface Call {
  readonly id: number;
  readonly name: Write | Read | 'close';
  readonly args: readonly unknown[];
  readonly urgent: boolean;
}

export type Answer =
  | { readonly opened: StoreOpened }
  | { readonly reopened: StoreOpened } // after its disk had failed
  | { readonly failed: string; readonly mend: string; readonly where: string }
  | { readonly id: number; readonly value?: unknown; readonly error?: string };

export interface StoreSettings {
  readonly bounds: OutboxBounds;
  readonly groupMs: number; // real time that a write may wait for others to share its fsync
}

/** Disk for about a month of one site's telemetry; at most a second of records is not safe yet. */
export const DEFAULTS: StoreSettings = {
  bounds: { rows: 500_000, bytes: 256 * 1_048_576 },
  groupMs: 1_000,
};

/**
 * Applies one operation. The names were chosen from the lists above, so each is a method of the
 * core.
 */
export function apply(core: StoreCore, name: Write | Read, args: readonly unknown[]): unknown {
  const method: (...given: never[]) => unknown = core[name];
  return Reflect.apply(method, core, args);
}
