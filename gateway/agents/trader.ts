import {
  type A2aNotice,
  type Awards,
  awards,
  gridNotice,
  orderReceipt,
  type Statement,
} from '../contracts/messages.ts';
import type { Site } from '../contracts/values/site.ts';
import { clockTime, energy, price } from '../contracts/values/words.ts';
import { type A2aClient, dataOf } from '../link/a2a/client.ts';
import type { Clock, Log } from '../ports.ts';
import type { Situation } from './advice.ts';
import type { Diary } from './diary.ts';
import type { Mind } from './mind.ts';
import type { PlanInput } from './planning/site-plan.ts';
import type { Trading } from './trading.ts';

export interface TraderDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly mind: Mind;
  readonly trading: Trading;
  readonly diary: Diary;
}

/** What a trade changes for the rest of the agent. */
export interface TraderEffects {
  positions(): void;
  plan(why: string): void;
  show(): void;
}

/** Carries the drafts of producer and consumer to the market supervisor, and its awards back. */
export class Trader {
  private readonly deps: TraderDeps;
  private readonly effects: TraderEffects;
  private feeNanoPerWh = 0;

  constructor(deps: TraderDeps, effects: TraderEffects) {
    this.deps = deps;
    this.effects = effects;
  }

  /** Orders are on disk before they go out; one that is not confirmed is not sent a second time. */
  async trade(a2a: A2aClient): Promise<void> {
    const { clock, log, mind, trading, diary } = this.deps;
    if (!mind.marketEnabled) return;
    const batch = trading.place(mind.drafts(clock.wallMs(), this.feeNanoPerWh));
    if (batch === undefined) return;
    try {
      await diary.orders(trading, batch);
      const task = await a2a.send('market-supervisor', batch);
      for (const data of dataOf(task)) {
        const receipt = orderReceipt.safeParse(data);
        if (!receipt.success) continue;
        trading.receipt(receipt.data.accepted, receipt.data.rejected);
        for (const { id, code } of receipt.data.rejected) log.warn('order rejected', { id, code });
      }
      await diary.orders(trading, batch);
      this.effects.show();
    } catch (error) {
      log.warn('orders are not confirmed', { why: String(error) });
    }
  }

  /** What other plans and margins of this instant are tried on. */
  situation(input: PlanInput): Situation {
    const { mind, trading } = this.deps;
    const { feeNanoPerWh } = this;
    const { problem, forecast } = input;
    return {
      ...{ ...input, feeNanoPerWh, prices: trading.clearedNanoPerWh() },
      drafts: (planned, parameters) =>
        mind.draftsOf(planned, forecast, parameters, problem.issuedAtMs, feeNanoPerWh),
    };
  }

  notice(notice: A2aNotice): void {
    const { clock, diary } = this.deps;
    for (const data of dataOf(notice.message)) {
      const result = awards.safeParse(data);
      if (result.success) this.awarded(result.data);
      const grid = gridNotice.safeParse(data);
      if (grid.success) diary.event({ atMs: clock.wallMs(), text: grid.data.text }, 'GRID_NOTICE');
    }
  }

  /** The grid fee of bought energy is learnt from what was charged. */
  statement(statement: Statement): void {
    this.deps.diary.statement(statement);
    let boughtWh = 0;
    let feeNano = 0;
    for (const line of statement.lines) {
      boughtWh += line.boughtWh;
      feeNano += Math.abs(Number(line.feeNano));
    }
    if (boughtWh > 0) this.feeNanoPerWh = feeNano / boughtWh;
  }

  private awarded(result: Awards): void {
    const { trading, diary } = this.deps;
    if (!trading.awarded(result)) return;
    diary.awards(result);
    this.tell(result);
    this.effects.positions();
    if (result.awards.length > 0) this.effects.plan('an award');
    this.effects.show();
  }

  private tell({ interval, currency }: Awards): void {
    const { site, clock, trading, diary } = this.deps;
    const trade = trading.trade(interval.fromMs);
    if (trade === undefined || trade.soldWh === 0) return;
    const zone = site.place.timeZone;
    const from = clockTime(interval.fromMs, zone);
    const until = clockTime(interval.fromMs + interval.durationMs, zone);
    const at = price(Math.abs(Number(trade.receivedNano) / trade.soldWh), currency, 2);
    const act = trade.soldWh > 0 ? 'Sold' : 'Bought';
    const text = `${act} ${energy(trade.soldWh)} for ${from} to ${until} at ${at}`;
    diary.event({ atMs: clock.wallMs(), text }, 'AWARD');
  }
}
