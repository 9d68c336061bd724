import { signedDirective } from '../../contracts/messages.ts';
import type { Directive, SignedDirective } from '../../contracts/values/directive.ts';

/** A directive's message as it came, or undefined where its shape is wrong. */
export function readDirective(payload: Uint8Array): SignedDirective | undefined {
  const parsed = signedDirective.safeParse(readJson(payload));
  return parsed.success ? parsed.data : undefined;
}

/**
 * What a directive says, for planning only: nobody has verified it here. A plan that believes a
 * forged limit is only more careful; the guard obeys signed ones alone.
 */
export function peek(signed: SignedDirective): Directive | undefined {
  const body = readJson(new TextEncoder().encode(signed.body)) as Partial<Directive> | undefined;
  if (typeof body !== 'object' || body === null) return undefined;
  const { fromMs, untilMs, importLimitW, exportLimitW, sequence } = body;
  const finite = [fromMs, untilMs, importLimitW, exportLimitW, sequence].every(Number.isFinite);
  return finite && body.v === 1 ? (body as Directive) : undefined;
}

/** Parsed JSON, or undefined; text from outside never throws. */
export function readJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
