import { z } from 'zod';
import { signedWords } from './signed.ts';

/**
 * A site file that the fleet sends: its text, and signed words about it. Only this and an
 * authenticated user at the site change topology, limits and safe states.
 */
export const SITE_DOMAIN = 'edgewatt-site-v1\n';
export const SITE_BYTES_MAX = 262_144;

const id = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.int().min(0);

export const siteManifest = z.strictObject({
  v: z.literal(1),
  name: z.literal('edgewatt-site'),
  site: id,
  gateway: id,
  sequence: z.int().min(1), // rises with each document for this gateway
  sha256, // of the text
  sizeBytes: z.int().min(1).max(SITE_BYTES_MAX),
  issuedAtMs: instant,
  expiresAtMs: instant, // of the offer; a document that was taken stays
  replaces: sha256.optional(), // of the site file that this one was made from
});
export type SiteManifest = z.infer<typeof siteManifest>;

/** A document whole, as a gateway keeps it and as a job carries it. */
export const siteDocument = z.strictObject({
  manifest: signedWords,
  document: z.string().min(1).max(SITE_BYTES_MAX),
});
export type SiteDocument = z.infer<typeof siteDocument>;
