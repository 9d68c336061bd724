import type { Directive } from '../contracts/values/directive.ts';
import type { Image } from '../contracts/values/image.ts';
import type { SiteForecast } from '../contracts/values/outlook.ts';
import { conversionOf } from '../contracts/values/part-load.ts';
import { good } from '../contracts/values/reading.ts';
import {
  type Duty,
  reserveOf,
  type Site,
  type StoreSpec,
  type Terminal,
} from '../contracts/values/site.ts';
import { demandComponent, excessComponents } from '../contracts/values/tariff.ts';
import {
  HOUR_MS,
  type Instant,
  localTime,
  MINUTE_MS,
  QUARTER_MS,
} from '../contracts/values/time.ts';
import { converterOf, type Places } from './places.ts';
import type {
  Car,
  Converter,
  Goal,
  PlanProblem,
  StepInput,
  Storage,
  SwitchedLoad,
} from './planning/problem.ts';
import type { PriceBook } from './prices.ts';

/** Everything that a plan rests on, read at one instant. */
export interface Situation {
  readonly site: Site;
  readonly places: Places;
  readonly nowMs: Instant;
  readonly image: Image | undefined;
  readonly forecast: SiteForecast;
  readonly plannedSteps: number; // of the forecast, at most
  readonly prices: PriceBook;
  readonly directives: readonly Directive[]; // as announced, unverified: planning only
  readonly soldWhOf: (fromMs: Instant) => number;
  readonly netSoFarWh: number; // of the running quarter-hour at the connection, + import
  readonly peakSoFarW: number;
  readonly dailyWhOf: (terminal: string) => number; // what a flexible load uses a day
  readonly usedTodayWhOf: (terminal: string) => number;
}

const DEADLINE_MINUTE = 6 * 60 + 30; // local; of a car that nobody gave one
const LEAST_STEP_MS = 60_000;
const SOC_UNKNOWN_PCT = 50;

/** The planning problem of a site now: the rest of this quarter-hour and the steps after it. */
export function problemOf(situation: Situation): PlanProblem {
  const { nowMs, places } = situation;
  const steps = stepsOf(situation);
  const offset = Math.floor(((steps[0]?.fromMs ?? nowMs) - situation.forecast.fromMs) / QUARTER_MS);
  const demand = demandComponent(places.connection.tariff, nowMs);
  return {
    issuedAtMs: nowMs,
    steps,
    sources: sourcesOf(situation, steps.length, Math.max(0, offset)),
    storages: storagesOf(situation, steps),
    switched: switchedOf(situation, steps),
    cars: carsOf(situation, steps),
    converters: places.converters.map(
      ({ id, ratedInW, ratedOutW }): Converter => ({ id, intoW: ratedInW, outOfW: ratedOutW }),
    ),
    commitments: excessComponents(places.connection.tariff, nowMs).map((one) => ({
      ...{ side: one.on, beyondW: one.beyondW, eachNanoPerWh: one.priceNanoPerWh },
    })),
    demand: demand && {
      nanoPerW: Number(demand.nanoPerW),
      // Below what the owner holds anyway, a new peak costs nothing that was not decided before.
      soFarW: situation.peakSoFarW,
    },
  };
}

/**
 * Steps of the forecast that still lie ahead; the first is the rest of the running quarter-hour.
 */
function stepsOf(situation: Situation): StepInput[] {
  const { forecast, plannedSteps, nowMs, prices } = situation;
  const steps: StepInput[] = [];
  forecast.load.slice(0, plannedSteps).forEach((load, i) => {
    const startMs = forecast.fromMs + i * forecast.stepMs;
    const endMs = startMs + forecast.stepMs;
    if (endMs <= nowMs) return;
    const running = startMs <= nowMs;
    const fromMs = running ? Math.min(nowMs, endMs - LEAST_STEP_MS) : startMs;
    const durationMs = endMs - fromMs;
    const soldWh = situation.soldWhOf(startMs);
    steps.push({
      fromMs,
      durationMs,
      loadW: load.midW,
      marginW: 0.5 * (load.highW - load.midW),
      importNanoPerWh: prices.expected('import', startMs),
      exportNanoPerWh: prices.expected('export', startMs),
      ...(prices.at('import', startMs) === undefined && { isPriceForecast: true }),
      ...limitsOf(situation, fromMs, endMs, running),
      // Of the running interval only what is still due.
      soldWh: running && soldWh !== 0 ? soldWh + situation.netSoFarWh : soldWh,
    });
  });
  return steps;
}

