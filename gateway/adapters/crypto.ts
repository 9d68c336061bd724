import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
} from 'node:crypto';
import type { Hash, Signer, Verifier } from '../ports.ts';

export const hash: Hash = { sha256: (text) => createHash('sha256').update(text).digest('hex') };

/** Ed25519 verification; a malformed key or signature is a false, never an error. */
export function createVerifier(): Verifier {
  return {
    verify(text, signature, publicKey) {
      try {
        const key = createPublicKey({
          key: Buffer.from(publicKey, 'base64'),
          format: 'der',
          type: 'spki',
        });
        if (key.asymmetricKeyType !== 'ed25519') return false;
        return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
      } catch {
        return false;
      }
    },
  };
}

/** @param privateKey base64 PKCS8 of an ed25519 key */
export function createSigner(keyId: string, privateKey: string): Signer {
  const key = createPrivateKey({
    key: Buffer.from(privateKey, 'base64'),
    format: 'der',
    type: 'pkcs8',
  });
  return { keyId, sign: (text) => sign(null, Buffer.from(text), key).toString('base64') };
}

/** New ed25519 pair, base64 SPKI and PKCS8. */
export function newKeyPair(): { publicKey: string; privateKey: string } {
  const pair = generateKeyPairSync('ed25519');
  return {
    publicKey: pair.publicKey.export({ format: 'der', type: 'spki' }).toString('base64'),
    privateKey: pair.privateKey.export({ format: 'der', type: 'pkcs8' }).toString('base64'),
  };
}
