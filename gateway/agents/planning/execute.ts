import {
  actOf,
  type KeptImport,
  keptImportW,
  type StoreAct,
} from '../../contracts/values/levels.ts';
import type { Outlook, OutlookStep } from '../../contracts/values/outlook.ts';
import type { PlanStep, TerminalStep } from '../../contracts/values/plan.ts';
import { clockTime, power, price } from '../../contracts/values/words.ts';
import { hoursOf, type PlanProblem, type Storage } from './problem.ts';

export interface Words {
  readonly timeZone: string;
  readonly currency: string;
}

const NEAR_W = 100;
const NEAR_PCT = 1;
/** Steps whose every act has its reason: a plan runs out long before the others. */
const SAID_STEPS = 8;

/**
 * Turns a plan into steps that the guard executes against the live meter and the live charge:
 * levels of what batteries store, what import they are to keep, whether selling costs; loads and
 * cars as planned.
 */
export function planSteps(
  problem: PlanProblem,
  outlook: Outlook,
  words: Words,
  count: number,
): PlanStep[] {
  return outlook.steps.slice(0, count).map((step, t) => {
    const whys = whysOf(problem, outlook, t, words);
    const act = expectedAct(problem, outlook, t);
    return {
      fromMs: step.fromMs,
      durationMs: step.durationMs,
      expectGridW: Math.round(step.gridW),
      ...keptImport(problem, outlook, t),
      ...(step.byNeed !== undefined && { byNeed: step.byNeed }),
      ...mostExport(problem, step, t),
      why: step.levels === undefined ? plainWhy(outlook) : whys[act],
      ...(step.levels !== undefined && t < SAID_STEPS && { whys }),
      terminals: [
        ...problem.storages.map((store) => batteryStep(problem, step, t, store)),
        ...loadSteps(problem, step),
        ...sourceSteps(problem, step),
      ],
    };
  });
}

function batteryStep(
  problem: PlanProblem,
  step: OutlookStep,
  t: number,
  store: Storage,
): TerminalStep {
  const { terminal, chargeMaxW, dischargeMaxW } = store;
  const powerW = Math.round(step.terminals[terminal] ?? 0);
  const base = { terminal, powerW, minW: -chargeMaxW, maxW: dischargeMaxW };
  const levels = step.levels?.[terminal];
  if (levels === undefined) return { ...base, follow: 'self', gridW: 0 };
  return { ...base, follow: 'levels', gridW: soldGridW(problem, t), levels };
}

/** Exchange that was sold (-) or bought: neither need nor surplus. */
function soldGridW({ steps }: PlanProblem, t: number): number {
  const step = steps[t];
  return step === undefined ? 0 : 0 - Math.round(step.soldWh / hoursOf(step));
}

/** Where the highest import costs, what batteries keep; never beyond the owner's own peak. */
function keptImport({ steps }: PlanProblem, outlook: Outlook, t: number): KeptImport {
  const { mostImportW, rises } = outlook.steps[t] ?? {};
  if (mostImportW === undefined) return {};
  const ownW = steps[t]?.softImportW ?? Infinity;
  const whole = (powerW: number): number => Math.round(Math.min(powerW, ownW));
  return {
    mostImportW: whole(mostImportW),
    ...(rises !== undefined && {
      rises: rises.map((one) => ({
        aboveW: Math.round(one.aboveW),
        mostImportW: whole(one.mostImportW),
      })),
    }),
  };
}

/** Where selling costs, only what was sold is exported. */
function mostExport(problem: PlanProblem, step: OutlookStep, t: number) {
  const isHeld = step.exportNanoPerWh < 0 && problem.sources.some((one) => one.curtailable);
  return isHeld ? { mostExportW: Math.max(0, 0 - soldGridW(problem, t)) } : {};
}

function loadSteps(problem: PlanProblem, step: OutlookStep): TerminalStep[] {
  const open = { gridW: 0, minW: 0, maxW: 0 };
  const planned = (terminal: string): number => step.terminals[terminal] ?? 0;
  return [
    ...problem.switched.map(({ terminal, powerW }): TerminalStep => {
      const on = -planned(terminal) >= powerW / 2;
      return {
        ...open,
        terminal,
        follow: on ? 'on' : 'off',
        powerW: on ? -powerW : 0,
        minW: -powerW,
      };
    }),
    ...problem.cars.map(({ terminal, maxW }): TerminalStep => {
      const powerW = Math.round(planned(terminal));
      // Where the plan lets it charge on the sun alone, the live surplus decides how much.
      const onSun = powerW < -NEAR_W && step.gridW < NEAR_W;
      return { ...open, terminal, follow: onSun ? 'self' : 'fixed', powerW, minW: -maxW };
    }),
  ];
}

