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
  readonly missing: readonly Finding[]; // without these nothing is asked
}

const COUNT_MIN = 10;

/** What a witness showed meanwhile; undefined where it said too little. */
function levelOf(trace: Trace, witness: Witness): { meanW: number; noiseW: number } | undefined {
  const series = powerSeries(trace, witness);
  if (series.value.length < COUNT_MIN) return undefined;
  return { meanW: meanOf(series.value), noiseW: noiseOf(series) };
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
  const meters = witnesses.filter(({ kind }) => kind === 'connection');
  const missing =
    gridW !== undefined
      ? []
      : [
          finding('missing', 'notProven', meters[0]?.device ?? '', {
            meter: meters[0]?.id ?? null,
            sentence: say.noConnectionMeter(meters[0]?.label),
          }),
        ];
  return { noiseW, noisiest, gridW: gridW ?? 0, productionW, missing };
}
