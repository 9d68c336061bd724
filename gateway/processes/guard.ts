import { join } from 'node:path';
import { createClock } from '../adapters/clock.ts';
import { createVerifier } from '../adapters/crypto.ts';
import { makeWire } from '../adapters/modbus/wire.ts';
import { startAgain } from '../adapters/process/again.ts';
import { startAgent } from '../adapters/process/child.ts';
import { takeLock } from '../adapters/process/lock.ts';
import { endWithParent } from '../adapters/process/parent.ts';
import { tellService } from '../adapters/process/service.ts';
import { DiskWriter, readEither, readSaved } from '../adapters/writer/writer.ts';
import { checkSaved, composeGuard, guardClock, superviseAgent } from '../compose.ts';
import { readCodes } from '../config/codes.ts';
import { admit } from '../config/commissioning.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import { OwnFiles } from '../config/own-files.ts';
import { profilesBeside } from '../config/profiles.ts';
import { standFile, startSite } from '../config/running-site.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import { timing } from '../contracts/values/timing.ts';
import type { BlackBox } from '../guard/blackbox/recorder.ts';
import type { Guard } from '../guard/tick.ts';
import { kept, rolledBack, type SiteStand } from '../link/update/stand.ts';
import type { Clock, Log } from '../ports.ts';
import { EventJournal, keptEvents } from './journal.ts';
import { MEMORY, MemoryWatch } from './memory.ts';
import type { Supervisor } from './supervisor.ts';
import { filesGate, type GateDeps, type OnTrial, releaseOnTrial, trialGate } from './trial.ts';
import { version } from './version.ts';

const SUMMARY_FILE = 'guard.summary.json';
const EVENTS_FILE = 'guard.events';
const RESTART_GAP_MS = 2_000; // real: whoever asks, a guard runs that long

/**
 * The guard process: reads its files, takes the lock, commands safe states, ticks, and only then
 * starts the agent. It needs nobody to live.
 * @param dir  folder with gateway.yaml and site.yaml
 * @param agentScript  what the agent runs: this program's main
 */
export async function runGuard(dir: string, agentScript: string): Promise<void> {
  const files = new OwnFiles(dir);
  const { file } = files;
  const unlock = await takeLock(file.dataDir);
  const disk = new DiskWriter();
  const log = disk.log();
  const { sha256, stand, admitted, codes, profiles } = loadOrUnlock(files, log, unlock);
  const { site } = admitted;
  const stateFile = join(file.dataDir, 'guard.state');
  const saved = readEither(stateFile, checkSaved, log);
  const machine = createClock(file.demo?.clockOrigin);
  const clock = file.demo ? machine : guardClock(machine, saved);
  const startedMs = clock.realMs();
  const bootId = `${site.gateway}-${process.pid}-${Math.floor(startedMs)}`;
  const guard = composeGuard(
    {
      ...{ ...admitted, profiles, times: timing(clock.speed), saved, bootId },
      codes,
      passThrough: file.proxy?.passThrough,
    },
    {
      clock,
      log,
      verifier: createVerifier(),
      wire: makeWire,
      save: (state) => disk.replaceTwice(stateFile, state),
      blackBox: blackBoxOf(file, sha256, disk),
    },
  );
  const supervisor = superviseAgent(guard, {
    clock,
    log,
    startAgent: () =>
      startAgent(agentScript, [
        ...['agent', dir, bootId, String(stand.currentSequence)],
        ...(files.from === undefined ? [] : [files.from]),
      ]),
    restart: () => clock.realAt(startedMs + RESTART_GAP_MS, restart),
  });
  const service = tellService(clock.realMs);
  let ending = false;
  const end = async (then: () => void): Promise<void> => {
    if (ending) return;
    ending = true;
    service.stopping();
    await guard.stop();
    await supervisor.stop();
    keeper.close();
    lastWords(files, guard.image(), supervisor, disk);
    await disk.close();
    unlock();
    then();
  };
  const restart = (): void => void end(startAgain);
  const keeper = keeperOf(file, { guard, clock, disk, supervisor, log, restart });
  const gates = gatesOf(files, stand, { agent: supervisor, disk, log, restart });
  guard.onImage = (image) => {
    supervisor.turn(image);
    for (const one of file.proxy?.mirror ?? []) supervisor.mirror(one.device, guard.polled);
    for (const gate of gates) gate(image);
    keeper.turn();
    service.cycle();
  };
  const exit = (): void => void end(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, exit);
  if (file.demo !== undefined) endWithParent(exit);
  await guard.start();
  if (!ending) supervisor.launch();
}

