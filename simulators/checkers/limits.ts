import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';

/** Most that the connection may carry each way, W >= 0, and since when. */
export interface InForce {
  readonly importLimitW: number;
  readonly exportLimitW: number;
  readonly sinceMs: number; // last change
}

/**
 * The limits that bind a site, from its file and the directives that reached it. Time only moves
 * forward.
 */
export interface LimitBook {
  /** A directive as it was delivered; `seenAtMs` is when the site could first know it. */
  directive(directive: Directive, seenAtMs: number): void;
  at(wallMs: number): InForce;
  /** The loosest of the limits in force during the last `windowMs`. */
  loosest(wallMs: number, windowMs: number): InForce;
}

const PHASE_V = 230;
const KEPT_MS = 3_600_000;
const KEPT = 100;

interface Known {
  readonly directive: Directive;
  readonly seenAtMs: number;
}

function newest(known: readonly Known[], kind: Directive['kind'], wallMs: number) {
  let best: Known | undefined;
  for (const one of known) {
    const { directive, seenAtMs } = one;
    if (directive.kind !== kind || seenAtMs > wallMs) continue;
    if (wallMs < directive.fromMs || wallMs >= directive.untilMs) continue;
    if (best === undefined || directive.sequence > best.directive.sequence) best = one;
  }
  return best;
}

/** When the first of the directives begins or ends to bind. */
function nextChangeMs(known: readonly Known[], wallMs: number): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { directive, seenAtMs } of known) {
    for (const atMs of [seenAtMs, directive.fromMs, directive.untilMs]) {
      if (atMs > wallMs && atMs < nextMs) nextMs = atMs;
    }
  }
  return nextMs;
}

/**
 * Contract and fuse always bind; an emergency replaces the envelope, without either the default
 * limit holds.
 */
export function createLimitBook(site: Site): LimitBook {
  const connection = site.connections[0];
  if (connection === undefined) throw new RangeError(`site '${site.id}' has no connection`);
  const phases = site.nodes.find((node) => node.id === connection.node)?.phases ?? 3;
  const fuseW = connection.fuseA * PHASE_V * phases;
  const mostInW = Math.min(connection.contractedImportW, fuseW);
  const mostOutW = Math.min(connection.contractedExportW, fuseW);
  let known: Known[] = [];
  let timeline: InForce[] = [];

  /** What binds, and until when nothing that is known changes it. */
  let held: { readonly now: InForce; readonly untilMs: number } | undefined;
  const at = (wallMs: number): InForce => {
    if (held === undefined || wallMs >= held.untilMs) {
      held = { now: found(wallMs), untilMs: nextChangeMs(known, wallMs) };
    }
    return held.now;
  };
  const found = (wallMs: number): InForce => {
    const bound = newest(known, 'emergency', wallMs) ?? newest(known, 'envelope', wallMs);
    const { defaultImportLimitW, defaultExportLimitW } = connection;
    const importLimitW = Math.min(mostInW, bound?.directive.importLimitW ?? defaultImportLimitW);
    const exportLimitW = Math.min(mostOutW, bound?.directive.exportLimitW ?? defaultExportLimitW);
    const last = timeline.at(-1);
    if (last?.importLimitW === importLimitW && last.exportLimitW === exportLimitW) return last;
    const now: InForce = { importLimitW, exportLimitW, sinceMs: wallMs };
    known = known.filter(({ directive }) => directive.untilMs > wallMs - KEPT_MS);
    const isKept = (_: InForce, n: number): boolean =>
      (timeline[n + 1]?.sinceMs ?? wallMs) > wallMs - KEPT_MS; // by its end
    timeline = [...timeline.filter(isKept).slice(-KEPT), now];
    return now;
  };
  return {
    directive: (directive, seenAtMs) => {
      if (directive.kind === 'heartbeat') return;
      known.push({ directive, seenAtMs });
      held = undefined;
    },
    at,
    loosest: (wallMs, windowMs) => {
      const now = at(wallMs);
      // In force at some time of the window: all that began in it, and the one before them.
      const inside = timeline.filter((_, n) => {
        const endedMs = timeline[n + 1]?.sinceMs ?? Number.POSITIVE_INFINITY;
        return endedMs > wallMs - windowMs;
      });
      return {
        importLimitW: Math.max(...inside.map((one) => one.importLimitW)),
        exportLimitW: Math.max(...inside.map((one) => one.exportLimitW)),
        sinceMs: now.sinceMs,
      };
    },
  };
}

/** A site may be that much beside a limit: max(2 % of it, 1 % of controllable nameplate, 100 W). */
export function tolerances(site: Site): (limitW: number) => number {
  const dc = new Set(site.nodes.filter((node) => node.kind === 'dc').map((node) => node.id));
  const nameplateW = site.terminals
    .filter((terminal) => terminal.control !== 'none' && !dc.has(terminal.node))
    .reduce((sum, terminal) => sum + Math.max(terminal.ratedInW, terminal.ratedOutW), 0);
  const behind = site.terminals
    .filter((terminal) => terminal.dcNode !== undefined)
    .reduce((sum, terminal) => sum + terminal.ratedInW, 0);
  return (limitW) => Math.max(0.02 * limitW, 0.01 * (nameplateW + behind), 100);
}
