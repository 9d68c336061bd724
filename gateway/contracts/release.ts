import { z } from 'zod';

/**
 * What a release says of itself, signed: the first line of a bundle. Its signature is over
 * `RELEASE_DOMAIN` and the body as it stands, so that no other message can pass for one.
 */
export const RELEASE_DOMAIN = 'edgewatt-release-v1\n';
export const RELEASE_BYTES_MAX = 536_870_912;

export const releaseVersion = z.string().regex(/^\d{1,4}\.\d{1,4}\.\d{1,4}$/, 'as 1.2.3');

export const releaseManifest = z.strictObject({
  v: z.literal(1),
  name: z.literal('edgewatt'),
  version: releaseVersion,
  arch: z.enum(['x64', 'arm64']),
  channel: z.string().regex(/^[a-z]{1,16}$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/), // of everything after the first line
  sizeBytes: z.int().min(1).max(RELEASE_BYTES_MAX),
  unpackedBytes: z.int().min(1).max(RELEASE_BYTES_MAX),
  minFrom: releaseVersion, // the oldest release that may be left for this one
  expiresAtMs: z.int().min(0),
});
export type ReleaseManifest = z.infer<typeof releaseManifest>;