/** @throws Fault when a file is not sound; the site is free again then */
function loadOrUnlock(files: OwnFiles, log: Log, unlock: () => void) {
  const { file } = files;
  const say = (text: string): void => log.warn(text);
  try {
    files.begun(say);
    const profiles = profilesBeside(file.siteFile);
    const { site, sha256, stand } = startSite(file, say);
    const admitted = admit(file, site, profiles);
    for (const sentence of admitted.sentences) log.warn(sentence);
    return { sha256, stand, admitted, profiles, codes: codesOf(file, site, log) };
  } catch (error) {
    if (error instanceof Fault) files.failed(error, say);
    unlock();
    throw error;
  }
}

/** What runs on trial: the release, the files, the fleet's document. */
function gatesOf(files: OwnFiles, stand: SiteStand, deps: GateDeps): ((image: Image) => void)[] {
  const { disk, restart, log, agent } = deps;
  const { file } = files;
  const release = releaseOnTrial(join(file.dataDir, SUMMARY_FILE), disk);
  const document = siteOnTrial(file, stand, disk, restart);
  return [
    ...[release, document].map((one) => trialGate(one, log, agent)),
    filesGate(files, stand, deps),
  ];
}

/** Without its code a device may refuse what is written to it; the others are controlled. */
function codesOf({ dir }: GatewayFile, site: Site, log: Log): ReadonlyMap<string, number> {
  try {
    return readCodes(join(dir, 'site.yaml'), site);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    log.error(`no device gets its code: ${error.message}`);
    return new Map();
  }
}

/** Where each cycle is kept; nowhere with a size of 0. */
function blackBoxOf(
  { dataDir, blackBox }: GatewayFile,
  siteSha256: string,
  disk: DiskWriter,
): BlackBox | undefined {
  const { sizeMb, days } = blackBox;
  if (sizeMb === 0) return undefined;
  const put = disk.blackBox(join(dataDir, 'blackbox'), { bytes: sizeMb * 1_048_576, days });
  return { put, siteSha256, program: version() };
}

/** The site document that this start tries; what ran before comes back by another start. */
function siteOnTrial(
  file: GatewayFile,
  stand: SiteStand,
  disk: Pick<DiskWriter, 'replace'>,
  restart: () => void,
): OnTrial | undefined {
  if (stand.trial === null) return undefined;
  return {
    name: `site document ${stand.currentSequence}`,
    wasSafe: stand.trial.wasSafe,
    keep: () => disk.replace(standFile(file), kept(stand)),
    giveUp: (why) => {
      disk.replace(standFile(file), rolledBack(stand, why));
      restart();
    },
  };
}

interface KeeperDeps {
  readonly guard: Guard;
  readonly clock: Clock;
  readonly disk: DiskWriter;
  readonly supervisor: Supervisor;
  readonly log: Log;
  readonly restart: () => void;
}

/**
 * Looks at the guard's memory, and keeps the events that no agent has taken; what a guard before
 * left untold is handed on.
 */
function keeperOf({ dataDir }: GatewayFile, deps: KeeperDeps): { turn(): void; close(): void } {
  const { guard, clock, disk, supervisor, log, restart: end } = deps;
  const path = join(dataDir, EVENTS_FILE);
  const left = readSaved(path, keptEvents, log, 'what it told is lost') ?? [];
  supervisor.push(left);
  const journal = new EventJournal((events) => disk.replace(path, events), left);
  const tell = (text: string): void => {
    log.warn(text);
    guard.note('MEMORY', `The guard: ${text}`);
  };
  const rssBytes = process.memoryUsage.rss;
  const memory = new MemoryWatch({ bounds: MEMORY.guard, rssBytes, tell, end });
  return {
    turn: () => {
      journal.step(supervisor.openEvents(), clock.realMs());
      memory.step(clock.realMs());
    },
    close: () => journal.close(supervisor.openEvents()),
  };
}

function lastWords(
  files: OwnFiles,
  image: Image | undefined,
  supervisor: Supervisor,
  disk: DiskWriter,
): void {
  const ended = files.ended();
  if (ended !== undefined) disk.replace(files.keptFile, ended);
  disk.replace(join(files.file.dataDir, SUMMARY_FILE), summaryOf(image, supervisor));
}

const summaryOf = (image: Image | undefined, supervisor: Supervisor) => ({
  ...image?.counters,
  mode: image?.mode,
  recordsDropped: supervisor.recordsDropped,
  agentRestarts: supervisor.restarts,
  cpuMs: process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
  rssBytes: process.memoryUsage.rss(),
});
