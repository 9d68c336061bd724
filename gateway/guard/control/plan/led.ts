import {
  actOf,
  givesOf,
  type Levels,
  levelsSeen,
  type NeedLevels,
  reachOf,
  type SeenNeed,
  type StoreAct,
  type ValueStore,
} from '../../../contracts/values/levels.ts';
import { conversionOf } from '../../../contracts/values/part-load.ts';
import type { SocLevels, TerminalStep } from '../../../contracts/values/plan.ts';
import type { TerminalState } from '../../site/types.ts';
import { clamp } from '../shares.ts';

/**
 * Near a level, what is followed fades over so long: a gauge of charge moves in steps, and nothing
 * shall swing with them.
 */
const FOLLOWED_HOURS = 0.05;

/** A battery that is led by levels, with what it holds: at least, and at most. */
export interface Stored {
  readonly levels: Levels;
  readonly lowWh: number;
  readonly highWh: number;
  readonly store: ValueStore;
}

/** What the running step says of its levels, and what it has shown. */
export interface Shown {
  readonly byNeed: NeedLevels | undefined;
  readonly seen: SeenNeed;
}

/** @returns undefined where there are no levels, or its charge is not known */
export function storedOf(
  { store, capability }: TerminalState,
  { follow, levels, minW, maxW }: TerminalStep,
  shown: Shown,
): Stored | undefined {
  const { socLowPct, socHighPct } = capability;
  const isKnown = socLowPct <= socHighPct;
  if (follow !== 'levels' || levels === undefined || store === undefined || !isKnown) {
    return undefined;
  }
  const { usableWh } = store;
  const { chargeShare, dischargeShare } = conversionOf(store);
  const wh = (pct: number): number => (usableWh * clamp(pct, 0, 100)) / 100;
  return {
    lowWh: wh(socLowPct),
    highWh: wh(socHighPct),
    levels: levelsWh(levels, wh, shown),
    store: {
      minWh: wh(levels.leastPct),
      maxWh: usableWh,
      chargeMaxW: Math.max(0, -minW, -maxW),
      dischargeMaxW: Math.max(0, minW, maxW),
      chargeShare,
      dischargeShare,
      wearNanoPerWh: 0,
    },
  };
}

function levelsWh(
  { leastPct, mostPct, buyToPct, storeToPct, coverToPct, sellToPct }: SocLevels,
  wh: (pct: number) => number,
  { byNeed, seen }: Shown,
): Levels {
  const planned = {
    buyToWh: wh(buyToPct),
    storeToWh: wh(storeToPct),
    coverToWh: wh(coverToPct),
    sellToWh: wh(sellToPct),
  };
  if (mostPct === undefined) return planned;
  return levelsSeen(planned, byNeed, seen, { minWh: wh(leastPct), maxWh: wh(mostPct) });
}

/** Several batteries as one, as the plan sees them: they are shared over by what each has left. */
function together(all: readonly Stored[]): Stored {
  const sum = (of: (one: Stored) => number): number =>
    all.reduce((total, one) => total + of(one), 0);
  const usableWh = sum(({ store }) => store.maxWh);
  const mean = (of: (one: Stored) => number): number =>
    sum((one) => of(one) * one.store.maxWh) / usableWh;
  return {
    lowWh: sum(({ lowWh }) => lowWh),
    highWh: sum(({ highWh }) => highWh),
    levels: {
      buyToWh: sum(({ levels }) => levels.buyToWh),
      storeToWh: sum(({ levels }) => levels.storeToWh),
      coverToWh: sum(({ levels }) => levels.coverToWh),
      sellToWh: sum(({ levels }) => levels.sellToWh),
    },
    store: {
      minWh: sum(({ store }) => store.minWh),
      maxWh: usableWh,
      chargeMaxW: sum(({ store }) => store.chargeMaxW),
      dischargeMaxW: sum(({ store }) => store.dischargeMaxW),
      chargeShare: mean(({ store }) => store.chargeShare),
      dischargeShare: mean(({ store }) => store.dischargeShare),
      wearNanoPerWh: 0,
    },
  };
}

/** What batteries give (+) or take (-) together now, W, and which of their levels says so. */
export interface Answer {
  readonly givesW: number;
  readonly act: StoreAct;
}

/** Import that a demand charge leaves, W; Infinity where there is none. */
export interface MostImport {
  readonly nowW: number; // so that the mean of the window is kept: batteries give what is above
  readonly meanW: number; // that mean: nothing is bought for a store above it at any moment
}

/**
 * Answer of batteries to what the site needs now. Surplus and need are followed as they come;
 * what is bought for them, or sold from them, is spread over what is left of the step. What they
 * may hold at least counts where they give, at most where they take.
 * @param needW  without them, + deficit
 * @param most  import, beyond what was sold or bought for the step
 * @param leftHours  of the step
 */
export function byLevels(
  all: readonly Stored[],
  needW: number,
  most: MostImport,
  leftHours: number,
): Answer {
  const { levels, lowWh, highWh, store } = together(all);
  const hours = Math.min(FOLLOWED_HOURS, leftHours);
  const part = hours / leftHours;
  const low = reachOf(levels, lowWh, store, hours);
  const high = reachOf(levels, highWh, store, hours);
  const reach = {
    coversWh: low.coversWh,
    sellsWh: low.sellsWh * part,
    givesMostWh: low.givesMostWh,
    storesWh: high.storesWh,
    buysWh: high.buysWh * part,
    takesMostWh: high.takesMostWh,
  };
  const needWh = needW * hours;
  const keptWh = givesOf(reach, needWh, { mostImportWh: most.nowW * hours });
  const givesWh = Math.max(keptWh, Math.min(0, needWh - most.meanW * hours));
  const act = actOf(givesWh, needWh, givesOf(reach, needWh, {}));
  return { givesW: givesWh / hours, act };
}
