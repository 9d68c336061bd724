import type { Outlook, Room, SiteForecast } from '../../contracts/values/outlook.ts';
import { hoursOf, type PlanProblem, type Storage } from './problem.ts';

/** What the site could do beside its plan in each step, for those who trade it. */
export function roomOf(problem: PlanProblem, outlook: Outlook, forecast: SiteForecast): Room[] {
  return problem.steps.map((input, t): Room => {
    const step = outlook.steps[t];
    const hours = hoursOf(input);
    const at = Math.floor((input.fromMs - forecast.fromMs) / forecast.stepMs);
    const pv = forecast.pv[at] ?? { lowW: 0, midW: 0, highW: 0 };
    const load = forecast.load[at] ?? { lowW: 0, midW: 0, highW: 0 };
    let moreDischargeW = 0;
    let moreChargeW = 0;
    let storedWh = 0;
    let freeWh = 0;
    let give: number | undefined;
    let take: number | undefined;
    for (const store of problem.storages) {
      const powerW = step?.terminals[store.terminal] ?? 0;
      const slack = slackOf(outlook, store, t);
      const heldWh = slack.downWh * store.dischargeShare;
      const roomWh = slack.upWh / store.chargeShare;
      moreDischargeW += Math.max(0, Math.min(store.dischargeMaxW - powerW, heldWh / hours));
      moreChargeW += Math.max(0, Math.min(store.chargeMaxW + powerW, roomWh / hours));
      storedWh += heldWh;
      freeWh += roomWh;
      const worth = step?.worthNanoPerWh[store.terminal];
      if (worth === undefined) continue;
      give = Math.max(give ?? 0, (worth + store.wearNanoPerWh) / store.dischargeShare);
      take = Math.min(
        take ?? Number.POSITIVE_INFINITY,
        store.chargeShare * (worth - store.wearNanoPerWh),
      );
    }
    const flexW = -(step?.flexW ?? 0);
    const batteryW = step?.batteryW ?? 0;
    const restW = pv.midW - load.midW - flexW + batteryW; // net export as planned
    return {
      fromMs: input.fromMs,
      durationMs: input.durationMs,
      plannedGridW: step?.gridW ?? -restW,
      uncertainW: pv.midW - pv.lowW + load.highW - load.midW,
      moreDischargeW,
      moreChargeW,
      storedWh,
      freeWh,
      importLimitW: input.importLimitW,
      exportLimitW: input.exportLimitW,
      mostExportW: Math.max(0, Math.min(input.exportLimitW, restW + moreDischargeW)),
      mostImportW: Math.max(0, Math.min(input.importLimitW, -restW + moreChargeW)),
      importNanoPerWh: input.importNanoPerWh,
      exportNanoPerWh: input.exportNanoPerWh,
      giveNanoPerWh: give,
      takeNanoPerWh: take,
    };
  });
}

/**
 * How far the planned charge could lie lower or higher from step `t` on, until the store is full or
 * empty again and the difference is gone.
 */
export function slackOf(
  outlook: Outlook,
  store: Storage,
  t: number,
): { readonly downWh: number; readonly upWh: number } {
  const nearWh = 0.005 * store.usableWh;
  let downWh = Math.max(0, store.nowWh - store.minWh);
  let upWh = Math.max(0, store.maxWh - store.nowWh);
  let down = true;
  let up = true;
  for (const step of outlook.steps.slice(t)) {
    const socWh = step.socWh[store.terminal] ?? store.nowWh;
    if (down) downWh = Math.min(downWh, Math.max(0, socWh - store.minWh));
    if (up) upWh = Math.min(upWh, Math.max(0, store.maxWh - socWh));
    down = down && socWh < store.maxWh - nearWh;
    up = up && socWh > store.minWh + nearWh;
    if (!down && !up) break;
  }
  return { downWh, upWh };
}
