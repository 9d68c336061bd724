import type { SignedWords, TrustedKeys } from '../../contracts/signed.ts';
import type { Verifier } from '../../ports.ts';

export type Judgement<Manifest> =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly why: string };

export const refused = (why: string): { readonly ok: false; readonly why: string } => ({
  ok: false,
  why,
});

/** What signed words of one kind are: their domain line, their schema, their name for people. */
export interface Kind<Manifest> {
  readonly domain: string;
  readonly schema: { parse(value: unknown): Manifest };
  readonly name: string; // 'release'
}

/** The manifest inside signed words, once a trusted key has vouched for it; parsed only then. */
export function openSigned<Manifest>(
  signed: SignedWords,
  kind: Kind<Manifest>,
  keys: TrustedKeys,
  verifier: Verifier,
): Judgement<Manifest> {
  const key = Object.hasOwn(keys, signed.keyId) ? keys[signed.keyId] : undefined;
  if (key === undefined) return refused(`its key '${signed.keyId}' is not trusted here`);
  if (!verifier.verify(kind.domain + signed.body, signed.signature, key)) {
    return refused('its signature is wrong');
  }
  try {
    return { ok: true, manifest: kind.schema.parse(JSON.parse(signed.body)) };
  } catch {
    return refused(`its manifest is not one of a ${kind.name}`);
  }
}
