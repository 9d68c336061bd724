import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { EnergyRecord } from '../../gateway/contracts/values/record.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { PriceSeries } from '../../gateway/contracts/values/tariff.ts';
import type { Timing } from '../../gateway/contracts/values/timing.ts';
import { balanceErrorW } from './balance.ts';
import { type Cost, costOf, type MarketLine } from './cost.ts';
import { type Court, createCourt } from './court.ts';
import {
  createQuarters,
  type Quarters,
  type SiteEnergy,
  type TruthError,
  truthError,
} from './energy.ts';
import type { DeviceFace, Truth, WireFrame } from './types.ts';

/**
 * Everything that is judged about one running site, from outside:
 *
 *   const judge = createSiteJudge({ site, times, devices: images, wallOf, startMs });
 *   onFrame: judge.frame;  each turn, after truth was put into the registers: judge.truth(truth);
 *   judge.directive(directive, wallMs);          // as published to the site
 *   judge.energyWh(), judge.balanceErrorMaxW(), judge.truthError(records), judge.cost(prices, lines), judge.count()
 */
export interface SiteJudge {
  frame(frame: WireFrame): void;
  truth(truth: Truth): void;
  directive(directive: Directive, seenAtMs: number): void;
  readonly court: Court;
  readonly quarters: Quarters;
  energyWh(): SiteEnergy;
  /** Largest sum at an ac node with all branches metered; 0 where the site has no such node. */
  balanceErrorMaxW(): number;
  truthError(booked: readonly EnergyRecord[]): TruthError;
  /** What happened, and the same load, PV and tariff without battery and market. */
  cost(
    dayAhead: PriceSeries | undefined,
    market: readonly MarketLine[],
  ): { readonly withMarket: Cost; readonly withoutBattery: Cost };
}

export interface SiteJudgeOptions {
  readonly site: Site;
  readonly times: Timing;
  readonly devices: Readonly<Record<string, DeviceFace>>;
  readonly wallOf: (monoMs: number) => number;
  readonly startMs: number; // UTC at which the plant's counters were 0
}

export function createSiteJudge(options: SiteJudgeOptions): SiteJudge {
  const { site } = options;
  const connection = site.connections[0];
  if (connection === undefined) throw new RangeError(`site '${site.id}' has no connection`);
  const court = createCourt(options);
  const quarters = createQuarters(connection.id, options.startMs);
  let balanceW = 0;
  return {
    frame: (frame) => court.frame(frame),
    truth: (truth) => {
      court.seen(truth);
      court.turn(truth);
      quarters.seen(truth);
      balanceW = Math.max(balanceW, balanceErrorW(site, options.devices) ?? 0);
    },
    directive: (directive, seenAtMs) => court.directive(directive, seenAtMs),
    court,
    quarters,
    energyWh: () => quarters.total(),
    balanceErrorMaxW: () => balanceW,
    truthError: (booked) => truthError(quarters, booked),
    cost: (dayAhead, market) => {
      const pieces = quarters.pieces();
      return {
        withMarket: costOf(connection.tariff, pieces, 'connection', dayAhead, market),
        withoutBattery: costOf(connection.tariff, pieces, 'alone', dayAhead),
      };
    },
  };
}
