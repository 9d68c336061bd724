import { Fault } from '../../gateway/contracts/values/fault.ts';
import { HOUR_MS, type Instant } from '../../gateway/contracts/values/time.ts';
import type { Drive } from '../plant/types.ts';
import { noiseAt, type StreamKey, streamKey } from '../random.ts';
import type { Dataset } from './csv.ts';

/**
 * Recorded energy as plant drive: inside an interval the power follows its neighbours and a seeded
 * noise, and sums to the interval's energy exactly. Outside the recording nothing flows.
 */
export interface DriveOptions {
  readonly seed: number;
  /** What the load and the inverter can carry at most: the shape stays below it. */
  readonly mostLoadW: number;
  readonly mostPvW: number;
}

const SLOT_MS = 60_000;

/** @throws Fault where an interval's mean power is above what the site can carry */
export function createDrive(dataset: Dataset, options: DriveOptions): Drive {
  fits(dataset, dataset.loadWh, options.mostLoadW, 'load_kwh');
  fits(dataset, dataset.pvWh, options.mostPvW, 'pv_kwh');
  const load = createShape(dataset, dataset.loadWh, options.mostLoadW, 0.2, {
    key: streamKey(options.seed, 'recorded-load'),
  });
  const pv = createShape(dataset, dataset.pvWh, options.mostPvW, 0.1, {
    key: streamKey(options.seed, 'recorded-pv'),
  });
  return { loadWh: load, pvWh: pv };
}

function fits(dataset: Dataset, wh: readonly number[], mostW: number, column: string): void {
  const peakWh = wh.reduce((most, value) => Math.max(most, value), 0);
  const peakW = (peakWh * HOUR_MS) / dataset.stepMs;
  if (peakW <= mostW * (1 + 1e-9)) return;
  const kw = (watts: number): string => (watts / 1_000).toFixed(1);
  throw new Fault(
    `${column} reaches ${kw(peakW)} kW, the site carries ${kw(mostW)} kW`,
    dataset.name,
    'raise ratedOutW of the load or ratedInW of the pv in the site file',
  );
}

/** Powers of the slots of one interval, W, with the interval's energy as their exact sum. */
function slots(
  wh: readonly number[],
  index: number,
  stepMs: number,
  mostW: number,
  noise: (slot: number) => number,
): number[] {
  const energyWh = wh[index] ?? 0;
  const count = Math.round(stepMs / SLOT_MS);
  const meanW = (energyWh * HOUR_MS) / stepMs;
  if (energyWh === 0) return Array.from({ length: count }, () => 0);
  const around = (n: number): number => wh[n] ?? energyWh;
  const raw = Array.from({ length: count }, (_, slot) => {
    const at = (slot + 0.5) / count;
    const other = at < 0.5 ? around(index - 1) : around(index + 1);
    const line = energyWh + (other - energyWh) * Math.abs(at - 0.5);
    return Math.max(0.05 * energyWh, line) * (1 + noise(slot));
  });
  const scale = meanW / (raw.reduce((sum, w) => sum + w, 0) / count);
  const shaped = raw.map((w) => w * scale);
  const top = Math.max(...shaped);
  // Flatter where the shape would pass what the site can carry; the sum stays.
  const keep = top > mostW ? Math.max(0, (mostW - meanW) / (top - meanW)) : 1;
  return shaped.map((w) => meanW + (w - meanW) * keep);
}

function createShape(
  dataset: Dataset,
  wh: readonly number[],
  mostW: number,
  amplitude: number,
  stream: { readonly key: StreamKey },
): (fromMs: Instant, toMs: Instant) => number {
  const { stepMs, fromMs: startMs } = dataset;
  let known = { index: -1, powersW: [] as number[] };
  const powersAt = (index: number): number[] => {
    if (index === known.index) return known.powersW;
    const firstMs = startMs + index * stepMs;
    const noise = (slot: number): number =>
      amplitude * noiseAt(stream.key, firstMs + slot * SLOT_MS, 3 * SLOT_MS);
    known = { index, powersW: slots(wh, index, stepMs, mostW, noise) };
    return known.powersW;
  };
  return (fromMs, toMs) => {
    let sumWh = 0;
    let atMs = Math.max(fromMs, startMs);
    const endMs = Math.min(toMs, dataset.untilMs);
    while (atMs < endMs) {
      const slot = Math.floor((atMs - startMs) / SLOT_MS);
      const untilMs = Math.min(endMs, startMs + (slot + 1) * SLOT_MS);
      const index = Math.floor((atMs - startMs) / stepMs);
      const powers = powersAt(index);
      const inner = slot - (index * stepMs) / SLOT_MS;
      sumWh += ((powers[inner] ?? 0) * (untilMs - atMs)) / HOUR_MS;
      atMs = untilMs;
    }
    return sumWh;
  };
}
