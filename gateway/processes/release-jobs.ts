import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { download } from '../adapters/update/download.ts';
import {
  currentVersion,
  failedVersions,
  isHealthy,
  OFFERED_FILE,
  type Places,
  refusalOf,
  trialMark,
} from '../adapters/update/releases.ts';
import { judgeBundle } from '../cli/update.ts';
import type { UpdateJob } from '../contracts/jobs.ts';
import { Fault } from '../contracts/values/fault.ts';
import { Rejected, type Tried } from '../link/jobs/jobs.ts';

const LOOK_MS = 500;
const INSTALL_MS = 1_200_000; // unpacking on a slow card
const CHANNEL = 'stable';

/**
 * A signed release by job: judged and fetched by the gateway, judged again and installed by root
 * (bin/package/boot.sh install), tried at the next start as any release.
 * @param places  undefined where no package is installed
 * @param keys  file of the trusted release keys
 */
export function releaseJobs(places: Places | undefined, keys: string): Tried<UpdateJob> {
  const installed = (): Places => {
    if (places !== undefined) return places;
    throw new Rejected('this gateway was not started by its package: it takes no releases');
  };

  return {
    async take({ url }, step, { version: begun }) {
      const at = installed();
      // Installed already, and cut before that was told.
      if (begun !== undefined && trialMark(at)?.version === begun) return { version: begun };
      const offered = join(at.marks, OFFERED_FILE);
      let version = '';
      await step('fetching');
      await download(url, `${offered}.part`, (signed) => {
        const manifest = judged(() =>
          judgeBundle({ signed }, url, { ...at, keys, channel: CHANNEL }),
        );
        version = manifest.version;
        return manifest.sizeBytes;
      });
      await rename(`${offered}.part`, offered);
      await step('installing', { version });
      await untilTaken(offered);
      if (trialMark(at)?.version === version) return { version };
      throw new Error(refusalOf(at) ?? `release ${version} was not installed`);
    },

    async kept({ version = '' }) {
      const at = installed();
      for (;;) {
        const why = failedVersions(at)[version];
        if (why !== undefined) throw new Error(`rolled back: ${why}`);
        if (currentVersion(at) !== version) throw new Error(`release ${version} was not started`);
        if (trialMark(at) === undefined || isHealthy(at, version)) return { version };
        await pause(LOOK_MS);
      }
    },
  };
}

function judged<Manifest>(judge: () => Manifest): Manifest {
  try {
    return judge();
  } catch (error) {
    throw error instanceof Fault ? new Rejected(error.what) : error;
  }
}

async function untilTaken(offered: string): Promise<void> {
  for (let waitedMs = 0; existsSync(offered); waitedMs += LOOK_MS) {
    if (waitedMs >= INSTALL_MS) {
      await rm(offered, { force: true });
      throw new Error('nobody installed the bundle: edgewatt-update.path must be enabled');
    }
    await pause(LOOK_MS);
  }
}