/** A limit that ends inside a step leaves the rest of it: the mean of both is planned. */
function limitsOf(
  { places, directives, image, site }: Situation,
  fromMs: Instant,
  untilMs: Instant,
  running: boolean,
): Pick<StepInput, 'importLimitW' | 'exportLimitW' | 'softImportW'> {
  const { connection, fuseW } = places;
  const latest = directives
    .filter((one) => one.kind !== 'heartbeat' && one.fromMs < untilMs && fromMs < one.untilMs)
    .sort((a, b) => b.sequence - a.sequence)[0];
  const coveredMs =
    latest === undefined ? 0 : Math.min(latest.untilMs, untilMs) - Math.max(latest.fromMs, fromMs);
  const share = coveredMs / (untilMs - fromMs);
  const freeW = connection.limitMarginW ?? 0;
  // What stands now stands for the whole step, unless its end is known.
  const standing = running && (share === 0 || share === 1) ? image?.limits : undefined;
  const limitW = (mostW: number, defaultW: number, told = defaultW, standingW = mostW): number => {
    const most = Math.min(mostW, fuseW);
    const meanW = share * Math.min(most, told) + (1 - share) * Math.min(most, defaultW);
    return Math.max(0, Math.min(meanW, standingW) - freeW);
  };
  const { contractedImportW, contractedExportW } = connection;
  const { defaultImportLimitW, defaultExportLimitW } = connection;
  return {
    importLimitW: limitW(
      contractedImportW,
      defaultImportLimitW,
      latest?.importLimitW,
      standing?.importLimitW,
    ),
    exportLimitW: limitW(
      contractedExportW,
      defaultExportLimitW,
      latest?.exportLimitW,
      standing?.exportLimitW,
    ),
    softImportW: Math.min(
      site.control.peakLimitW ?? Number.POSITIVE_INFINITY,
      site.control.peakPowerLimitW ?? Number.POSITIVE_INFINITY,
    ),
  };
}

function sourcesOf(situation: Situation, count: number, offset: number) {
  const { places, forecast } = situation;
  return places.pv.map((terminal) => {
    const share = places.pvRatedW > 0 ? terminal.ratedInW / places.pvRatedW : 0;
    return {
      terminal: terminal.id,
      powerW: Array.from({ length: count }, (_, t) => (forecast.pv[t + offset]?.midW ?? 0) * share),
      curtailable: terminal.control === 'limit',
      converter: converterOf(places, terminal),
      curtailNanoPerWh: terminal.premiumNanoPerWh ?? 0,
    };
  });
}

/** Worth of a Wh that completes a full charge, in dearest hours. */
const FILL_SHARE = 1.2;

