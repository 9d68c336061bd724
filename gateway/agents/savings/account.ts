import type { DayAccount } from '../../contracts/values/account.ts';
import {
  chargeForW,
  conversionOf,
  dischargeForW,
  intoStoreW,
  outOfStoreW,
} from '../../contracts/values/part-load.ts';
import { reserveOf } from '../../contracts/values/site.ts';
import { demandComponent } from '../../contracts/values/tariff.ts';
import {
  HOUR_MS,
  type Instant,
  localDate,
  localTime,
  QUARTER_MS,
} from '../../contracts/values/time.ts';
import { type MoneyInput, moneyOf, peakOf, withoutBattery } from '../money.ts';
import { converterOf, type Places } from '../places.ts';
import { COVERED_PCT, type MeasuredQuarter } from '../quarters.ts';

/** What a day's account is made of: the quarter-hours as measured, and the prices they had. */
export interface AccountInput extends Omit<MoneyInput, 'atMs'> {
  readonly places: Places;
  readonly fromMs: Instant; // local midnight
  readonly untilMs: Instant; // the next one
  readonly previous: DayAccount | undefined; // of the day before
}

/** The day as a whole, where nothing of it lacks. */
export interface WholeDay {
  readonly input: AccountInput;
  readonly startWh: Readonly<Record<string, number>>; // in each battery
  readonly endWh: Readonly<Record<string, number>>;
}

const HOURS = QUARTER_MS / HOUR_MS;

/**
 * A day's account without its limit.
 * @returns undefined where nothing of the day was measured
 */
export function accountOf(
  input: AccountInput,
): { readonly account: DayAccount; readonly whole: WholeDay | undefined } | undefined {
  const { fromMs, untilMs, places, noteOf, priceOf } = input;
  const { tariff } = places.connection;
  const known = new Map(input.quarters.filter(isMeasured(places)).map((one) => [one.fromMs, one]));
  if (known.size === 0) return undefined;
  const missing: { fromMs: Instant; untilMs: Instant }[] = [];
  let [missingCount, unpricedCount, heldBackCount] = [0, 0, 0];
  for (let atMs = fromMs; atMs < untilMs; atMs += QUARTER_MS) {
    if (priceOf('import', atMs) === undefined || priceOf('export', atMs) === undefined) {
      unpricedCount += 1;
    }
    if (noteOf(atMs)?.curtailed) heldBackCount += 1;
    if (known.has(atMs)) continue;
    missingCount += 1;
    const last = missing.at(-1);
    if (last?.untilMs === atMs) last.untilMs = atMs + QUARTER_MS;
    else missing.push({ fromMs: atMs, untilMs: atMs + QUARTER_MS });
  }
  const startWh = storedWh(input, fromMs);
  const endWh = storedWh(input, untilMs);
  const chargeUnknown = startWh === undefined || endWh === undefined;
  const base = {
    v: 1,
    ...{ day: localDate(fromMs, tariff.timeZone), fromMs, untilMs, currency: tariff.currency },
    ...{ missing, missingCount, unpricedCount, chargeUnknown, heldBackCount },
  } as const;
  if (chargeUnknown || missingCount > 0 || unpricedCount > 0) {
    const account = { ...base, costs: undefined, startWh: 0, endWh: 0, self: undefined };
    return { account, whole: undefined };
  }
  const own = moneyOf({ ...input, atMs: fromMs });
  const self = selfConsumption(input, startOfSelf(input, startWh));
  const account: DayAccount = {
    ...base,
    costs: {
      oursNano: String(own.costNano),
      noneNano: String(own.withoutBatteryNano),
      selfNano: String(self.costNano),
      limitNano: undefined,
      limitWhy: 'not computed yet',
    },
    startWh: Math.round(total(startWh)),
    endWh: Math.round(total(endWh)),
    self: { storedWh: self.storedWh, peakW: self.peakW },
  };
  return { account, whole: { input, startWh, endWh } };
}

/** Cost of the running day so far with batteries that only follow the meter. */
export function selfSoFar(input: AccountInput): bigint | undefined {
  const startWh = storedWh(input, input.fromMs);
  if (startWh === undefined || input.places.storages.length === 0) return undefined;
  return selfConsumption(input, startOfSelf(input, startWh)).costNano;
}

const total = (energies: Readonly<Record<string, number>>): number =>
  Object.values(energies).reduce((sum, energyWh) => sum + energyWh, 0);

/** Imported history is no measurement, and a battery without a record is not one at rest. */
const isMeasured =
  (places: Places) =>
  ({ quality, coveragePct, batteryWh }: MeasuredQuarter): boolean =>
    quality !== 'substituted' &&
    coveragePct >= COVERED_PCT &&
    (places.storages.length === 0 || batteryWh !== undefined);

