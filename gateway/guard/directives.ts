import type { Directive, SignedDirective } from '../contracts/values/directive.ts';
import type { Connection, Site } from '../contracts/values/site.ts';
import type { Instant } from '../contracts/values/time.ts';
import type { Timing } from '../contracts/values/timing.ts';
import { clockTime, power } from '../contracts/values/words.ts';
import type { Verifier } from '../ports.ts';
import type { DemandLimit, GridLimit } from './control/types.ts';

/**
 * What the grid agent has said, and when it was last heard. Times `AtMs`, `SinceMs` on the
 * monotonic clock.
 */
export interface GridState {
  readonly highestSequence: number;
  readonly directives: readonly Directive[]; // all but heartbeats, running or to come
  readonly onLost: 'keep' | 'failsafe';
  readonly heardAtMs: number;
  readonly heardWallMs: Instant | undefined;
  readonly failsafe: Failsafe | undefined;
}

interface Failsafe {
  readonly sinceMs: number;
  readonly backSinceMs: number | undefined; // heartbeat returned
  readonly newLimit: boolean; // and a limit with it
}

const IMMEDIATE_MS = 900_000; // longest life of an emergency, times the stretch
const BODY_MAX = 4_096;
const KEPT_MAX = 256;

const FIELDS = [
  'exportLimitW',
  'fromMs',
  'gateway',
  'importLimitW',
  'issuedAtMs',
  'kind',
  'onLost',
  'sequence',
  'untilMs',
  'v',
  'why',
];

const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isLimit = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

/**
 * Body of a directive, or undefined for anything else: unknown or missing fields, odd values, odd
 * JSON.
 */
