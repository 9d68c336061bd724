import type { Terminal } from '../../gateway/contracts/values/site.ts';
import type { PlaceTruth } from '../plant/types.ts';
import { noiseAt } from '../random.ts';

/** Voltages and frequency breathe; all boxes of a site see the same ones. */
export interface GridNow {
  readonly atMs: number;
  readonly frequencyHz: number;
  readonly voltageV: readonly [number, number, number];
}

/** What a box shows of one place at one instant, with the box's own sign. */
export interface Shown {
  readonly place: PlaceTruth;
  readonly grid: GridNow;
  readonly powerW: number;
  readonly powerFactor: number;
  readonly phasesW: readonly number[] | undefined; // where they are uneven
  readonly inWh: number;
  readonly outWh: number;
}

/** A value as a register would show it; undefined = not available. */
type Quantity = (shown: Shown) => number | undefined;
/** By name; what a name implies is put before what is measured of its own. */
export type Quantities = Readonly<Record<string, Quantity>>;

const BATTERY_V = 400;
const STRING_V = 620;
const METER_POWER_FACTOR = 0.97;

export function gridNow(key: number): (atMs: number) => GridNow {
  let last: GridNow | undefined;
  const voltage = (phase: number, atMs: number): number =>
    230.4 + 1.6 * noiseAt(key ^ phase, atMs, 30_000);
  return (atMs) => {
    if (last?.atMs === atMs) return last;
    last = {
      atMs,
      frequencyHz: 50 + 0.018 * noiseAt(key ^ 9, atMs, 20_000),
      voltageV: [voltage(1, atMs), voltage(2, atMs), voltage(3, atMs)],
    };
    return last;
  };
}

/** A power, and what it is in registers that know one direction. */
const DIRECTED: Quantities = {
  powerW: ({ powerW }) => powerW,
  importW: ({ powerW }) => Math.max(0, powerW),
  exportW: ({ powerW }) => Math.min(0, powerW),
  dischargeW: ({ powerW }) => Math.max(0, powerW),
  chargeW: ({ powerW }) => Math.min(0, powerW),
};

type Phase = 0 | 1 | 2;
const phaseW = ({ phasesW, powerW }: Shown, n: Phase): number => phasesW?.[n] ?? powerW / 3;
const phaseA = (shown: Shown, n: Phase): number =>
  Math.abs(phaseW(shown, n)) / shown.powerFactor / shown.grid.voltageV[n];
const apparentVa = ({ powerW, powerFactor }: Shown): number => Math.abs(powerW) / powerFactor;

function reactiveVar(shown: Shown): number {
  const { powerW } = shown;
  const ownVa = apparentVa(shown);
  return Math.sqrt(Math.max(0, ownVa * ownVa - powerW * powerW));
}

/** Of a three-phase box: a third each unless told otherwise, a constant power factor. */
const ELECTRICAL: Quantities = {
  ...DIRECTED,
  powerL1W: (shown) => phaseW(shown, 0),
  powerL2W: (shown) => phaseW(shown, 1),
  powerL3W: (shown) => phaseW(shown, 2),
  voltageL1V: ({ grid }) => grid.voltageV[0],
  voltageL2V: ({ grid }) => grid.voltageV[1],
  voltageL3V: ({ grid }) => grid.voltageV[2],
  currentL1A: (shown) => phaseA(shown, 0),
  currentL2A: (shown) => phaseA(shown, 1),
  currentL3A: (shown) => phaseA(shown, 2),
  frequencyHz: ({ grid }) => grid.frequencyHz,
  apparentVa,
  powerFactor: ({ powerFactor }) => powerFactor,
  reactiveVar,
};

const COUNTED: Quantities = {
  inWh: ({ inWh }) => inWh,
  outWh: ({ outWh }) => outWh,
};

const CELLS: Quantities = {
  socPct: ({ place }) => place.socPct,
  sohPct: () => 99,
  temperatureC: ({ place }) => place.temperatureC,
  chargeMaxW: ({ place }) => place.chargeMaxW,
  dischargeMaxW: ({ place }) => place.dischargeMaxW,
  voltageV: () => BATTERY_V,
  currentA: ({ place }) => place.powerW / BATTERY_V,
};

/** Of a string, by its number from 0. */
function ofString(n: number): Quantities {
  const watts = ({ place }: Shown): number => place.stringsW?.[n] ?? 0;
  return {
    [`string${n + 1}PowerW`]: watts,
    [`string${n + 1}VoltageV`]: (shown) => (watts(shown) > 0 ? STRING_V : 0),
    [`string${n + 1}CurrentA`]: (shown) => watts(shown) / STRING_V,
  };
}

export const METER_QUANTITIES: Quantities = { ...ELECTRICAL, ...COUNTED };

export function shownByMeter(isTurned: boolean, place: PlaceTruth, grid: GridNow): Shown {
  const { powerW, phasesW, inWh, outWh } = place;
  const powerFactor = METER_POWER_FACTOR;
  if (!isTurned) return { place, grid, powerW, powerFactor, phasesW, inWh, outWh };
  const turnedW = phasesW?.map((ownW) => 0 - ownW);
  const counters = { inWh: outWh, outWh: inWh };
  return { place, grid, powerW: 0 - powerW, powerFactor, phasesW: turnedW, ...counters };
}

/** @param place the terminal's at any instant: it always has the same values */
export function terminalQuantities({ kind }: Terminal, place: PlaceTruth): Quantities {
  const isDc = place.dc === true;
  return {
    ...(isDc ? DIRECTED : ELECTRICAL),
    ...COUNTED,
    ...(!isDc && { cabinetC: (shown: Shown) => 24 + Math.abs(shown.powerW) / 4_000 }),
    ...(kind === 'battery' && place.socPct !== undefined && CELLS),
    ...(kind === 'ev' && {
      socPct: (s: Shown) => (s.place.connected ? s.place.socPct : undefined),
    }),
    ...Object.assign({}, ...(place.stringsW ?? []).map((_, n) => ofString(n))),
  };
}

export function shownByTerminal(place: PlaceTruth, grid: GridNow): Shown {
  const { powerW, inWh, outWh } = place;
  return { place, grid, powerW, powerFactor: 1, phasesW: undefined, inWh, outWh };
}
