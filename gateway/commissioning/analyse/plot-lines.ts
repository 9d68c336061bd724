import type { PlotLine, PlotPlace, Trace } from '../../contracts/values/commissioning.ts';
import type { Site, Terminal, TerminalKind } from '../../contracts/values/site.ts';
import { commandsOf, powerSeries } from '../series.ts';
import { type Witness, witnessesOf } from '../witnesses.ts';
import type { Observation } from './observe.ts';

const PLOT_LINES = 8;
const PLOT_POINTS = 600;
const PLACES: Readonly<Record<TerminalKind, PlotPlace>> = {
  pv: 'pv',
  battery: 'battery',
  ev: 'ev',
  load: 'load',
  generator: 'pv',
  converter: 'battery',
};

function placeOf(site: Site, { kind, of }: Witness): PlotPlace {
  if (kind === 'connection') return 'grid';
  const terminal = site.terminals.find(({ id }) => id === of);
  return terminal === undefined ? 'rest' : PLACES[terminal.kind];
}

/**
 * What was asked, and what each place measured that should have seen it or moved with it, thin
 * enough for a record.
 */
export function plotOf(
  site: Site,
  terminal: Terminal,
  trace: Trace,
  observations: readonly Observation[],
): PlotLine[] {
  const moved = new Set(
    observations.filter(({ sight }) => sight === 'seen').map(({ witness }) => witness.id),
  );
  const asked: PlotLine = {
    label: 'asked',
    role: 'asked',
    place: PLACES[terminal.kind],
    ...thinned(
      commandsOf(trace, terminal.id).flatMap(({ fromS, untilS, powerW }) => [
        [fromS, powerW],
        [untilS, powerW],
      ]),
    ),
  };
  const lines = witnessesOf(site, terminal.id)
    .filter(({ id, expectedGainShare }) => expectedGainShare !== 0 || moved.has(id))
    .map((witness) => ({ witness, series: powerSeries(trace, witness) }))
    .filter(({ series }) => series.value.length > 0)
    .slice(0, PLOT_LINES - 1)
    .map(
      ({ witness, series }): PlotLine => ({
        label: witness.label,
        role: witness.role === 'own' ? 'own' : 'meter',
        place: placeOf(site, witness),
        ...thinned(series.atS.map((at, index) => [at, series.value[index] ?? null])),
      }),
    );
  return [asked, ...lines];
}

function thinned(
  points: readonly (readonly [number, number | null])[],
): Pick<PlotLine, 'atMs' | 'powerW'> {
  const every = Math.max(1, Math.ceil(points.length / PLOT_POINTS));
  const some = points.filter((_, index) => index % every === 0);
  return {
    atMs: some.map(([atS]) => Math.round(atS * 1_000)),
    powerW: some.map(([, powerW]) => (powerW === null ? null : Math.round(powerW) + 0)),
  };
}
