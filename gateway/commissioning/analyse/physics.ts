import { PHASES, type Phase, type Trace } from '../../contracts/values/commissioning.ts';
import type { Site, Terminal } from '../../contracts/values/site.ts';
import { between, meanOf, noiseOf, pointSeries, powerSeries, resolutionOf } from '../series.ts';
import { phaseKey, type Witness, witnessesOf } from '../witnesses.ts';
import type { Excitation } from './pulses.ts';
import { fitPulses, type Responses } from './response.ts';

/**
 * What cannot lie about a direction: a battery that charges fills, and its voltage rises; a site
 * cannot sell more than it produces. 1 = as it should be, -1 = turned, 0 = not to be told.
 */
export type Way = 1 | -1 | 0;

const STANDS_OUT = 8;

/** Whether the store does what it was told, by its own chemistry. */
export function storeWay(
  trace: Trace,
  terminal: Terminal,
  excitation: Excitation,
  responses: Responses,
): Way {
  const { device, part } = terminal;
  if (terminal.kind !== 'battery' || device === undefined) return 0;
  const prefix = part === undefined || part === '' ? '' : `${part}.`;
  const voltage = pointSeries(trace, device, `${prefix}voltageV`);
  const fit =
    prefix === '' ? undefined : fitPulses(between(voltage, 0, excitation.endS), responses, 8);
  if (fit !== undefined && Math.abs(fit.gainShare) > STANDS_OUT * fit.gainErrorShare) {
    const isOneWay = fit.perPulse.every((gain) => gain * fit.gainShare > 0);
    if (isOneWay) return fit.gainShare < 0 ? 1 : -1; // discharging lowers it
  }
  return chargeWay(trace, device, `${prefix}socPct`, excitation);
}

function chargeWay(trace: Trace, device: string, key: string, excitation: Excitation): Way {
  const soc = pointSeries(trace, device, key);
  const resolutionPct = resolutionOf(between(soc, 0, excitation.endS));
  if (resolutionPct === undefined) return 0;
  let along = 0;
  for (const { parts, jumpW } of excitation.pulses) {
    const first = between(soc, 0, (parts[0]?.fromS ?? 0) + 3).value.at(-1);
    const last = between(soc, 0, (parts.at(-1)?.untilS ?? 0) + 6).value.at(-1);
    if (first !== undefined && last !== undefined) along -= Math.sign(jumpW) * (last - first);
  }
  if (Math.abs(along) < 2.5 * resolutionPct) return 0;
  return along > 0 ? 1 : -1;
}

const levelOf = (trace: Trace, witness: Witness, quietS: number, key?: string): number =>
  meanOf(between(powerSeries(trace, witness, key), 0, quietS).value);

/** Most that the site's sources could give at rest; undefined where one of them is not measured. */
function sourcesAt(
  site: Site,
  terminalId: string,
  trace: Trace,
  quietS: number,
): number | undefined {
  const witnesses = witnessesOf(site, terminalId);
  let sumW = 0;
  for (const { id, kind, ratedInW } of site.terminals) {
    if (kind === 'converter' || ratedInW <= 0) continue;
    const levels = witnesses
      .filter((one) => one.of === id)
      .map((one) => Math.abs(levelOf(trace, one, quietS)))
      .filter(Number.isFinite);
    if (levels.length === 0) return undefined;
    sumW += Math.max(...levels);
  }
  return sumW;
}

/**
 * Phases of a connection's meter that the pulse did not pass, by the same reasoning: one that sells
 * more than all sources together is turned, or multiplied with another's voltage.
 */
export function phaseWays(
  site: Site,
  terminalId: string,
  trace: Trace,
  meter: Witness,
  quietS: number,
): { readonly phase: Phase; readonly way: Way }[] {
  const sourcesW = sourcesAt(site, terminalId, trace, quietS);
  return PHASES.flatMap((phase) => {
    const series = between(powerSeries(trace, meter, phaseKey(phase)), 0, quietS);
    if (series.value.length < 4) return [];
    if (sourcesW === undefined) return [{ phase, way: 0 as const }];
    const powerW = meanOf(series.value);
    const marginW = 3 * noiseOf(series) + 0.05 * sourcesW + 50;
    const way = powerW < -sourcesW - marginW ? -1 : powerW > sourcesW + marginW ? 1 : 0;
    return [{ phase, way } as const];
  });
}

/**
 * Whether a connection's meter can be right, by what stood while nothing was asked: a site sells no
 * more than its sources give, and buys no less than nothing beside them.
 * @param quietS  end of the quiet phase
 */
export function connectionWay(
  site: Site,
  terminalId: string,
  trace: Trace,
  meter: Witness,
  quietS: number,
): Way {
  if (meter.kind !== 'connection' || site.connections.length !== 1) return 0;
  const quiet = between(powerSeries(trace, meter), 0, quietS);
  const gridW = meanOf(quiet.value);
  const sourcesW = sourcesAt(site, terminalId, trace, quietS);
  if (sourcesW === undefined) return 0;
  const marginW = 3 * noiseOf(quiet) + 0.05 * sourcesW + 100;
  if (gridW > sourcesW + marginW) return 1;
  return gridW < -sourcesW - marginW ? -1 : 0;
}
