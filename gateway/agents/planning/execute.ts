import type { Outlook, OutlookStep } from '../../contracts/values/outlook.ts';
import type { PlanStep, TerminalStep } from '../../contracts/values/plan.ts';
import { clockTime, power, price } from '../../contracts/values/words.ts';
import { type PlanProblem, priceScale, type Storage } from './problem.ts';

/** How one battery is to be led in a step. */
export type Lead = 'follow' | 'fixed-charge' | 'fixed-discharge' | 'hold-peak';

export interface Words {
  readonly timeZone: string;
  readonly currency: string;
}

const NEAR_W = 100;

/**
 * Turns a plan into steps that the guard executes against the live meter, in the sense of the plan:
 * a battery that is to take a surplus follows the meter and takes it as early as it comes; only
 * buying for the store and selling from it are fixed powers; the worth of stored energy opens or
 * closes what the forecast did not expect.
 */
export function planSteps(
  problem: PlanProblem,
  outlook: Outlook,
  words: Words,
  count: number,
): PlanStep[] {
  return outlook.steps.slice(0, count).map((step, t) => ({
    fromMs: step.fromMs,
    durationMs: step.durationMs,
    expectGridW: Math.round(step.gridW),
    why: whyOf(problem, outlook, t, words),
    terminals: [
      ...problem.storages.map((store) => batteryStep(problem, outlook, t, store)),
      ...loadSteps(problem, step),
      ...sourceSteps(problem, step),
    ],
  }));
}

/** Lead of a battery in a step, from what the plan does there. */
export function leadOf(problem: PlanProblem, outlook: Outlook, t: number, store: Storage): Lead {
  const step = outlook.steps[t];
  if (step === undefined || outlook.source === 'rules') return 'follow';
  const powerW = step.terminals[store.terminal] ?? 0;
  const nearW = Math.max(NEAR_W, 0.02 * Math.max(store.chargeMaxW, store.dischargeMaxW));
  const needW = step.gridW + step.batteryW; // of the site without its batteries, + deficit
  if (powerW < -nearW && -step.batteryW > Math.max(0, -needW) + nearW) return 'fixed-charge';
  if (powerW > nearW && step.batteryW > Math.max(0, needW) + nearW) return 'fixed-discharge';
  const marginW = problem.steps[t]?.marginW ?? 0;
  const atPeak = problem.demand !== undefined && step.gridW + marginW > outlook.peakW - nearW;
  return atPeak && step.gridW > 0 && powerW > nearW ? 'hold-peak' : 'follow';
}

export function batteryStep(
  problem: PlanProblem,
  outlook: Outlook,
  t: number,
  store: Storage,
): TerminalStep {
  const step = outlook.steps[t];
  const full = { minW: -store.chargeMaxW, maxW: store.dischargeMaxW };
  const powerW = Math.round(step?.terminals[store.terminal] ?? 0);
  const base = { terminal: store.terminal, powerW, gridW: Math.round(step?.gridW ?? 0) };
  switch (leadOf(problem, outlook, t, store)) {
    case 'fixed-charge':
    case 'fixed-discharge':
      return { ...base, ...full, follow: 'fixed' };
    case 'hold-peak':
      return { ...base, follow: 'grid', minW: 0, maxW: store.dischargeMaxW };
    default: {
      const { absorb, cover } = worthwhile(problem, step, store);
      return {
        ...base,
        follow: 'self',
        gridW: 0,
        minW: absorb ? full.minW : Math.min(0, powerW),
        maxW: cover ? full.maxW : Math.max(0, powerW),
      };
    }
  }
}

/** Whether a surplus beyond the plan is worth storing, and a deficit beyond it worth covering. */
export function worthwhile(
  problem: PlanProblem,
  step: OutlookStep | undefined,
  store: Storage,
): { readonly absorb: boolean; readonly cover: boolean } {
  const worth = step?.worthNanoPerWh[store.terminal];
  if (step === undefined || worth === undefined) return { absorb: true, cover: true };
  const slack = 0.005 * priceScale(problem); // ties go to the sun now and the grid later
  const stored = store.chargeShare * (worth - store.wearNanoPerWh);
  const given = (worth + store.wearNanoPerWh) / store.dischargeShare;
  return {
    absorb: stored >= step.exportNanoPerWh - slack,
    cover: given <= step.importNanoPerWh + slack,
  };
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

/**
 * Only where selling costs money: a limit of the connection is the guard's, who sees the real sun.
 */
function sourceSteps(problem: PlanProblem, step: OutlookStep): TerminalStep[] {
  if (step.curtailedW < NEAR_W || step.exportNanoPerWh >= 0) return [];
  return problem.sources
    .filter((source) => source.curtailable)
    .map(({ terminal }) => {
      const powerW = Math.max(0, Math.round(step.terminals[terminal] ?? 0));
      return { terminal, follow: 'limit', powerW, gridW: 0, minW: 0, maxW: powerW };
    });
}

/** Clause that says why, with the figure that decides. */
export function whyOf(problem: PlanProblem, outlook: Outlook, t: number, words: Words): string {
  const step = outlook.steps[t];
  const store = problem.storages[0];
  if (step === undefined || store === undefined) return 'the site takes what it needs';
  if (outlook.source === 'rules') return `the battery follows the meter, ${outlook.detail}`;
  const ct = (nano: number): string => price(nano, words.currency);
  const dearest = dearestAfter(outlook, t);
  const then =
    dearest && `${ct(dearest.importNanoPerWh)} at ${clockTime(dearest.fromMs, words.timeZone)}`;
  const powerW = step.terminals[store.terminal] ?? 0;
  switch (leadOf(problem, outlook, t, store)) {
    case 'fixed-charge':
      return `power costs ${ct(step.importNanoPerWh)} now${then ? ` and ${then}` : ''}`;
    case 'fixed-discharge':
      return `it earns ${ct(step.exportNanoPerWh)} now, more than it saves later`;
    case 'hold-peak':
      return `so that the highest demand stays at ${power(outlook.peakW)}`;
    default:
  }
  const { cover } = worthwhile(problem, step, store);
  if (powerW > NEAR_W) {
    const most = outlook.steps.every((one) => one.importNanoPerWh <= step.importNanoPerWh);
    return most
      ? `it is the dearest time of the day, ${ct(step.importNanoPerWh)}`
      : `every kWh bought now costs ${ct(step.importNanoPerWh)}`;
  }
  if (powerW < -NEAR_W) {
    const later = then ? ` and saves ${then}` : ' and is worth more stored';
    return `the sun's surplus earns ${ct(step.exportNanoPerWh)} now${later}`;
  }
  if (!cover && then) return `what is stored is kept for ${then}`;
  return 'the battery has nothing to gain now';
}

function dearestAfter(outlook: Outlook, t: number): OutlookStep | undefined {
  const now = outlook.steps[t];
  let best: OutlookStep | undefined;
  for (const step of outlook.steps.slice(t + 1)) {
    const uses = step.batteryW > NEAR_W === true;
    if (uses && step.importNanoPerWh > (best?.importNanoPerWh ?? now?.importNanoPerWh ?? 0))
      best = step;
  }
  return best;
}
