import type { Instant } from './time.ts';

/**
 * Directives come signed from the grid agent, through the agent process, and the guard verifies
 * them itself. They are absolute (limit, start, expiry, sequence), so applying one twice is one
 * effect.
 */
export interface Directive {
  readonly v: 1;
  /** `demand-response` asks for less while it runs; a person may overrule it, a limit stays one. */
  readonly kind: 'envelope' | 'emergency' | 'demand-response' | 'heartbeat';
  readonly gateway: string;
  readonly sequence: number; // strictly rising per gateway
  readonly issuedAtMs: Instant;
  readonly fromMs: Instant;
  readonly untilMs: Instant;
  readonly importLimitW: number; // >= 0, at the connection
  readonly exportLimitW: number; // >= 0
  readonly onLost: 'keep' | 'failsafe';
  readonly why: string;
}

/**
 * `body` is the canonical JSON of a Directive; `signature` ed25519 over its UTF-8 bytes, base64.
 */
export interface SignedDirective {
  readonly body: string;
  readonly keyId: string;
  readonly signature: string;
}
