import {
  answerOf,
  keptImportW,
  type Levels,
  levelsSeen,
  type ValueStore,
} from '../../contracts/values/levels.ts';
import type { Outlook } from '../../contracts/values/outlook.ts';
import {
  chargeForW,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import { converterPower } from './evaluate.ts';
import {
  hoursOf,
  type PlanProblem,
  type Schedule,
  type StepInput,
  type Storage,
} from './problem.ts';
import { holdBack } from './rules.ts';
import { ownStores, pooledLevels, poolOf } from './value/pool.ts';

/** A plan with the problem that it answers. */
export interface Planned {
  readonly problem: PlanProblem;
  readonly outlook: Outlook;
}

interface Rows {
  readonly curtailW: number[][];
  readonly chargeW: number[][];
  readonly dischargeW: number[][];
  readonly switchedShare: readonly (readonly number[])[];
  readonly carW: readonly (readonly number[])[];
}

/**
 * What becomes of a plan on a day that may not be as expected: batteries do what the guard would
 * let them do against the live meter, by their levels, inside the band and the powers of `day`;
 * loads and cars run as planned; production is held back where selling costs, and where a limit
 * asks for it.
 */
export function liveRun({ problem, outlook }: Planned, day: PlanProblem): Schedule {
  const plannedW = (terminal: string, t: number): number =>
    outlook.steps[t]?.terminals[terminal] ?? 0;
  const each = (value: (t: number) => number): number[] =>
    day.steps.map((_, t) => Math.max(0, value(t)));
  const rest = (): number[][] => day.storages.map(() => day.steps.map(() => 0));
  const rows: Rows = {
    // Where one is paid to use it, the sun is held back as planned.
    curtailW: day.sources.map((source, i) =>
      each((t) => {
        if (!source.curtailable || (day.steps[t]?.importNanoPerWh ?? 0) >= 0) return 0;
        const heldW = (problem.sources[i]?.powerW[t] ?? 0) - plannedW(source.terminal, t);
        return Math.min(source.powerW[t] ?? 0, heldW);
      }),
    ),
    chargeW: rest(),
    dischargeW: rest(),
    switchedShare: day.switched.map(({ terminal, powerW }) =>
      each((t) => (powerW > 0 ? -plannedW(terminal, t) / powerW : 0)),
    ),
    carW: day.cars.map(({ terminal }) => each((t) => -plannedW(terminal, t))),
  };
  const pool = poolOf(day);
  const stores = ownStores(day);
  const socWh = day.storages.map(({ nowWh }) => nowWh);
  day.steps.forEach((step, t) => {
    const needW = needOf(day, rows, t);
    let givesW = 0;
    if (pool !== undefined) {
      const levels = pooledLevels(stores, outlook.steps[t]?.levels ?? {}) ?? following(pool);
      const nowWh = stores.reduce((sum, one) => sum + (socWh[day.storages.indexOf(one)] ?? 0), 0);
      const led = { ...pool, minWh: Math.max(pool.minWh, levels.leastWh) };
      const seen = levelsSeen(levels, outlook.steps[t]?.byNeed, { needW, share: 1 }, led);
      const keptW = keptImportW(outlook.steps[t] ?? {}, needW);
      const askedW = answerIn(step, seen, needW, nowWh, led, keptW);
      givesW = move(day, rows, t, askedW, socWh);
    }
    if (step.importNanoPerWh < 0) return;
    const throughW = new Map(
      day.converters.map(({ id }) => [id, converterPower(day, rows, id, t)]),
    );
    holdBack(day, rows, t, givesW - needW - mostExportW(step), throughW);
  });
  return rows;
}

/** Beyond it production is held back: the limit, or what was sold where more of it costs. */
const mostExportW = (step: StepInput): number =>
  step.exportNanoPerWh < 0 ? Math.max(0, step.soldWh / hoursOf(step)) : step.exportLimitW;

/** As the rules do: every surplus is stored, every need covered. */
const following = ({ minWh, maxWh }: ValueStore) => ({
  leastWh: minWh,
  buyToWh: minWh,
  storeToWh: maxWh,
  coverToWh: minWh,
  sellToWh: maxWh,
});

/** Of the site without its batteries, W, + deficit. */
function needOf(day: PlanProblem, rows: Rows, t: number): number {
  const at = (of: readonly (readonly number[])[], i: number): number => of[i]?.[t] ?? 0;
  const madeW = day.sources.reduce(
    (sum, source, i) => sum + (source.powerW[t] ?? 0) - at(rows.curtailW, i),
    0,
  );
  const flexW =
    day.switched.reduce((sum, load, i) => sum + load.powerW * at(rows.switchedShare, i), 0) +
    day.cars.reduce((sum, _, i) => sum + at(rows.carW, i), 0);
  return (day.steps[t]?.loadW ?? 0) + flexW - madeW;
}

/** What the batteries are asked to give together, W. */
function answerIn(
  step: StepInput,
  levels: Levels,
  needW: number,
  nowWh: number,
  pool: ValueStore,
  capW: number,
): number {
  const hours = hoursOf(step);
  const { soldWh, importLimitW, exportLimitW, softImportW } = step;
  const bounds = {
    mostImportWh: Math.min(capW, importLimitW, softImportW) * hours + soldWh,
    mostExportWh: exportLimitW * hours - soldWh,
  };
  return answerOf(levels, needW * hours + soldWh, nowWh, pool, hours, bounds) / hours;
}

/** Shares a power over the stores by what each has left. @returns what they do of it, W */
function move(day: PlanProblem, rows: Rows, t: number, askedW: number, socWh: number[]): number {
  const step = day.steps[t];
  if (step === undefined || askedW === 0) return 0;
  const hours = hoursOf(step);
  const own = ownStores(day);
  const rooms = own.map((store) => {
    const soc = socWh[day.storages.indexOf(store)] ?? 0;
    const throughW = passingW(day, rows, t, store);
    const leftWh = Math.max(0, askedW > 0 ? soc - store.minWh : store.maxWh - soc);
    const mostW =
      askedW > 0
        ? Math.min(store.dischargeMaxW, throughW.intoW, dischargeForW(store, leftWh / hours))
        : Math.min(store.chargeMaxW, throughW.outOfW, chargeForW(store, leftWh / hours));
    return { leftWh, mostW };
  });
  const parts = spread(Math.abs(askedW), rooms);
  let doneW = 0;
  own.forEach((store, n) => {
    const s = day.storages.indexOf(store);
    const partW = parts[n] ?? 0;
    const powerW = askedW < 0 && partW < (store.chargeMinW ?? 0) ? 0 : partW;
    put(askedW > 0 ? rows.dischargeW : rows.chargeW, s, t, powerW);
    const storedW = askedW > 0 ? -outOfStoreW(store, powerW) : intoStoreW(store, powerW);
    socWh[s] = (socWh[s] ?? 0) + storedW * hours;
    doneW += askedW > 0 ? powerW : -powerW;
  });
  return doneW;
}

/** What the converter before a store lets through beside its sun. */
function passingW(day: PlanProblem, rows: Rows, t: number, store: Storage) {
  const converter = day.converters.find(({ id }) => id === store.converter);
  if (converter === undefined) return { intoW: Infinity, outOfW: Infinity };
  const nowW = converterPower(day, rows, converter.id, t);
  return {
    intoW: Math.max(0, converter.intoW - nowW),
    outOfW: Math.max(0, converter.outOfW + nowW),
  };
}

/** Parts of a sum by weight, none above its most. */
function spread(
  total: number,
  rooms: readonly { readonly leftWh: number; readonly mostW: number }[],
): number[] {
  const parts = rooms.map(() => 0);
  let left = total;
  for (let round = 0; round < rooms.length && left > 1e-6; round += 1) {
    const isOpen = (n: number): boolean => (rooms[n]?.mostW ?? 0) - (parts[n] ?? 0) > 1e-6;
    const weights = rooms.map(({ leftWh }, n) => (isOpen(n) ? leftWh : 0));
    const sum = weights.reduce((all, one) => all + one, 0);
    if (sum <= 0) break;
    const share = left / sum;
    rooms.forEach(({ mostW }, n) => {
      const before = parts[n] ?? 0;
      const next = Math.min(mostW, before + share * (weights[n] ?? 0));
      parts[n] = next;
      left -= next - before;
    });
  }
  return parts;
}

function put(rows: readonly number[][], i: number, t: number, value: number): void {
  const row = rows[i];
  if (row) row[t] = value;
}
