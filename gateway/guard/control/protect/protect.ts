import { reserveOf, type StoreSpec } from '../../../contracts/values/site.ts';
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
const FULL_PCT = 100;
/** A BMS that asks for charge gets what it asks for, this share of nameplate at most. */
const REQUEST_SHARE = 0.05;

/** Lowest charge that may be used: the battery's own bound or what is kept back for a blackout. */
const floorOf = (store: StoreSpec): number => Math.max(store.socMinPct, reserveOf(store));

type Why = Pick<Wish, 'code' | 'sentence'>;

function noCharge(
  battery: TerminalState,
  store: StoreSpec,
  wasFull: boolean,
  isFilling: boolean,
): Why | undefined {
  const { socHighPct, temperatureC } = battery.capability;
  if (!Number.isFinite(socHighPct)) {
    return { code: 'STALE', sentence: 'because its charge is not known' };
  }
  if (temperatureC !== undefined && !(temperatureC >= store.chargeMinC)) {
    return { code: 'TOO_COLD', sentence: `because it is too cold to charge` };
  }
  const mostPct = isFilling ? FULL_PCT : store.socMaxPct;
  const bound = mostPct - (wasFull ? LEAVE_PCT : 0);
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
  const reservePct = reserveOf(store);
  return reservePct > store.socMinPct
    ? { code: 'RESERVE', sentence: `because ${percent(reservePct)} is kept back` }
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

/** A battery that reports a fault of its own rests. */
function faulty({ id, capability }: TerminalState): Wish[] {
  const { fault } = capability;
  if (fault === undefined || fault === 0) return [];
  const sentence = 'because it reports a fault';
  return [
    {
      ...{ terminal: id, authority: 'device-protection', code: 'BMS_FAULT', sentence },
      ...{ minW: 0, maxW: 0 },
    },
  ];
}

/**
 * At least so much charge, W <= 0; 0 where none is asked for. The standard names no sign (SunSpec
 * 802 `ReqW`), so what is asked counts by its size, and is served with little.
 */
function requestW({ spec, capability }: TerminalState): number {
  const { chargeMaxW = Infinity, chargeRequestW = 0 } = capability;
  if (Number.isNaN(chargeRequestW)) return 0;
  const mostW = Math.min(REQUEST_SHARE * spec.ratedOutW, Math.max(0, chargeMaxW));
  return -Math.min(Math.abs(chargeRequestW), mostW);
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
  isFilling: boolean,
): { wishes: Wish[]; full: boolean; empty: boolean } {
  const charge = noCharge(battery, store, state.full[battery.id] ?? false, isFilling);
  const discharge = noDischarge(battery, store, state.empty[battery.id] ?? false);
  const base = { terminal: battery.id, authority: 'device-protection' as const };
  const wishes = [...faulty(battery), ...bms(battery), ...shared(battery)];
  if (charge !== undefined) wishes.push({ ...base, ...charge, minW: 0 });
  if (discharge !== undefined) wishes.push({ ...base, ...discharge, maxW: 0 });
  const askedW = requestW(battery);
  if (askedW < 0 && charge === undefined) {
    const sentence = 'because its own management asks for charge';
    wishes.push({ ...base, code: 'BMS_REQUEST', sentence, maxW: askedW });
  }
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
      const isFilling = view.filling?.[battery.id] !== undefined;
      const found = ofStore(battery, battery.store, state, isFilling);
      wishes.push(...found.wishes);
      full[battery.id] = found.full;
      empty[battery.id] = found.empty;
    }
    return { state: { full, empty }, wishes, asks: asksOf(view) };
  },
};
