import { analyse } from '../../../../gateway/commissioning/analyse/analyse.ts';
import { pulseSteps, quietStep, type Room } from '../../../../gateway/commissioning/program.ts';
import type {
  Finding,
  TerminalResult,
} from '../../../../gateway/contracts/values/commissioning.ts';
import type { Meter, Site, Terminal } from '../../../../gateway/contracts/values/site.ts';
import { createStream } from '../../../../simulators/random.ts';
import { site as bench } from '../../../unit/gateway/guard/bench/site.ts';
import { type Nature, Plant, type Wrong } from './plant.ts';

const meterOf = (id: string, of: string, device: string): Meter => ({
  ...{ id, of, device, direction: 'into-node', class: 'control' },
  ...{ resolutionW: 1, latencyMs: 0 },
});

/** A PV with a meter of its own, a battery under test, a second one, a house. */
export function siteWith(more: Partial<Terminal> = {}, exportLimitW = 30_000): Site {
  const base = bench({ pv: {}, battery: more, connection: { defaultExportLimitW: exportLimitW } });
  const battery = base.terminals.find(({ id }) => id === 'battery1')!;
  const second = { ...battery, id: 'battery2', name: 'Battery 2', device: 'wallbox1' };
  return {
    ...base,
    terminals: [...base.terminals, second],
    meters: [meterOf('grid-meter', 'grid', 'meter1'), meterOf('sun-meter', 'pv1', 'meter2')],
  };
}

const DEFAULTS: Omit<Nature, 'seed' | 'wrong'> = {
  loadW: 4_000,
  noiseW: 40,
  alike: 0.7,
  resolutionW: 1,
  ownResolutionW: 1,
  meterLatencyS: 0.6,
  ownLatencyS: 0.2,
  deadS: 0.8,
  lagS: 1,
  sunW: 1_500,
  socPct: 50,
  usableWh: 10_000,
  socResolutionPct: 1,
  devicePhases: [0, 1, 2],
  timerS: 60,
  loadSteps: [],
};

export interface Case {
  readonly seed: number;
  readonly terminal?: 'battery1' | 'pv1';
  readonly site?: Site | undefined;
  readonly nature?: Partial<Nature>;
  readonly wrong?: Wrong;
  readonly room?: Partial<Room>;
  readonly areSignsSeen?: boolean;
}

export interface Commissioned {
  readonly result: TerminalResult;
  readonly nature: Nature;
  readonly startS: readonly number[]; // of each step
}

/** The whole of it: quiet phase, program, pulses, judgement. */
export function commission(asked: Case): Commissioned {
  const { seed, terminal = 'battery1', site = siteWith(), wrong = {} } = asked;
  const nature: Nature = { ...DEFAULTS, ...asked.nature, seed, wrong };
  const plant = new Plant(site, terminal, nature);
  const quiet = quietStep(site, terminal);
  const samples = plant.run([quiet]);
  const { steps, findings } = pulseSteps({
    ...{ site, terminal, quiet: plant.trace(samples) },
    room: { importLimitW: 30_000, exportLimitW: 30_000, socPct: nature.socPct, ...asked.room },
    reversionMs: nature.timerS === undefined ? undefined : nature.timerS * 1_000,
    directionRestMs: 30_000,
    random: createStream(seed, 'commissioning'),
  });
  samples.push(...plant.run(steps, 1));
  const all = [quiet, ...steps];
  let atS = 0;
  const startS = all.map(({ durationMs }) => {
    const here = atS;
    atS += durationMs / 1_000;
    return here;
  });
  const result = analyse({
    ...{ site, terminal, seed: String(seed), steps: all, trace: plant.trace(samples) },
    before: findings,
    reversionMs: nature.timerS === undefined ? undefined : nature.timerS * 1_000,
    areSignsSeen: asked.areSignsSeen ?? false,
  });
  return { result, nature, startS };
}

/** Findings that are not proven ones, as 'kind severity meter: sentence'. */
export const complaints = ({ result }: Commissioned): string[] =>
  result.findings
    .filter(({ severity }) => severity !== 'proven')
    .map(
      ({ kind, severity, meter, sentence }: Finding) =>
        `${kind} ${severity} ${meter ?? '-'}: ${sentence}`,
    );
