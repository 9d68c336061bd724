import type { StoreSpec } from '../../../contracts/values/site.ts';
import { percent, power } from '../../../contracts/values/words.ts';
import type { TerminalState } from '../../site/types.ts';
import type { Ask, Controller, View, Wish } from '../types.ts';

/**
 * Which batteries are full or empty; they leave that state only some charge later, so that
 * nothing flutters.
 */
export interface ProtectState {
  readonly full: Readonly<Record<string, boolean>>;
  readonly empty: Readonly<Record<string, boolean>>;
}

const LEAVE_PCT = 1;

/** Lowest charge that may be used: the battery's own bound or what is kept back for a blackout. */
const floorOf = (store: StoreSpec): number => Math.max(store.socMinPct, store.reservePct);

type Why = Pick<Wish, 'code' | 'sentence'>;

function noCharge(battery: TerminalState, store: StoreSpec, wasFull: boolean): Why | undefined {
  const { socHighPct, temperatureC } = battery.capability;
  if (!Number.isFinite(socHighPct)) {
    return { code: 'STALE', sentence: 'because its charge is not known' };
  }
  if (temperatureC !== undefined && !(temperatureC >= store.chargeMinC)) {
    return { code: 'TOO_COLD', sentence: `because it is too cold to charge` };
  }
  const bound = store.socMaxPct - (wasFull ? LEAVE_PCT : 0);
  return socHighPct < bound
    ? undefined
    : { code: 'SOC_MAX', sentence: `because it is ${percent(socHighPct)} full` };
}

function noDischarge(battery: TerminalState, store: StoreSpec, wasEmpty: boolean): Why | undefined {
  const { socLowPct } = battery.capability;
  if (!Number.isFinite(socLowPct)) {
    return { code: 'STALE', sentence: 'because its charge is not known' };
  }
  const floorPct = floorOf(store);
  if (socLowPct > floorPct + (wasEmpty ? LEAVE_PCT : 0)) return undefined;
  const kept = store.reservePct > store.socMinPct;
  return kept
    ? { code: 'RESERVE', sentence: `because ${percent(store.reservePct)} is kept back` }
    : { code: 'SOC_MIN', sentence: `because it is down to ${percent(socLowPct)}` };
}

function bms(battery: TerminalState): Wish[] {
  const { chargeMaxW, dischargeMaxW } = battery.capability;
  const base = {
    terminal: battery.id,
    authority: 'device-protection' as const,
    code: 'BMS_LIMIT' as const,
  };
  const wishes: Wish[] = [];
  if (chargeMaxW !== undefined && chargeMaxW < battery.spec.ratedOutW) {
    const sentence = `because the battery takes no more than ${power(chargeMaxW)} now`;
    wishes.push({ ...base, sentence, minW: -Math.max(0, chargeMaxW) });
  }
  if (dischargeMaxW !== undefined && dischargeMaxW < battery.spec.ratedInW) {
    const sentence = `because the battery gives no more than ${power(dischargeMaxW)} now`;
    wishes.push({ ...base, sentence, maxW: Math.max(0, dischargeMaxW) });
  }
  return wishes;
}

function shared(battery: TerminalState): Wish[] {
  const { shareInW, shareOutW } = battery.capability;
  const base = {
    terminal: battery.id,
    authority: 'device-protection' as const,
    code: 'BMS_LIMIT' as const,
    sentence: 'because the converter it shares with the sun can carry no more',
  };
  const wishes: Wish[] = [];
  if (shareInW !== undefined && Number.isFinite(shareInW)) wishes.push({ ...base, maxW: shareInW });
  if (shareOutW !== undefined && Number.isFinite(shareOutW)) {
    wishes.push({ ...base, minW: -shareOutW });
  }
  return wishes;
}

function ofStore(
  battery: TerminalState,
  store: StoreSpec,
  state: ProtectState,
): { wishes: Wish[]; full: boolean; empty: boolean } {
  const charge = noCharge(battery, store, state.full[battery.id] ?? false);
  const discharge = noDischarge(battery, store, state.empty[battery.id] ?? false);
  const base = { terminal: battery.id, authority: 'device-protection' as const };
  const wishes = [...bms(battery), ...shared(battery)];
  if (charge !== undefined) wishes.push({ ...base, ...charge, minW: 0 });
  if (discharge !== undefined) wishes.push({ ...base, ...discharge, maxW: 0 });
  return {
    wishes,
    full: charge?.code === 'SOC_MAX',
    empty: discharge?.code === 'SOC_MIN' || discharge?.code === 'RESERVE',
  };
}

function asksOf(view: View): Ask[] {
  const batteries = view.site.terminals.filter(({ spec }) => spec.control === 'setpoint');
  if (batteries.length === 0) return [];
  const charge = batteries.reduce(
    (sum, { spec, capability }) =>
      sum + Math.min(spec.ratedOutW, capability.chargeMaxW ?? Infinity),
    0,
  );
  const discharge = batteries.reduce(
    (sum, { spec, capability }) =>
      sum + Math.min(spec.ratedInW, capability.dischargeMaxW ?? Infinity),
    0,
  );
  const sentence = `battery charging up to ${power(charge)}, discharging up to ${power(discharge)}`;
  return [{ authority: 'device-protection', sentence }];
}

/**
 * Device protection: BMS limits, charge bounds, reserve, cold. The kernel holds the same bounds
 * by itself.
 */
export const protect: Controller<ProtectState> = {
  start: { full: {}, empty: {} },
  step(state, view) {
    const wishes: Wish[] = [];
    const full: Record<string, boolean> = {};
    const empty: Record<string, boolean> = {};
    for (const battery of view.site.terminals) {
      if (battery.spec.control !== 'setpoint' || battery.store === undefined) continue;
      const found = ofStore(battery, battery.store, state);
      wishes.push(...found.wishes);
      full[battery.id] = found.full;
      empty[battery.id] = found.empty;
    }
    return { state: { full, empty }, wishes, asks: asksOf(view) };
  },
};
