import { randomUUID } from 'node:crypto';
import type { LiveView } from '../contracts/values/view.ts';
import type { Operations } from '../link/jobs/jobs.ts';
import type { AgentStore } from '../ports.ts';
import type { ProcessLog } from './log.ts';

/** What a diagnosis asks; set when the agent exists. */
export interface Inside {
  live(): LiveView | undefined;
  stop(): Promise<void>;
}

/** What jobs may do to the agent process. @param inside known a moment later than this is made */
export function createOperations(
  log: ProcessLog,
  store: AgentStore,
  version: string,
  inside: () => Inside,
): Operations {
  return {
    bootId: randomUUID(),
    restart: () => void inside().stop(), // the process ends with it, and the guard starts another
    logLevel: (level, forMs) => log.level(level, forMs),
    diagnostics: async () => ({
      version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      uptimeS: Math.round(process.uptime()),
      memoryBytes: process.memoryUsage.rss(),
      store: store.opened,
      outbox: await store.outbox(),
      live: { ...inside().live(), peers: undefined }, // the demo's peer addresses sign in
      log: log.newest,
    }),
  };
}
