import { join } from 'node:path';
import { profileById } from '../../devices/catalogue.ts';
import { createClock } from '../adapters/clock.ts';
import { createVerifier } from '../adapters/crypto.ts';
import { makeWire } from '../adapters/modbus/wire.ts';
import { startAgent } from '../adapters/process/child.ts';
import { takeLock } from '../adapters/process/lock.ts';
import { endWithParent } from '../adapters/process/parent.ts';
import { tellService } from '../adapters/process/service.ts';
import { DiskWriter, readSaved } from '../adapters/writer/writer.ts';
import { checkSaved, composeGuard } from '../compose.ts';
import { loadCommissioning, loadGateway } from '../config/gateway-file.ts';
import { loadSite } from '../config/load.ts';
import { profilesBeside } from '../config/profiles.ts';
import type { AgentFrame } from '../contracts/values/frames.ts';
import { timing } from '../contracts/values/timing.ts';
import { Supervisor } from './supervisor.ts';
import { trialGate } from './trial.ts';

const SUMMARY_FILE = 'guard.summary.json';

/**
 * The guard process: reads its files, takes the lock, commands safe states, ticks, and only then
 * starts the agent. It needs nobody to live.
 * @param dir  folder with gateway.yaml and site.yaml
 * @param agentScript  what the agent runs: this program's main
 */
export async function runGuard(dir: string, agentScript: string): Promise<void> {
  const file = loadGateway(dir);
  const site = loadSite(file.siteFile, profileById);
  const commissioned = loadCommissioning(file.commissioning, site.id);
  const release = await takeLock(file.dataDir);
  const disk = new DiskWriter();
  const log = disk.log();
  const clock = createClock(file.demo?.clockOrigin);
  const stateFile = join(file.dataDir, 'guard.state');
  const saved = checkSaved(readSaved(stateFile, log));
  const guard = composeGuard(
    {
      site,
      profiles: profilesBeside(file.siteFile),
      times: timing(clock.speed),
      saved,
      commissioned,
      bootId: `${site.gateway}-${process.pid}-${Math.floor(clock.realMs())}`,
    },
    {
      clock,
      log,
      verifier: createVerifier(),
      wire: makeWire,
      save: (state) => disk.replace(stateFile, state),
    },
  );
  const supervisor = new Supervisor({
    clock,
    log,
    start: () => startAgent(agentScript, ['agent', dir]),
    onFrame: (frame) => take(guard, frame),
    onRestart: () => guard.agentRestarted(),
  });
  const service = tellService(clock.realMs);
  const onCycle = trialGate(join(file.dataDir, SUMMARY_FILE), disk, log, supervisor);
  guard.onImage = (image) => {
    supervisor.turn(image);
    for (const { device } of file.proxy?.mirror ?? []) {
      supervisor.mirror(device, guard.polled(device));
    }
    onCycle(image);
    service.cycle();
  };
  guard.onRecords = (records) => supervisor.push(records);

  let ending = false;
  const end = async (): Promise<void> => {
    if (ending) return;
    ending = true;
    service.stopping();
    await guard.stop();
    await supervisor.stop();
    const image = guard.image();
    disk.replace(join(file.dataDir, SUMMARY_FILE), {
      ...image?.counters,
      mode: image?.mode,
      recordsDropped: supervisor.recordsDropped,
      agentRestarts: supervisor.restarts,
      cpuMs: process.cpuUsage().user / 1_000 + process.cpuUsage().system / 1_000,
      rssBytes: process.memoryUsage.rss(),
    });
    await disk.close();
    release();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => void end());
  if (file.demo !== undefined) endWithParent(() => void end());
  await guard.start();
  if (!ending) supervisor.launch();
}

function take(guard: ReturnType<typeof composeGuard>, frame: AgentFrame): void {
  if (frame.t === 'intent') guard.intent(frame.intent);
  else if (frame.t === 'directive') guard.directive(frame.directive);
}
