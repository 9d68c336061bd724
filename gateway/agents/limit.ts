import type { DayAccount } from '../contracts/values/account.ts';
import { conversionOf } from '../contracts/values/part-load.ts';
import { reserveOf } from '../contracts/values/site.ts';
import { demandComponent, excessComponents } from '../contracts/values/tariff.ts';
import { DAY_MS, HOUR_MS, QUARTER_MS } from '../contracts/values/time.ts';
import type { Solver } from '../ports.ts';
import { moneyOf, peakOf, withoutBattery } from './money.ts';
import { converterOf } from './places.ts';
import { makePlan } from './planning/plan.ts';
import type { PlanProblem, StepInput, Storage } from './planning/problem.ts';
import type { WholeDay } from './savings/account.ts';

const HOURS = QUARTER_MS / HOUR_MS;
const END_MS = DAY_MS; // of the last step: so long that no battery's power binds in it
const NEAR_SHARE = 0.01; // of the usable energy, that the end may miss

/**
 * Perfect foresight: the lowest cost of the day as measured for who had known it, its batteries at
 * both midnights charged as ours were, our market positions kept; wear costs nothing here. Loads
 * and cars run as they ran.
 */
export async function withLimit(
  account: DayAccount,
  day: WholeDay,
  solver: Solver,
  timeLimitMs: number,
): Promise<DayAccount> {
  if (account.costs === undefined) return account;
  const found = await limitNano(day, solver, timeLimitMs);
  const costs =
    typeof found === 'string'
      ? { ...account.costs, limitWhy: found }
      : { ...account.costs, limitNano: String(found), limitWhy: '' };
  return { ...account, costs };
}

async function limitNano(
  day: WholeDay,
  solver: Solver,
  timeLimitMs: number,
): Promise<bigint | string> {
  const { input, endWh } = day;
  if (input.places.storages.length === 0) {
    return moneyOf({ ...input, atMs: input.fromMs }).costNano;
  }
  const outlook = await makePlan(limitProblem(day), solver, timeLimitMs);
  if (outlook.source !== 'optimal') return outlook.detail;
  const lackWh = ((outlook.steps.at(-1)?.gridW ?? 0) * END_MS) / HOUR_MS;
  const usableWh = input.places.storages.reduce((sum, { store }) => sum + store.usableWh, 0);
  if (lackWh > NEAR_SHARE * usableWh) {
    const keptWh = Object.values(endWh).reduce((sum, wh) => sum + wh, 0);
    return `the model does not reach the ${Math.round(keptWh)} Wh that were stored at the end`;
  }
  const quarters = input.quarters.map((quarter, t) => {
    const netWh = Math.round((outlook.steps[t]?.gridW ?? 0) * HOURS);
    return { ...quarter, inWh: Math.max(0, netWh), outWh: Math.max(0, -netWh) };
  });
  return moneyOf({ ...input, quarters, atMs: input.fromMs }).costNano;
}

/**
 * The measured day as a planning problem. Its last step takes what our batteries still held: only
 * they may give it.
 */
export function limitProblem({ input, startWh, endWh }: WholeDay): PlanProblem {
  const { places, quarters, fromMs, untilMs } = input;
  const { connection } = places;
  const demand = demandComponent(connection.tariff, fromMs);
  const needs = quarters.map((quarter) => {
    const plain = withoutBattery(quarter, undefined);
    const netWh = plain.inWh - plain.outWh;
    const sunWh = places.pv.length === 0 ? 0 : Math.max(quarter.pvWh ?? 0, -netWh);
    return { loadW: (netWh + sunWh) / HOURS, sunW: sunWh / HOURS };
  });
  const storages = storagesOf({ input, startWh, endWh });
  const keptWh = storages.reduce(
    (sum, { terminal, minWh, dischargeShare }) =>
      sum + Math.max(0, (endWh[terminal] ?? 0) - minWh) * dischargeShare,
    0,
  );
  const steps = quarters.map((quarter, t): StepInput => {
    const { fromMs: atMs } = quarter;
    return {
      ...{ fromMs: atMs, durationMs: QUARTER_MS, loadW: needs[t]?.loadW ?? 0, marginW: 0 },
      importNanoPerWh: input.priceOf('import', atMs) ?? 0,
      exportNanoPerWh: input.priceOf('export', atMs) ?? 0,
      importLimitW: Math.max(connection.contractedImportW, quarter.inWh / HOURS),
      exportLimitW: Math.max(connection.contractedExportW, quarter.outWh / HOURS),
      softImportW: Number.POSITIVE_INFINITY,
      soldWh: input.tradeOf(atMs)?.soldWh ?? 0,
    };
  });
  const end: StepInput = {
    ...{ fromMs: untilMs, durationMs: END_MS, loadW: (keptWh * HOUR_MS) / END_MS, marginW: 0 },
    importNanoPerWh: Math.max(0, ...steps.map((step) => step.importNanoPerWh)),
    ...{ exportNanoPerWh: 0, importLimitW: 0, exportLimitW: 0, soldWh: 0 },
    softImportW: Number.POSITIVE_INFINITY,
  };
  return {
    issuedAtMs: fromMs,
    steps: [...steps, end],
    sources: places.pv.map((terminal) => {
      const share = places.pvRatedW > 0 ? terminal.ratedInW / places.pvRatedW : 0;
      return {
        terminal: terminal.id,
        powerW: [...needs.map(({ sunW }) => sunW * share), 0],
        curtailable: terminal.control === 'limit',
        converter: converterOf(places, terminal),
      };
    }),
    storages,
    switched: [],
    cars: [],
    converters: places.converters.map(({ id, ratedInW, ratedOutW }) => ({
      ...{ id, intoW: ratedInW, outOfW: ratedOutW },
    })),
    commitments: excessComponents(connection.tariff, fromMs).map((one) => ({
      ...{ side: one.on, beyondW: one.beyondW, eachNanoPerWh: one.priceNanoPerWh },
    })),
    demand: demand && {
      nanoPerW: Number(demand.nanoPerW),
      soFarW: demand.period === 'day' ? 0 : peakOf(input.before),
    },
  };
}

function storagesOf({ input: { places }, startWh, endWh }: WholeDay): Storage[] {
  return places.storages.map(({ terminal, store }) => ({
    terminal: terminal.id,
    usableWh: store.usableWh,
    nowWh: startWh[terminal.id] ?? 0,
    minWh: (store.usableWh * Math.max(store.socMinPct, reserveOf(store))) / 100,
    maxWh: Math.max((store.usableWh * store.socMaxPct) / 100, endWh[terminal.id] ?? 0),
    chargeMaxW: terminal.ratedOutW,
    dischargeMaxW: terminal.ratedInW,
    ...conversionOf(store),
    wearNanoPerWh: 0,
    endNanoPerWh: 0,
    converter: converterOf(places, terminal),
  }));
}