function storagesOf(situation: Situation, steps: readonly StepInput[]): Storage[] {
  const { places, image } = situation;
  const loads = places.base.length + places.switched.length > 0;
  return places.storages.map(({ terminal, store }): Storage => {
    const point = (quantity: string): number | undefined =>
      good(image?.points[`${terminal.id}.${quantity}`]);
    const conversion = conversionOf(store);
    const last = image?.points[`${terminal.id}.socPct`];
    const socPct =
      good(last) ?? (last && last.quality !== 'good' ? last.last : undefined) ?? SOC_UNKNOWN_PCT;
    // One that is due for a full charge is to end full, in whichever hours cost least.
    const isFilling = image?.filling?.includes(terminal.id) === true;
    const dearestNano = Math.max(0, ...steps.map((step) => step.importNanoPerWh));
    const lowPct = Math.max(store.socMinPct, reserveOf(store));
    return {
      terminal: terminal.id,
      usableWh: store.usableWh,
      nowWh: (store.usableWh * Math.max(0, Math.min(100, socPct))) / 100,
      minWh: (store.usableWh * lowPct) / 100,
      maxWh: (store.usableWh * (isFilling ? 100 : store.socMaxPct)) / 100,
      chargeMaxW: Math.min(terminal.ratedOutW, point('chargeMaxW') ?? Number.POSITIVE_INFINITY),
      dischargeMaxW: Math.min(
        terminal.ratedInW,
        point('dischargeMaxW') ?? Number.POSITIVE_INFINITY,
      ),
      ...conversion,
      wearNanoPerWh: store.wearNanoPerWh,
      // Half the wear: at equal prices what is stored stays, since tomorrow may ask for it.
      endNanoPerWh: isFilling
        ? FILL_SHARE * (dearestNano + store.wearNanoPerWh)
        : (store.endValueNanoPerWh ??
          Math.max(
            0,
            conversion.dischargeShare * usualPrice(steps, loads) - store.wearNanoPerWh / 2,
          )),
      converter: converterOf(places, terminal),
      ...(isFilling && { isFilling }),
      // The guard rounds what is below it to nothing.
      ...(terminal.minPowerW > 0 && { chargeMinW: terminal.minPowerW }),
      ...(store.mayChargeFromGrid === false && { mayChargeFromGrid: false }),
      ...(store.mayExport === false && { mayExport: false }),
      ...(store.ready && { goals: [goalOf(situation, steps, store, store.ready)] }),
    };
  });
}

/** The charge that a battery is to have at its time of the day, as far as its band reaches. */
function goalOf(
  { site }: Situation,
  steps: readonly StepInput[],
  { usableWh, socMaxPct }: StoreSpec,
  { minuteOfDay, socPct }: NonNullable<StoreSpec['ready']>,
): Goal {
  return {
    atStep: deadlineStep(steps, minuteOfDay, site.place.timeZone) - 1,
    minWh: (usableWh * Math.min(socPct, socMaxPct)) / 100,
    maxWh: Number.POSITIVE_INFINITY,
  };
}

/**
 * What a Wh that is left at the end will likely save: a cheap import price of the horizon where
 * there is load, an average export price where there is only production.
 */
function usualPrice(steps: readonly StepInput[], loads: boolean): number {
  const sorted = steps
    .map((step) => (loads ? step.importNanoPerWh : step.exportNanoPerWh))
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * (loads ? 0.3 : 0.5))] ?? 0;
}

/**
 * A local day owes the load what it usually uses; the rest of today first, then tomorrow's share of
 * the horizon.
 */
function switchedOf(situation: Situation, steps: readonly StepInput[]): SwitchedLoad[] {
  const { places, site } = situation;
  const dayOf = (step: StepInput): number => localTime(step.fromMs, site.place.timeZone).day;
  const firstDay = steps[0] ? dayOf(steps[0]) : 0;
  const turn = steps.findIndex((step) => dayOf(step) !== firstDay);
  const middle = turn < 0 ? steps.length : turn;
  return places.switched.map((terminal): SwitchedLoad => {
    const base = {
      terminal: terminal.id,
      powerW: terminal.ratedOutW,
      minRunSteps: Math.max(1, Math.ceil(terminal.minRunMs / QUARTER_MS)),
      minRestSteps: Math.max(1, Math.ceil(terminal.minRestMs / QUARTER_MS)),
    };
    if (terminal.duty !== undefined) {
      return { ...base, quotas: dutyOf(situation, steps, terminal, terminal.duty) };
    }
    const dailyWh = situation.dailyWhOf(terminal.id);
    const todayWh = Math.max(0, dailyWh - situation.usedTodayWhOf(terminal.id));
    const tomorrowWh = (dailyWh * (steps.length - middle)) / 96;
    return {
      ...base,
      quotas: [
        { fromStep: 0, untilStep: middle, energyWh: todayWh },
        { fromStep: middle, untilStep: steps.length, energyWh: tomorrowWh },
      ].filter(({ fromStep, untilStep }) => untilStep > fromStep),
    };
  });
}

