import type { Finding, Trace } from '../contracts/values/commissioning.ts';
import type { Site } from '../contracts/values/site.ts';
import { finding } from './findings.ts';
import { say } from './sentences.ts';
import { meanOf, noiseOf, powerSeries } from './series.ts';
import { type Witness, witnessesOf } from './witnesses.ts';

/** What the quiet phase showed. Powers in W, + into the node. */
export interface Quiet {
  readonly noiseW: number; // of the noisiest witness that must see the pulse
  readonly noisiest: string;
  readonly gridW: number; // of the terminal's connection, + import
  readonly productionW: number | undefined; // of the terminal itself, whatever its sign
  readonly blocking: readonly Finding[]; // with these nothing is asked
}

const COUNT_MIN = 10;

/** What a witness showed meanwhile; undefined where it said too little. */
function levelOf(trace: Trace, witness: Witness): { meanW: number; noiseW: number } | undefined {
  const series = powerSeries(trace, witness);
  if (series.value.length < COUNT_MIN) return undefined;
  return { meanW: meanOf(series.value), noiseW: noiseOf(series) };
}

const PHASE_V = 230;
const BEYOND = 3;

/** More than fuse or rating can carry three times over: words in the wrong order, or a scale. */
function implausible(site: Site, witness: Witness, meanW: number): Finding[] {
  const { fuseA } = site.connections.find(({ id }) => id === witness.of) ?? {};
  const terminal = site.terminals.find(({ id }) => id === witness.of);
  const ratedW = Math.max(terminal?.ratedInW ?? 0, terminal?.ratedOutW ?? 0);
  const mostW = fuseA === undefined ? ratedW : fuseA * PHASE_V * 3;
  if (mostW === 0 || Math.abs(meanW) <= BEYOND * mostW) return [];
  const meter = witness.role === 'meter' ? witness.id : null;
  const sentence = say.implausible(witness, meanW, mostW);
  return [finding('scale', 'wrong', witness.device, { meter, sentence })];
}

export function quietOf(site: Site, terminal: string, trace: Trace): Quiet {
  const witnesses = witnessesOf(site, terminal).filter((one) => one.expectedGainShare !== 0);
  let noiseW = 0;
  let noisiest = '';
  let gridW: number | undefined;
  let productionW: number | undefined;
  for (const witness of witnesses) {
    const level = levelOf(trace, witness);
    if (level === undefined) continue;
    if (level.noiseW > noiseW) {
      noiseW = level.noiseW;
      noisiest = witness.label;
    }
    if (witness.kind === 'connection') gridW ??= level.meanW;
    if (witness.of === terminal) productionW ??= Math.abs(level.meanW);
  }
  const blocking = witnesses.flatMap((witness) => {
    const level = levelOf(trace, witness);
    return level === undefined ? [] : implausible(site, witness, level.meanW);
  });
  const meters = witnesses.filter(({ kind }) => kind === 'connection');
  if (gridW === undefined) {
    const meter = meters[0]?.id ?? null;
    const sentence = say.noConnectionMeter(meters[0]?.label);
    blocking.push(finding('missing', 'notProven', meters[0]?.device ?? '', { meter, sentence }));
  }
  return { noiseW, noisiest, gridW: gridW ?? 0, productionW, blocking };
}
