import { RELEASE_DOMAIN, type ReleaseManifest, releaseManifest } from '../../contracts/release.ts';
import type { SignedWords, TrustedKeys } from '../../contracts/signed.ts';
import type { Instant } from '../../contracts/values/time.ts';
import type { Verifier } from '../../ports.ts';
import { type Judgement, type Kind, openSigned, refused } from './signed.ts';

const RELEASE: Kind<ReleaseManifest> = {
  domain: RELEASE_DOMAIN,
  schema: releaseManifest,
  name: 'release',
};

/** What this gateway is, as far as an update must know. */
export interface Installed {
  readonly version: string;
  readonly minimum: string; // nothing older is ever taken again
  readonly arch: string;
  readonly channel: string;
  /** Versions that were tried and rolled back, with the reason. */
  readonly failed: Readonly<Record<string, string>>;
}

/** Negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (const index of [0, 1, 2]) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Whether a release may be installed here, from its signed words alone, before anything of it is
 * read. What can be wrong follows the attacks of TUF: arbitrary, other or older software, a frozen
 * channel, endless data (the size is bounded here and held to when the bundle is read).
 */
export function judgeRelease(
  signed: SignedWords,
  keys: TrustedKeys,
  installed: Installed,
  verifier: Verifier,
  nowMs: Instant,
): Judgement<ReleaseManifest> {
  const opened = openSigned(signed, RELEASE, keys, verifier);
  if (!opened.ok) return opened;
  const { version, arch, channel, minFrom, expiresAtMs } = opened.manifest;
  if (arch !== installed.arch) return refused(`it is for ${arch}, this is ${installed.arch}`);
  if (channel !== installed.channel) {
    return refused(`it is of channel ${channel}, this gateway follows ${installed.channel}`);
  }
  if (nowMs >= expiresAtMs) return refused('its offer has expired');
  if (compareVersions(version, installed.version) <= 0) {
    return refused(`version ${version} is not newer than ${installed.version}`);
  }
  if (compareVersions(version, installed.minimum) < 0) {
    return refused(`version ${version} is older than the least allowed, ${installed.minimum}`);
  }
  if (compareVersions(installed.version, minFrom) < 0) {
    return refused(`it needs version ${minFrom} first, this is ${installed.version}`);
  }
  const failed = Object.hasOwn(installed.failed, version) ? installed.failed[version] : undefined;
  if (failed !== undefined) return refused(`it was tried and rolled back: ${failed}`);
  return opened;
}