/** Where one is paid to use power, the sun is held back; elsewhere the guard sees the real sun. */
function sourceSteps(problem: PlanProblem, step: OutlookStep): TerminalStep[] {
  if (step.curtailedW < NEAR_W || step.importNanoPerWh >= 0) return [];
  return problem.sources
    .filter((source) => source.curtailable)
    .map(({ terminal }) => {
      const powerW = Math.max(0, Math.round(step.terminals[terminal] ?? 0));
      return { terminal, follow: 'limit', powerW, gridW: 0, minW: 0, maxW: powerW };
    });
}

const plainWhy = ({ source, detail }: Outlook): string =>
  source === 'rules' && detail !== ''
    ? `the battery follows the meter, ${detail}`
    : 'the site takes what it needs';

/** What the batteries are expected to do in a step. */
function expectedAct(problem: PlanProblem, { steps }: Outlook, t: number): StoreAct {
  const step = steps[t];
  const input = problem.steps[t];
  if (step === undefined || input === undefined) return 'rest';
  const hours = hoursOf(input);
  const givesWh = step.batteryW * hours;
  const needW = step.gridW + step.batteryW;
  const needWh = needW * hours + input.soldWh;
  const isPeak = givesWh > NEAR_W * hours && step.gridW > keptImportW(step, needW) - NEAR_W;
  return isPeak ? 'peak' : actOf(givesWh, needWh, Number.POSITIVE_INFINITY);
}

/** Why batteries do what they may do in a step: a clause for each act, with what decides. */
function whysOf(
  problem: PlanProblem,
  outlook: Outlook,
  t: number,
  words: Words,
): Record<StoreAct | 'spare', string> {
  const step = outlook.steps[t];
  const store = problem.storages[0];
  const { importNanoPerWh = 0, exportNanoPerWh = 0 } = step ?? {};
  const ct = (nano: number): string => price(nano, words.currency);
  const dearest = dearestAfter(outlook, t);
  const then =
    dearest &&
    `${dearest.isPriceForecast === true ? 'an expected ' : ''}${ct(dearest.importNanoPerWh)} at ${
      clockTime(dearest.fromMs, words.timeZone) //
    }`;
  const worth = ct(step?.worthNanoPerWh[store?.terminal ?? ''] ?? 0);
  const levels = step?.levels?.[store?.terminal ?? ''];
  const leastPct = store === undefined ? 0 : (100 * store.minWh) / store.usableWh;
  const isKept = levels !== undefined && levels.coverToPct > leastPct + NEAR_PCT;
  const isDearest = outlook.steps.every((one) => one.importNanoPerWh <= importNanoPerWh);
  return {
    buy: `power costs ${ct(importNanoPerWh)} now and ${then ?? `is worth ${worth} stored`}`,
    store: `the sun's surplus earns ${ct(exportNanoPerWh)} now and ${
      then ? `saves ${then}` : `is worth ${worth} stored`
    }`,
    cover: isDearest
      ? `it is the dearest time of the day, ${ct(importNanoPerWh)}`
      : `every kWh bought now costs ${ct(importNanoPerWh)}`,
    sell: `it earns ${ct(exportNanoPerWh)} now, more than it saves later`,
    peak: peakWhy(step, outlook.peakW),
    rest: isKept
      ? `what is stored is kept ${then ? `for ${then}` : `: it is worth ${worth} later`}`
      : 'the battery has nothing to gain now',
    spare: `selling costs ${ct(Math.abs(exportNanoPerWh))} now`,
  };
}

/** Where the demand may rise, it does so only as far as keeping it would cost more. */
function peakWhy(step: OutlookStep | undefined, peakW: number): string {
  const { mostImportW = peakW, rises } = step ?? {};
  const stays = `so that the highest demand stays at ${power(mostImportW)}`;
  return rises === undefined ? stays : `${stays}, or as near as it pays`;
}

function dearestAfter(outlook: Outlook, t: number): OutlookStep | undefined {
  const now = outlook.steps[t];
  let best: OutlookStep | undefined;
  for (const step of outlook.steps.slice(t + 1)) {
    const dearestNano = best?.importNanoPerWh ?? now?.importNanoPerWh ?? 0;
    if (step.batteryW > NEAR_W && step.importNanoPerWh > dearestNano) best = step;
  }
  return best;
}