export function parseDirective(body: string): Directive | undefined {
  if (body.length > BODY_MAX) return undefined;
  let raw: unknown;
  try {
    raw = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return undefined;
  // Canonical: what was signed is what is meant. A repeated key or a second spelling does not
  // survive this.
  if (JSON.stringify(raw) !== body) return undefined;
  if (Object.keys(raw).sort().join() !== FIELDS.join()) return undefined;
  const d = raw as Readonly<Record<string, unknown>>;
  const sound =
    d['v'] === 1 &&
    ['envelope', 'emergency', 'demand-response', 'heartbeat'].includes(String(d['kind'])) &&
    ['keep', 'failsafe'].includes(String(d['onLost'])) &&
    typeof d['gateway'] === 'string' &&
    typeof d['why'] === 'string' &&
    [d['sequence'], d['issuedAtMs'], d['fromMs'], d['untilMs']].every(isTime) &&
    [d['importLimitW'], d['exportLimitW']].every(isLimit);
  return sound ? (raw as Directive) : undefined;
}

export interface Moment {
  readonly nowMs: number;
  readonly wallMs: Instant;
}

/** Why a directive is not taken, or the directive. */
export function verify(
  signed: SignedDirective,
  state: GridState,
  site: Site,
  verifier: Verifier,
  wallMs: Instant,
): Directive | string {
  const key = site.directives;
  if (key === undefined) return 'the site file names no key for directives';
  if (signed.keyId !== key.keyId) return 'signed with a key that the site file does not name';
  if (!verifier.verify(signed.body, signed.signature, key.publicKey)) return 'signature is wrong';
  const directive = parseDirective(signed.body);
  if (directive === undefined) return 'body is not a directive';
  if (directive.gateway !== site.gateway) return 'meant for another gateway';
  if (!(directive.sequence > state.highestSequence)) return 'sequence is not new';
  if (!(directive.untilMs > wallMs)) return 'has expired';
  if (!(directive.untilMs > directive.fromMs)) return 'ends before it begins';
  return directive;
}

/** Takes a verified directive: it is absolute, so taking it twice is taking it once. */
export function take(state: GridState, directive: Directive, at: Moment): GridState {
  const heard = { heardAtMs: at.nowMs, heardWallMs: at.wallMs };
  const limit = directive.kind !== 'heartbeat';
  const directives = limit
    ? [...state.directives.filter(({ untilMs }) => untilMs > at.wallMs), directive].slice(-KEPT_MAX)
    : state.directives;
  const failsafe = state.failsafe && {
    sinceMs: state.failsafe.sinceMs,
    backSinceMs: state.failsafe.backSinceMs ?? at.nowMs,
    newLimit: state.failsafe.newLimit || (limit && directive.kind !== 'demand-response'),
  };
  return {
    ...heard,
    highestSequence: directive.sequence,
    directives,
    onLost: directive.kind === 'envelope' ? directive.onLost : state.onLost,
    failsafe,
  };
}

const NEWS = {
  envelope: ['ENVELOPE', 'Grid envelope'],
  emergency: ['EMERGENCY', 'Grid emergency'],
  'demand-response': ['DEMAND_RESPONSE', 'Demand-response event'],
} as const;

/** What people are told of a directive that was taken. */
export function newsOf(
  { kind, importLimitW, exportLimitW, fromMs, untilMs, issuedAtMs }: Directive,
  zone: string,
): { readonly code: string; readonly text: string } {
  const [code, name] = NEWS[kind === 'heartbeat' ? 'envelope' : kind];
  const from = fromMs > issuedAtMs ? `from ${clockTime(fromMs, zone)} ` : '';
  const limits = `buying up to ${power(importLimitW)}, selling up to ${power(exportLimitW)}`;
  return { code, text: `${name}: ${limits}, ${from}until ${clockTime(untilMs, zone)}` };
}

/** Newest directive of a kind that is in force at an instant. */
export function inForce(
  state: GridState,
  kind: Exclude<Directive['kind'], 'heartbeat'>,
  wallMs: Instant,
  times: Timing,
): Directive | undefined {
  const longestMs = kind === 'emergency' ? IMMEDIATE_MS * times.stretch : Number.POSITIVE_INFINITY;
  let newest: Directive | undefined;
  for (const one of state.directives) {
    if (one.kind !== kind) continue;
    const untilMs = Math.min(one.untilMs, one.fromMs + longestMs);
    if (!(one.fromMs <= wallMs && wallMs < untilMs)) continue;
    if (newest === undefined || one.sequence > newest.sequence) newest = one;
  }
  return newest;
}

/** Heartbeat lost and back: the failsafe limit holds until the rules of its end are met. */
function failsafeNow(state: GridState, times: Timing, nowMs: number): Failsafe | undefined {
  const lost = nowMs - state.heardAtMs > times.heartbeatMs;
  const { failsafe } = state;
  if (failsafe === undefined) {
    return lost && state.onLost === 'failsafe'
      ? { sinceMs: nowMs, backSinceMs: undefined, newLimit: false }
      : undefined;
  }
  if (lost) {
    // Without a heartbeat it holds its minimum; then the site's default binds.
    return nowMs - failsafe.sinceMs < times.failsafeMs
      ? { ...failsafe, backSinceMs: undefined, newLimit: false }
      : failsafe;
  }
  const { backSinceMs, newLimit } = failsafe;
  if (backSinceMs === undefined) return failsafe;
  return newLimit || nowMs - backSinceMs >= times.heartbeatMs ? undefined : failsafe;
}

export interface GridLimits {
  readonly state: GridState;
  readonly limits: readonly GridLimit[];
  readonly demand: DemandLimit | undefined; // of a running demand-response event
  readonly limited: boolean; // heartbeat lost
}

function fromDirective(site: Site, connection: Connection, directive: Directive): GridLimit {
  const until = clockTime(directive.untilMs, site.place.timeZone);
  const emergency = directive.kind === 'emergency';
  return {
    connection: connection.id,
    importLimitW: directive.importLimitW,
    exportLimitW: directive.exportLimitW,
    authority: emergency ? 'emergency' : 'grid-envelope',
    code: emergency ? 'EMERGENCY' : 'ENVELOPE',
    source: emergency ? `grid emergency until ${until}` : `grid envelope until ${until}`,
  };
}

/**
 * Limits that bind now, one for each connection. Directives speak for the site's first
 * connection.
 */
export function limitsNow(before: GridState, site: Site, times: Timing, at: Moment): GridLimits {
  const failsafe = failsafeNow(before, times, at.nowMs);
  const state = failsafe === before.failsafe ? before : { ...before, failsafe };
  const limited = site.directives !== undefined && at.nowMs - before.heardAtMs > times.heartbeatMs;
  const emergency = inForce(state, 'emergency', at.wallMs, times);
  const envelope = inForce(state, 'envelope', at.wallMs, times);
  const overdue = failsafe !== undefined && at.nowMs - failsafe.sinceMs >= times.failsafeMs;
  const limits = site.connections.map((connection, index): GridLimit => {
    const base = { connection: connection.id, authority: 'grid-envelope' as const };
    if (index === 0 && emergency !== undefined) return fromDirective(site, connection, emergency);
    if (index === 0 && failsafe !== undefined && !overdue) {
      return {
        ...base,
        importLimitW: connection.failsafeImportLimitW,
        exportLimitW: connection.failsafeExportLimitW,
        code: 'ENVELOPE',
        source: 'the grid agent is silent, its failsafe limit holds',
      };
    }
    if (index === 0 && envelope !== undefined && failsafe === undefined) {
      return fromDirective(site, connection, envelope);
    }
    return {
      ...base,
      importLimitW: connection.defaultImportLimitW,
      exportLimitW: connection.defaultExportLimitW,
      code: undefined,
      source: "the site's own limit",
    };
  });
  return { state, limits, demand: demandNow(state, site, times, at.wallMs), limited };
}

/** The newest demand-response event that runs; at the site's first connection. */
function demandNow(
  state: GridState,
  site: Site,
  times: Timing,
  wallMs: Instant,
): DemandLimit | undefined {
  const event = inForce(state, 'demand-response', wallMs, times);
  const connection = site.connections[0];
  if (event === undefined || connection === undefined) return undefined;
  const until = clockTime(event.untilMs, site.place.timeZone);
  const { importLimitW, exportLimitW } = event;
  const source = `demand-response event until ${until}`;
  return { connection: connection.id, importLimitW, exportLimitW, source };
}