/** What a load is to run on each local day, inside its hours; what it ran today counts. */
function dutyOf(
  { site, usedTodayWhOf }: Situation,
  steps: readonly StepInput[],
  { id, ratedOutW }: Terminal,
  { minutesPerDay, weekdays, fromMinute, untilMinute }: Duty,
): SwitchedLoad['quotas'] {
  const times = steps.map(({ fromMs }) => localTime(fromMs, site.place.timeZone));
  const today = times[0]?.day;
  const days = [...new Set(times.map(({ day }) => day))];
  return days.flatMap((day) => {
    const isOpen = times.map(
      (at) =>
        at.day === day &&
        (weekdays?.includes(at.weekday) ?? true) &&
        at.minuteOfDay >= fromMinute &&
        at.minuteOfDay < untilMinute,
    );
    const fromStep = isOpen.indexOf(true);
    const untilStep = isOpen.lastIndexOf(true) + 1;
    const doneWh = day === today ? usedTodayWhOf(id) : 0;
    const energyWh = Math.max(0, (ratedOutW * minutesPerDay) / 60 - doneWh);
    const lastMinute = times.at(untilStep - 1)?.minuteOfDay ?? 0;
    // A plan that ends inside its hours leaves the rest to the next one.
    const isWhole = lastMinute + QUARTER_MS / MINUTE_MS >= untilMinute;
    return fromStep < 0 || !isWhole ? [] : [{ fromStep, untilStep, energyWh }];
  });
}

/**
 * A car counts while it is plugged in. Its need comes from its charge where that is known,
 * otherwise from habit.
 */
function carsOf(situation: Situation, steps: readonly StepInput[]): Car[] {
  const { places, site, image } = situation;
  return places.cars.flatMap((terminal): Car[] => {
    const state = good(image?.points[`${terminal.id}.state`]);
    if (state === undefined || state < 1) return [];
    const store = site.stores.find((one) => one.terminal === terminal.id);
    const socPct = good(image?.points[`${terminal.id}.socPct`]);
    const habitWh = Math.max(
      0,
      situation.dailyWhOf(terminal.id) - situation.usedTodayWhOf(terminal.id),
    );
    const needWh =
      store?.ready && socPct !== undefined
        ? (store.usableWh * Math.max(0, store.ready.socPct - socPct)) / store.chargeEfficiencyPct
        : socPct !== undefined && socPct >= 99.5
          ? 0
          : habitWh;
    const minute = store?.ready?.minuteOfDay ?? DEADLINE_MINUTE;
    const untilStep = deadlineStep(steps, minute, site.place.timeZone);
    const maxW = terminal.ratedOutW;
    const mostWh = steps
      .slice(0, untilStep)
      .reduce((sum, step) => sum + (maxW * step.durationMs) / HOUR_MS, 0);
    return [
      {
        terminal: terminal.id,
        minW: terminal.minPowerW,
        maxW,
        needWh: Math.min(needWh, mostWh),
        untilStep,
      },
    ];
  });
}

/** Steps that end by the next time that local clocks show the minute. */
function deadlineStep(steps: readonly StepInput[], minute: number, timeZone: string): number {
  const first = steps[0];
  if (first === undefined) return 0;
  const nowMinute = localTime(first.fromMs, timeZone).minuteOfDay;
  const minutes = (minute - nowMinute + 1_440) % 1_440;
  const deadlineMs = first.fromMs + (minutes === 0 ? 1_440 : minutes) * MINUTE_MS;
  const found = steps.findIndex((step) => step.fromMs + step.durationMs > deadlineMs);
  return found < 0 ? steps.length : Math.max(1, found);
}
