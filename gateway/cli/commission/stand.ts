import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { knock } from '../../adapters/bus-door.ts';
import { createClock } from '../../adapters/clock.ts';
import { createVerifier } from '../../adapters/crypto.ts';
import { makeWire } from '../../adapters/modbus/wire.ts';
import { lockOwner, takeLock } from '../../adapters/process/lock.ts';
import { DiskWriter, readEither } from '../../adapters/writer/writer.ts';
import { checkSaved, composeGuard } from '../../compose.ts';
import { admit } from '../../config/commissioning.ts';
import type { GatewayFile } from '../../config/gateway-file.ts';
import { profilesBeside } from '../../config/profiles.ts';
import { Fault } from '../../contracts/values/fault.ts';
import type { Site } from '../../contracts/values/site.ts';
import { timing } from '../../contracts/values/timing.ts';
import type { TrialAnswer, TrialRequest } from '../../contracts/values/trial.ts';
import { tell } from '../output.ts';

/** A guard that does what a person consented to: the running gateway's, or one of our own. */
export interface Stand {
  /** @throws Fault when it is gone */
  ask(request: TrialRequest): Promise<TrialAnswer>;
  wait(ms: number): Promise<void>;
  close(): Promise<void>;
  readonly isGateway: boolean;
}

/** Through the gateway where one runs, otherwise with the lock held; never both. @throws Fault */
export async function openStand(file: GatewayFile, site: Site): Promise<Stand> {
  const owner = lockOwner(file.dataDir);
  return owner === undefined ? openOwn(file, site) : openDoor(file, owner);
}

/** Simulated time passes as fast as the gateway's. */
const scaled =
  ({ demo }: GatewayFile) =>
  async (ms: number): Promise<void> =>
    void (await wait(ms / (demo?.clockOrigin.speed ?? 1)));

async function openDoor(file: GatewayFile, owner: number): Promise<Stand> {
  const gone = (error: unknown): Fault => {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = `the running gateway (process ${owner}) is shut (${code ?? message})`;
    return new Fault(
      what,
      file.dataDir,
      'run this as the user of the gateway, or stop the gateway',
    );
  };
  const door = await knock(file.dataDir).catch((error: unknown) => {
    throw gone(error);
  });
  return {
    isGateway: true,
    ask: (request) =>
      door.trial(request).catch((error: unknown) => {
        throw gone(error);
      }),
    wait: scaled(file),
    close: async () => door.close(),
  };
}

/** A guard in this process, as the gateway would run it, without agent, page and cloud. */
async function openOwn(file: GatewayFile, site: Site): Promise<Stand> {
  if (!existsSync(file.dataDir)) {
    const mend = 'start the gateway once: its service makes the folder';
    throw new Fault('the data folder is not there', file.dataDir, mend);
  }
  const unlock = await takeLock(file.dataDir);
  const disk = new DiskWriter();
  const log = {
    info: () => undefined,
    warn: (text: string) => tell(text),
    error: (text: string) => tell(text),
  };
  const clock = createClock(file.demo?.clockOrigin);
  const stateFile = join(file.dataDir, 'guard.state');
  const profiles = profilesBeside(file.siteFile);
  const { site: bound, commissioned, timed } = admit(file, site, profiles);
  const guard = composeGuard(
    {
      ...{ site: bound, profiles, times: timing(clock.speed), commissioned, timed },
      saved: readEither(stateFile, checkSaved, log),
      bootId: `${site.gateway}-commission-${process.pid}`,
    },
    {
      clock,
      log,
      verifier: createVerifier(),
      wire: makeWire,
      save: (state) => disk.replaceTwice(stateFile, state),
    },
  );
  await guard.start();
  return {
    isGateway: false,
    ask: async (request) => guard.trial(request),
    wait: scaled(file),
    close: async () => {
      await guard.stop();
      await disk.close();
      unlock();
    },
  };
}
