import { NOMINAL_V } from '../../../contracts/values/phases.ts';
import type { Connection, Site } from '../../../contracts/values/site.ts';
import { power } from '../../../contracts/values/words.ts';
import type { ConnectionState } from '../../site/types.ts';
import { type Connected, isPhased, phasesAt } from '../connected.ts';
import { type Hold, INSIDE_START, type InsideState, keepInside } from '../inside.ts';
import type { Ask, Controller, GridLimit, Step, View, Wish } from '../types.ts';

/** One memory for each connection and limit. */
export type LimitsState = Readonly<Record<string, InsideState>>;

/**
 * What a fuse leaves in watts of the sum, >= 0. Where the phases are measured each is held by
 * itself; where their direction is not known, the fullest one stands for all.
 */
export function fuseLimits(
  connection: Connection,
  state: ConnectionState,
  phases: 1 | 3,
): { readonly importW: number; readonly exportW: number } {
  const fullW = connection.fuseA * NOMINAL_V * phases;
  if (isPhased(state) || state.phases.length === 0 || !Number.isFinite(state.powerW)) {
    return { importW: fullW, exportW: fullW };
  }
  let importRoomW = Number.POSITIVE_INFINITY;
  let exportRoomW = Number.POSITIVE_INFINITY;
  for (const phase of state.phases) {
    const voltageV = phase.voltageV > NOMINAL_V / 2 ? phase.voltageV : NOMINAL_V;
    const amps = Number.isFinite(phase.currentA)
      ? phase.currentA
      : Math.abs(phase.powerW) / voltageV;
    // A current without a direction counts against both.
    const importA = phase.powerW < 0 ? -amps : amps;
    const exportA = phase.powerW > 0 ? -amps : amps;
    importRoomW = Math.min(importRoomW, (connection.fuseA - importA) * voltageV);
    exportRoomW = Math.min(exportRoomW, (connection.fuseA - exportA) * voltageV);
  }
  return {
    importW: Math.max(0, state.powerW + importRoomW * phases),
    exportW: Math.max(0, -state.powerW + exportRoomW * phases),
  };
}

function siteHold(view: View, { spec: connection, state }: Connected): Hold {
  const fuse = fuseLimits(connection, state, phasesAt(view.spec, connection.id));
  const byFuse = {
    import: fuse.importW < connection.contractedImportW,
    export: fuse.exportW < connection.contractedExportW,
  };
  const fuseWhy = `the fuse of ${connection.fuseA} A carries no more`;
  return {
    connection: connection.id,
    authority: 'site-safety',
    importLimitW: Math.min(fuse.importW, connection.contractedImportW),
    exportLimitW: Math.min(fuse.exportW, connection.contractedExportW),
    importCode: byFuse.import ? 'FUSE_LIMIT' : 'IMPORT_LIMIT',
    exportCode: byFuse.export ? 'FUSE_LIMIT' : 'EXPORT_LIMIT',
    importWhy: byFuse.import ? fuseWhy : 'the contract allows no more',
    exportWhy: byFuse.export ? fuseWhy : 'the contract allows no more',
    marginW: connection.limitMarginW ?? 0,
  };
}

const upTo = (hold: Hold): string =>
  `buying up to ${power(hold.importLimitW)}, selling up to ${power(hold.exportLimitW)}`;

function holdAll(
  state: LimitsState,
  view: View,
  holds: readonly { readonly hold: Hold; readonly ask: string }[],
): Step<LimitsState> {
  const next: Record<string, InsideState> = {};
  const wishes: Wish[] = [];
  const asks: Ask[] = [];
  for (const { hold, ask } of holds) {
    const found = keepInside(state[hold.connection] ?? INSIDE_START, view, hold);
    next[hold.connection] = found.state;
    wishes.push(...found.wishes);
    const sentence = found.lacking ? `${ask}; out of reach now` : ask;
    asks.push({ authority: hold.authority, sentence });
  }
  return { state: next, wishes, asks };
}

/** Site safety: contracted power each way and the fuse of every phase. */
export const siteLimits: Controller<LimitsState> = {
  start: {},
  step(state, view) {
    const holds = view.connected.map((at) => {
      const hold = siteHold(view, at);
      return { hold, ask: upTo(hold) };
    });
    return holdAll(state, view, holds);
  },
};

function gridHold(limit: GridLimit, spec: Site): Hold {
  return {
    connection: limit.connection,
    importLimitW: limit.importLimitW,
    exportLimitW: limit.exportLimitW,
    authority: limit.authority,
    importCode: limit.code ?? 'IMPORT_LIMIT',
    exportCode: limit.code ?? 'EXPORT_LIMIT',
    importWhy: limit.source,
    exportWhy: limit.source,
    marginW: spec.connections.find(({ id }) => id === limit.connection)?.limitMarginW ?? 0,
  };
}

/**
 * The grid agent's limits in force: an emergency in place of the envelope, or the site's default.
 */
export const gridLimits: Controller<LimitsState> = {
  start: {},
  step(state, view) {
    const holds = view.gridLimits.map((limit) => {
      const hold = gridHold(limit, view.spec);
      return { hold, ask: `${upTo(hold)}: ${limit.source}` };
    });
    return holdAll(state, view, holds);
  },
};
