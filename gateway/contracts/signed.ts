import { z } from 'zod';

/**
 * Signed words: `signature` is ed25519 over a domain line and `body` as it stands, so that no
 * message of one kind can pass for another; `keyId` only says which trusted key to try.
 */
export const signedWords = z.strictObject({
  body: z.string().max(4_096),
  keyId: z.string().max(64),
  signature: z.string().max(128),
});
export type SignedWords = z.infer<typeof signedWords>;

/** Trusted public keys (base64 SPKI) by key id. */
export const trustedKeys = z.record(z.string(), z.string());
export type TrustedKeys = z.infer<typeof trustedKeys>;
