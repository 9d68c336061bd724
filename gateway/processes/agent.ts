import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { openBusDoor } from '../adapters/bus-door.ts';
import { createClock } from '../adapters/clock.ts';
import { endWithParent } from '../adapters/process/parent.ts';
import { parentPipe } from '../adapters/process/pipe.ts';
import { createClockedSchedule, createSchedule } from '../adapters/schedule.ts';
import { createForkedSolver } from '../adapters/solver/solver.ts';
import { openStore, openStoreInProcess } from '../adapters/sqlite/store.ts';
import type { Agent } from '../agents/agent.ts';
import { importHistory } from '../agents/history.ts';
import { type PlanEffort, POLISHED_EFFORT } from '../agents/planning/plan.ts';
import { composeAgent } from '../compose-agent.ts';
import { type GatewayFile, loadGateway } from '../config/gateway-file.ts';
import { loadHistory } from '../config/history.ts';
import { whyLeft } from '../config/own-files.ts';
import { profilesBeside } from '../config/profiles.ts';
import { siteOf } from '../config/running-site.ts';
import type { GuardFrame } from '../contracts/values/frames.ts';
import type { Site } from '../contracts/values/site.ts';
import { timing } from '../contracts/values/timing.ts';
import type { LiveView } from '../contracts/values/view.ts';
import type { AgentStore, AuditLog, Clock, Log, Pipe } from '../ports.ts';
import { openAudit } from './audit.ts';
import { AuditedPassing } from './audited-passing.ts';
import { brokerCheckOf, openBroker } from './broker.ts';
import { Degraded } from './degraded.ts';
import { createLog } from './log.ts';
import { MEMORY, MemoryWatch } from './memory.ts';
import { advisorOf } from './model.ts';
import { createOperations } from './operations.ts';
import { openPage } from './page.ts';
import { openProxy } from './proxy.ts';
import { sourcesOf } from './sources.ts';
import { version } from './version.ts';

const END_MS = 2_000; // after the guard is gone
/** For an outbox without a disk: about a day of records. */
const MEMORY_BOUNDS = { rows: 20_000, bytes: 32 * 1_048_576 };

interface AgentStart {
  readonly dir: string;
  readonly guardBoot: string; // this start of the guard
  readonly sequence: number; // of the site document that the guard runs; 0 for the local file
  /** Where gateway.yaml and site.yaml are read, where those in their own place are left. */
  readonly from: string | undefined;
}

/**
 * The agent process: broker, store, planner and page around the agent's inside. The guard starts
 * it, gives it descriptor 3, and outlives it. It ends on the guard's word, or within 2 s when the
 * guard is gone.
 */
export async function runAgent({ dir, guardBoot, sequence, from }: AgentStart): Promise<void> {
  // The terminal's Ctrl-C reaches all processes; only the guard acts on it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => undefined);
  // Also while it is still starting, when nobody reads the pipe yet.
  endWithParent(() => setTimeout(() => process.exit(0), END_MS / 2));
  const pipe = parentPipe();
  const file = loadGateway(dir, from);
  const running = siteOf(file, sequence);
  const { site } = running;
  const clock = createClock(file.demo?.clockOrigin);
  const log = createLog('agent');
  const degraded = new Degraded(log);
  const left = from === undefined ? undefined : degraded.left(whyLeft(dir, from));
  const kept = await degraded.without(
    'STORE',
    'Nothing is kept beyond this run, and nothing is traded.',
    () => openStore(join(file.dataDir, 'agent.db'), {}, log.error),
  );
  const store = kept ?? openStoreInProcess(':memory:', clock.wallMs(), MEMORY_BOUNDS);
  if (store.opened.state === 'replaced') log.error(store.opened.detail);
  const audit = await degraded.without('AUDIT', 'Commands and changes are not written down.', () =>
    openAudit(file, running, left, clock, log),
  );
  await degraded.without('HISTORY', 'The forecast begins without earlier quarter-hours.', () =>
    firstHistory(file, site, store, clock, log),
  );
  const broker = await degraded.without(
    'BROKER',
    'The site runs without the cloud.',
    () => file.broker && openBroker(file.broker, site, clock),
  );
  const readers = await openReaders(file, site, degraded, { clock, log, pipe, audit });
  const page = await openPage(file, log, audit, readers.override);
  const asked = await sourcesOf(file, clock, degraded);
  const solver = createForkedSolver();
  const advisor = await advisorOf(file, clock, log);
  const operations = createOperations({
    ...{ file, running, guardBoot, pipe, clock, log, store, version: version() },
    inside: () => agent,
  });
  const agent: Agent = composeAgent({
    site: kept === undefined ? withoutMarket(site) : site,
    ...{ clock, pipe, broker, store, solver, log, audit, effort: effortAt(clock.speed) },
    schedule: file.demo ? createClockedSchedule(clock, log) : createSchedule(log),
    times: timing(clock.speed),
    problems: degraded.problems,
    peers: file.demo?.peers ?? [],
    deviceName: nameOf(site, profilesBeside(file.siteFile)),
    version: version(),
    fleet: { siteHash: running.sha256, operations },
    brokerCheck: broker && file.broker && brokerCheckOf(file.broker),
    ...(advisor !== undefined && { advisor }),
    ...asked,
    onLive: (view) => {
      for (const one of [readers, page]) one?.live(view);
    },
    onDay: (view) => page?.day(view),
    onFrame: readers.take,
  });
  await agent.start();
  watchMemory(degraded, audit, log, () => void agent.stop());
  // Kept now, not at the end: who is killed would pay for type stripping again, 25 MB and seconds.
  flushCompileCache();
  await agent.ended;
  solver.close();
  await leave([page, readers], audit);
}

