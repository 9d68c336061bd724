import { randomUUID } from 'node:crypto';
import { placesOfPackage } from '../adapters/update/releases.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import type { RunningSite } from '../config/running-site.ts';
import { encodeFrame } from '../contracts/values/frames.ts';
import type { LiveView } from '../contracts/values/view.ts';
import type { Operations } from '../link/jobs/jobs.ts';
import type { AgentStore, Clock, Pipe } from '../ports.ts';
import type { ProcessLog } from './log.ts';
import { releaseJobs } from './release-jobs.ts';
import { siteJobs } from './site-jobs.ts';

/** What a diagnosis asks; set when the agent exists. */
interface Inside {
  live(): LiveView | undefined;
  stop(): Promise<void>;
}

export interface OperationsDeps {
  readonly file: GatewayFile;
  readonly running: RunningSite;
  readonly guardBoot: string;
  readonly pipe: Pick<Pipe, 'send'>; // to the guard
  readonly clock: Clock;
  readonly log: ProcessLog;
  readonly store: AgentStore;
  readonly version: string;
  /** Known a moment later than this is made. */
  readonly inside: () => Inside;
}

/** What jobs may do to this gateway, seen from its agent process. */
export function createOperations(deps: OperationsDeps): Operations {
  const { file, running, guardBoot, pipe, clock, log, store, version, inside } = deps;
  return {
    boots: { agent: randomUUID(), gateway: guardBoot },
    restart: (what) => {
      // An agent that ends is started again by its guard; the guard ends on our word alone.
      if (what === 'agent') void inside().stop();
      else pipe.send(encodeFrame({ t: 'restart' }));
    },
    logLevel: (level, forMs) => log.level(level, forMs),
    diagnostics: async () => ({
      version,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      uptimeS: Math.round(process.uptime()),
      memoryBytes: process.memoryUsage.rss(),
      siteFile: { sha256: running.sha256, sequence: running.sequence },
      store: store.opened,
      outbox: await store.outbox(),
      live: { ...inside().live(), peers: undefined }, // the demo's peer addresses sign in
      log: log.newest,
    }),
    site: siteJobs(file, running, clock, () => inside().live()?.mode === 'safe'),
    update: releaseJobs(placesOfPackage(process.env), file.fleet.releaseKeysFile),
  };
}
