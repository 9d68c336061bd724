import type { Records } from '../../ports.ts';
import { DEFAULTS } from './calls.ts';
import { StoreCore } from './core.ts';
import { openToLook } from './schema.ts';

/**
 * The agent's memory, to look only: no write reaches it, and the running agent is not disturbed.
 * @throws Fault when there is none
 */
export function openRecords(path: string): Records & { close(): void } {
  const db = openToLook(path);
  const core = new StoreCore(db, DEFAULTS.bounds);
  return {
    history: async (fromMs, untilMs) => core.history(fromMs, untilMs),
    get: async (kind, key) => core.get(kind, key),
    list: async (kind, fromMs, untilMs) => core.list(kind, fromMs, untilMs),
    outbox: async () => core.outbox(),
    close: () => db.close(),
  };
}
