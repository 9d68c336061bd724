import { createVerifier } from '../adapters/crypto.ts';
import { type BundleHead, readHead, stage, unpack } from '../adapters/update/bundle.ts';
import {
  abandonRelease,
  beginRelease,
  currentVersion,
  failedVersions,
  minimumVersion,
  type Places,
  pruneReleases,
  settleTrial,
  switchTo,
  trialMark,
} from '../adapters/update/releases.ts';
import { loadKeys } from '../config/keys.ts';
import type { ReleaseManifest } from '../contracts/release.ts';
import { Fault } from '../contracts/values/fault.ts';
import { judgeRelease } from '../link/update/judge.ts';

export interface UpdateOptions extends Places {
  readonly keys: string; // JSON file: key id -> public key
  readonly channel: string;
}

/** @param file  what the bundle is called, for the message  @throws Fault when it is refused */
export function judgeBundle(
  { signed }: Pick<BundleHead, 'signed'>,
  file: string,
  options: UpdateOptions,
): ReleaseManifest {
  const judgement = judgeRelease(
    signed,
    loadKeys(options.keys, '--keys'),
    {
      version: currentVersion(options),
      minimum: minimumVersion(options),
      arch: process.arch,
      channel: options.channel,
      failed: failedVersions(options),
    },
    createVerifier(),
    Date.now(),
  );
  if (judgement.ok) return judgement.manifest;
  throw new Fault(`the release is refused: ${judgement.why}`, file, 'take another bundle');
}

/**
 * Verifies a bundle, unpacks it beside the running release and makes it current, on trial. The
 * running gateway is not touched: it goes on until it is started again.
 * @throws Fault when it is refused; nothing has changed then
 */
export async function installRelease(
  file: string,
  options: UpdateOptions,
): Promise<ReleaseManifest> {
  settleTrial(options);
  const head = await readHead(file);
  const manifest = judgeBundle(head, file, options);
  const begun = beginRelease(options, manifest.version);
  try {
    await stage(file, head, manifest, begun.staged);
    await unpack(begun.staged, begun.fresh, manifest);
    switchTo(options, manifest.version, begun);
    pruneReleases(options);
  } finally {
    abandonRelease(begun);
  }
  return manifest;
}

export async function updateInstall(file: string, options: UpdateOptions): Promise<number> {
  const { version } = await installRelease(file, options);
  process.stdout.write(
    `release ${version} is installed, on trial from the next start: ` +
      'systemctl restart edgewatt\n',
  );
  return 0;
}

/** What runs, what is on trial, what failed and why. */
export function updateStatus(places: Places, json: boolean): number {
  const status = {
    current: currentVersion(places),
    minimum: minimumVersion(places),
    trial: trialMark(places) ?? null,
    failed: failedVersions(places),
  };
  if (json) {
    process.stdout.write(`${JSON.stringify(status)}\n`);
    return 0;
  }
  const lines = [`release ${status.current} runs; nothing older than ${status.minimum} is taken`];
  if (status.trial !== null) {
    lines.push(`${status.trial.version} is on trial; ${status.trial.previous} stands behind it`);
  }
  for (const [version, why] of Object.entries(status.failed)) {
    lines.push(`${version} was tried and rolled back: ${why}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