/** Ends in order what runs beside the agent, in END_MS at most. */
async function leave(
  beside: readonly ({ readonly stop: () => unknown } | undefined)[],
  audit: Awaited<ReturnType<typeof openAudit>> | undefined,
): Promise<void> {
  setTimeout(() => process.exit(0), END_MS).unref();
  await Promise.all(beside.map((one) => one?.stop()));
  void audit?.note({ kind: 'stop', what: 'stopped', text: 'The agent ends in order' });
  await audit?.close();
  process.exit(0);
}

/** A demo at many times the speed plans every few seconds: it does without a polish. */
const effortAt = (speed: number): PlanEffort | undefined =>
  speed === 1 ? POLISHED_EFFORT : undefined;

const MEMORY_LOOK_MS = 2_000;

/** Who grows beyond its bound ends in order, and the guard starts it again. */
function watchMemory(
  degraded: Degraded,
  audit: AuditLog | undefined,
  log: Log,
  end: () => void,
): void {
  const watch = new MemoryWatch({
    bounds: MEMORY.agent,
    rssBytes: process.memoryUsage.rss,
    tell: (text) => {
      log.warn(text);
      void audit?.note({ kind: 'event', what: 'MEMORY', text: `The agent: ${text}` });
      degraded.tell('MEMORY', `The agent: ${text}.`, 'Send a diagnosis to the fleet.');
    },
    end,
  });
  setInterval(() => watch.step(performance.now()), MEMORY_LOOK_MS).unref();
}

interface ReaderDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly pipe: Pipe;
  readonly audit: AuditLog | undefined;
}

/** Who else reads devices: Modbus masters by the proxy, commands on this machine by a socket. */
async function openReaders(
  file: GatewayFile,
  site: Site,
  degraded: Degraded,
  { clock, log, pipe, audit }: ReaderDeps,
) {
  const passing = new AuditedPassing(clock, pipe, audit);
  let alarms: LiveView['alarms'] | undefined;
  const proxy = await degraded.without(
    'PROXY',
    'Other Modbus masters get no readings from here.',
    () => file.proxy && openProxy(file.proxy, site, clock, log, passing),
  );
  const door = await degraded.without(
    'BUS-DOOR',
    'Commands on this machine cannot look at devices while the gateway runs.',
    () =>
      openBusDoor(file.dataDir, {
        ask: (device, pdu) => passing.ask(device, pdu, true),
        trial: (request) => passing.trial(request),
        override: (request) => passing.override(request),
        alarms: () => alarms,
      }),
  );
  return {
    override: (request?: unknown) => passing.override(request),
    live: (view: LiveView): void => {
      alarms = view.alarms;
    },
    take: (frame: GuardFrame): void => {
      if (frame.t === 'passed') passing.answered(frame.id, frame.bytes);
      else if (frame.t === 'tried' || frame.t === 'overridden') {
        passing.told(frame.id, frame.answer);
      } else proxy?.take(frame);
    },
    stop: async () => {
      await Promise.all([proxy?.stop(), door?.stop()]);
      passing.flush();
    },
  };
}

/** Orders need a memory that outlives this process: what was promised must be delivered. */
const withoutMarket = (site: Site): Site => ({
  ...site,
  control: { ...site.control, marketEnabled: false },
});

/** What the site recorded before it had this gateway, once, into an empty history. */
async function firstHistory(
  file: GatewayFile,
  site: Site,
  store: AgentStore,
  clock: Clock,
  log: Log,
): Promise<void> {
  if (file.history === undefined) return;
  if ((await store.history(0, clock.wallMs())).length > 0) return;
  const records = await importHistory(store, site, loadHistory(file.history));
  log.info('earlier quarter-hours are known', { records, file: file.history });
}

function nameOf(site: Site, profiles: ReturnType<typeof profilesBeside>): (id: string) => string {
  const names = new Map(
    site.devices.map(({ id, profile }) => [id, profiles(profile)?.title ?? profile]),
  );
  return (id) => names.get(id) ?? id;
}
