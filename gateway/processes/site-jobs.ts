import { setTimeout as pause } from 'node:timers/promises';
import { createVerifier, hash } from '../adapters/crypto.ts';
import { createHttp } from '../adapters/http.ts';
import type { GatewayFile } from '../config/gateway-file.ts';
import { parseSite } from '../config/load.ts';
import { profilesBeside } from '../config/profiles.ts';
import {
  putDocument,
  type RunningSite,
  readStand,
  siteKeys,
  takenDocument,
} from '../config/running-site.ts';
import type { SiteJob } from '../contracts/jobs.ts';
import { SITE_BYTES_MAX, type SiteManifest } from '../contracts/site-document.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { Rejected, type Tried } from '../link/jobs/jobs.ts';
import { judgeSite } from '../link/update/judge-site.ts';
import { taken } from '../link/update/stand.ts';
import type { Clock } from '../ports.ts';

const FETCH_MS = 60_000;
const LOOK_MS = 500;

/**
 * A site document of the fleet: verified before it is fetched or read, read by the loader of local
 * site files, and then left for the next start of the gateway, which tries it.
 * @param isSafe  whether the site is in safe mode now
 */
export function siteJobs(
  file: GatewayFile,
  running: RunningSite,
  clock: Clock,
  isSafe: () => boolean,
): Tried<SiteJob> {
  const http = createHttp({ bytesMax: SITE_BYTES_MAX }, clock);
  const verifier = createVerifier();

  function judged(job: SiteJob): SiteManifest {
    const { highestSequence, failed } = readStand(file);
    const { site, sha256 } = running;
    const here = { site: site.id, gateway: site.gateway, highestSequence, failed, sha256 };
    const judgement = judgeSite(job.manifest, trusted(file), here, verifier, clock.wallMs());
    if (judgement.ok) return judgement.manifest;
    throw new Rejected(`the site document is refused: ${judgement.why}`);
  }

  async function textOf(job: SiteJob): Promise<string> {
    if (job.document !== undefined) return job.document;
    const { status, body } = await http.get(job.url ?? '', FETCH_MS);
    if (status === 200) return body;
    throw new Error(`the site document was not fetched: its server answered ${status}`);
  }

  return {
    async take(job, step) {
      const before = readStand(file);
      if (before.trial !== null) {
        // The same job once more, after a cut between here and the restart.
        const { manifest } = takenDocument(file, before) ?? {};
        const sequence = String(before.currentSequence);
        if (manifest?.body === job.manifest.body) return { sequence };
        throw new Error(`site document ${sequence} is still on trial`);
      }
      const manifest = judged(job);
      await step('fetching');
      const document = await textOf(job);
      if (hash.sha256(document) !== manifest.sha256) {
        throw new Rejected('the site document is refused: its text is not what was signed');
      }
      checkSame(running.site, soundSite(document, file.siteFile));
      const { sequence } = manifest;
      const next = taken(before, sequence, isSafe());
      await putDocument(file, { manifest: job.manifest, document }, next);
      return { sequence: String(sequence) };
    },

    async kept({ sequence }) {
      for (;;) {
        const { trial, failed } = readStand(file);
        // Left, but still running: the next process has what ran before, and says so.
        if (String(running.sequence) !== sequence) {
          const isLeft = String(failed?.sequence) === sequence;
          throw new Error(isLeft ? `rolled back: ${failed?.why}` : 'another one came after it');
        }
        if (trial === null && String(failed?.sequence) !== sequence) {
          return { sequence, siteFile: running.sha256 };
        }
        await pause(LOOK_MS);
      }
    },
  };
}

function trusted(file: GatewayFile) {
  try {
    return siteKeys(file);
  } catch (error) {
    if (error instanceof Fault) throw new Rejected(`the site document is refused: ${error.what}`);
    throw error;
  }
}

/** @param siteFile  the local one: profiles of its own stand beside it  @throws Rejected */
function soundSite(text: string, siteFile: string): Site {
  const { site, complaints } = parseSite(text, profilesBeside(siteFile));
  if (site !== undefined) return site;
  const [first] = complaints;
  const more = complaints.length > 1 ? ` (and ${complaints.length - 1} more)` : '';
  throw new Rejected(
    `the site document is refused: line ${first?.line}, ${first?.path}: ` +
      `${first?.what}; ${first?.mend}${more}`,
  );
}

/** A gateway keeps its name: its certificate, its topics and its records hang on it. */
function checkSame(here: Site, there: Site): void {
  for (const key of ['id', 'gateway', 'tenant'] as const) {
    if (here[key] === there[key]) continue;
    throw new Rejected(
      `the site document is refused: its ${key} is '${there[key]}', here it is '${here[key]}'`,
    );
  }
}
