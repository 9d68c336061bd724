import { createHash, randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** scrypt with 32 MB: about a tenth of a second on a Pi's core for each try. */
const COST = { N: 32_768, r: 8, p: 1, maxmem: 67_108_864 } as const;
const KEY_BYTES = 32;
/** No letters and digits that look alike. */
const CODE_LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const CODE_GROUPS = 3;
const GROUP_CHARS = 4;

export const storedSecret = z.strictObject({
  kind: z.literal('scrypt'),
  n: z.literal(COST.N),
  salt: z.string(),
  key: z.string(),
});
export type StoredSecret = z.infer<typeof storedSecret>;

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFKC'), salt, KEY_BYTES, COST, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

export async function storeSecret(secret: string): Promise<StoredSecret> {
  const salt = randomBytes(16);
  const key = await derive(secret, salt);
  return {
    kind: 'scrypt',
    n: COST.N,
    salt: salt.toString('base64'),
    key: key.toString('base64'),
  };
}

export async function isSecret(secret: string, stored: StoredSecret): Promise<boolean> {
  const key = await derive(secret, Buffer.from(stored.salt, 'base64'));
  const known = Buffer.from(stored.key, 'base64');
  return key.length === known.length && timingSafeEqual(key, known);
}

/** 60 random bits that a person can type: 'K7QF-2MWX-9TRB'. */
export function newClaimCode(): string {
  const group = (): string =>
    Array.from({ length: GROUP_CHARS }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join(
      '',
    );
  return Array.from({ length: CODE_GROUPS }, group).join('-');
}

/** As people type it: small letters, spaces, without the dashes. */
export function plainCode(typed: string): string {
  return typed.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');
}

/** 256 random bits for a URL or a cookie. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** For what is random itself: no salt, no cost. */
export const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