/** In each battery at an instant, as seen at the end of the quarter-hour before. */
function storedWh(
  { places, noteOf }: AccountInput,
  atMs: Instant,
): Readonly<Record<string, number>> | undefined {
  const note = noteOf(atMs - QUARTER_MS);
  const stored: Record<string, number> = {};
  for (const { terminal, store } of places.storages) {
    const socPct = note?.socPct[terminal.id];
    if (socPct === undefined) return undefined;
    stored[terminal.id] = (store.usableWh * socPct) / 100;
  }
  return stored;
}

interface SelfStart {
  readonly storedWh: Readonly<Record<string, number>>;
  readonly peakW: number;
}

/**
 * The simulated battery keeps its own charge from day to day, and its own peak within a period; it
 * begins as the real one stood where the day before has no account.
 */
function startOfSelf(input: AccountInput, startWh: Readonly<Record<string, number>>): SelfStart {
  const { previous, fromMs, places, before } = input;
  const { tariff } = places.connection;
  const carried = previous?.untilMs === fromMs ? previous.self : undefined;
  if (carried === undefined) return { storedWh: startWh, peakW: peakOf(before) };
  const period = demandComponent(tariff, fromMs)?.period;
  const monthStarts = localTime(fromMs, tariff.timeZone).day === 1;
  return period === 'month' && !monthStarts ? carried : { ...carried, peakW: 0 };
}

function selfConsumption(
  input: AccountInput,
  start: SelfStart,
): { costNano: bigint; storedWh: Record<string, number>; peakW: number } {
  const stored = { ...start.storedWh };
  const quarters = input.quarters.map((quarter) => followed(input, quarter, stored));
  const before = { ...NOTHING, inWh: start.peakW * HOURS };
  const { costNano } = moneyOf({
    ...{ ...input, quarters, before: [before], atMs: input.fromMs },
    tradeOf: () => undefined,
  });
  for (const [id, energyWh] of Object.entries(stored)) stored[id] = Math.round(energyWh);
  const peakW = Math.round(Math.max(start.peakW, peakOf(quarters)));
  return { costNano, storedWh: stored, peakW };
}

const NOTHING: MeasuredQuarter = {
  ...{ fromMs: 0, inWh: 0, outWh: 0, pvWh: 0, loadWh: 0, batteryWh: 0, usedBy: {} },
  ...{ quality: 'measured', coveragePct: 100 },
};

/** The quarter-hour with batteries that take each surplus and cover each deficit they can. */
function followed(
  { places, noteOf }: AccountInput,
  quarter: MeasuredQuarter,
  stored: Record<string, number>,
): MeasuredQuarter {
  const note = noteOf(quarter.fromMs);
  const plain = withoutBattery(quarter, note);
  let needWh = plain.inWh - plain.outWh;
  const through = throughWh(places, quarter);
  for (const { terminal, store } of places.storages) {
    const heldWh = stored[terminal.id] ?? 0;
    const lowWh = (store.usableWh * Math.max(store.socMinPct, reserveOf(store))) / 100;
    const highWh = (store.usableWh * store.socMaxPct) / 100;
    const converter = converterOf(places, terminal);
    const box = places.converters.find(({ id }) => id === converter);
    const passedWh = (box && through.get(box.id)) ?? 0;
    const of = conversionOf(store);
    const givesMostWh = Math.min(
      terminal.ratedInW * HOURS,
      dischargeForW(of, Math.max(0, heldWh - lowWh) / HOURS) * HOURS,
      box ? Math.max(0, box.ratedInW * HOURS - passedWh) : Number.POSITIVE_INFINITY,
    );
    const takesMostWh = Math.min(
      terminal.ratedOutW * HOURS,
      chargeForW(of, Math.max(0, highWh - heldWh) / HOURS) * HOURS,
      box ? Math.max(0, box.ratedOutW * HOURS + passedWh) : Number.POSITIVE_INFINITY,
    );
    const givenWh = needWh > 0 ? Math.min(needWh, givesMostWh) : Math.max(needWh, -takesMostWh);
    const givenW = givenWh / HOURS;
    const drawnW = givenW > 0 ? outOfStoreW(of, givenW) : -intoStoreW(of, -givenW);
    stored[terminal.id] = heldWh - drawnW * HOURS;
    if (box) through.set(box.id, passedWh + givenWh);
    needWh -= givenWh;
  }
  const netWh = Math.round(needWh);
  // What flickers around zero within the quarter-hour is evened out while a battery has room.
  const bothWaysWh = Math.abs(needWh) > 0.5 ? (note?.bothWaysWh ?? 0) : 0;
  const inWh = Math.max(0, netWh) + bothWaysWh;
  return { ...quarter, inWh, outWh: Math.max(0, -netWh) + bothWaysWh };
}

/** Production that passes each converter, Wh into the ac node. */
function throughWh(places: Places, { pvWh }: MeasuredQuarter): Map<string, number> {
  const through = new Map<string, number>();
  for (const terminal of places.pv) {
    const converter = converterOf(places, terminal);
    if (converter === undefined || places.pvRatedW <= 0) continue;
    const shareWh = ((pvWh ?? 0) * terminal.ratedInW) / places.pvRatedW;
    through.set(converter, (through.get(converter) ?? 0) + shareWh);
  }
  return through;
}
