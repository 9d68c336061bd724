import type { Facts, Ruling, TerminalLimits, TerminalMemory } from './facts.ts';
import { drawn } from './rules.ts';

/**
 * Most that a terminal may put into the node once its safe state stands; stores and loads put in
 * nothing.
 */
function safeProductionW(limits: TerminalLimits): number {
  if (limits.kind !== 'limit' || limits.safe.kind === 'zero') return 0;
  if (limits.safe.kind === 'own-mode') return limits.ratedInW;
  return Math.min(limits.safe.limitW, limits.ratedInW);
}

/**
 * Production that a terminal may keep in its safe state, so that all of them together stay inside
 * the export limit in force at zero load and full sun.
 */
function productionW(
  limits: TerminalLimits,
  all: readonly TerminalLimits[],
  exportLimitW: number,
): number {
  const ownW = safeProductionW(limits);
  const sumW = all
    .filter(({ connection }) => connection === limits.connection)
    .reduce((sum, other) => sum + safeProductionW(other), 0);
  const limitW = exportLimitW >= 0 ? exportLimitW : 0;
  return sumW <= limitW ? ownW : (ownW * limitW) / sumW;
}

function powerOf(
  limits: TerminalLimits,
  exportLimitW: number,
  all: readonly TerminalLimits[],
): number {
  const { safe } = limits;
  if (limits.kind === 'limit') return productionW(limits, all, exportLimitW);
  if (safe.kind === 'own-mode') return Number.NaN;
  if (limits.kind === 'setpoint') return 0;
  const draw = safe.kind === 'limit' ? drawn(limits, safe.limitW) : 0;
  return draw === 0 ? 0 : -draw;
}

/**
 * The safe state of one terminal: own mode, zero or a limit, never above an export limit in
 * force.
 */
export function safeRuling(
  limits: TerminalLimits,
  all: readonly TerminalLimits[],
  facts: Pick<Facts, 'connections'>,
  past: TerminalMemory,
): Ruling {
  const exportLimitW = facts.connections[limits.connection]?.exportLimitW ?? 0;
  return {
    limits,
    powerW: powerOf(limits, exportLimitW, all),
    lowW: 0,
    highW: 0,
    alignedW: Number.NaN,
    code: 'SAFE_STATE',
    protective: true,
    movable: false,
    state: 'safe',
    past,
  };
}
