import { gatewayTopics } from '../gateway/contracts/topics.ts';
import { HOUR_MS } from '../gateway/contracts/values/time.ts';
import type { Clock, Signer } from '../gateway/ports.ts';
import type { A2aRouter } from './a2a/router.ts';
import { likelyMost } from './agents/forecasting/demand.ts';
import type { ForecastState } from './agents/forecasting/forecasting.ts';
import { type GridState, heartbeats, stepGrid } from './agents/grid/grid.ts';
import type { MarketState } from './agents/market-supervisor/state.ts';
import { onEnvelope } from './agents/market-supervisor/supervisor.ts';
import { canonical } from './canonical.ts';
import type { Speaker } from './outbox.ts';
import type { Outbound, Store } from './ports.ts';

interface GridPorts {
  readonly clock: Clock;
  readonly store: Store;
  readonly signer: Signer;
}

/**
 * The grid agent's turns, wired: its sequences and measurements are on disk before a directive
 * leaves.
 */
export class GridSide {
  private readonly tenant: string;
  private readonly ports: GridPorts;
  private readonly market: MarketState;
  private readonly router: A2aRouter;
  private readonly speaker: Speaker;
  private readonly forecasts: ReadonlyMap<string, ForecastState>;

  constructor(
    tenant: string,
    ports: GridPorts,
    market: MarketState,
    router: A2aRouter,
    speaker: Speaker,
    forecasts: ReadonlyMap<string, ForecastState>,
  ) {
    this.forecasts = forecasts;
    this.tenant = tenant;
    this.ports = ports;
    this.market = market;
    this.router = router;
    this.speaker = speaker;
  }

  turn(grid: GridState): void {
    const { store, clock, signer } = this.ports;
    const nowMs = clock.wallMs();
    const before = grid.shares;
    const expected = this.forecasts.get(grid.zone.id)?.demand.forecast;
    grid.likely = expected && likelyMost(expected);
    const turn = store.transaction(() => {
      const step = stepGrid(grid, this.scheduledW(grid, nowMs), signer, this.sequence, nowMs);
      store.write(step.writes);
      return step;
    });
    for (const [gateway, { importW, exportW, untilMs }] of grid.envelopes) {
      onEnvelope(this.market, grid.zone.id, gateway, { importW, exportW, untilMs });
    }
    const changed = canonical(before) !== canonical(grid.shares);
    this.speaker.say(this.directives(turn.directives));
    if (!changed) return;
    const text = turn.reduced
      ? 'The shared transformer is full: everybody has less than the contracted power for now.'
      : 'The shared transformer carries the contracted power again.';
    const data = { v: 1, kind: 'grid-notice', transformerLoadPct: turn.transformerLoadPct, text };
    const parts = [{ data, mediaType: 'application/json' }];
    const notices = store.transaction(() =>
      grid.zone.gateways.map((gateway) => ({
        topic: gatewayTopics(this.tenant, gateway.id).a2aNotice,
        body: this.router.notice('grid', parts),
        retain: false,
      })),
    );
    this.speaker.say(notices);
  }

  beat(grid: GridState, only?: string): void {
    const { store, clock, signer } = this.ports;
    const beats = store.transaction(() =>
      heartbeats(grid, signer, this.sequence, clock.wallMs(), only),
    );
    this.speaker.say(this.directives(beats));
  }

  /** On disk before it is sent, so that no sequence is ever used twice. */
  private readonly sequence = (gateway: string): number =>
    this.ports.store.nextSequence(`directive/${gateway}`);

  private directives(list: ReturnType<typeof heartbeats>): Outbound[] {
    return list.map(({ gateway, signed }) => ({
      topic: gatewayTopics(this.tenant, gateway).directive,
      body: signed,
      retain: false,
    }));
  }

  /**
   * Net of what the market made of a gateway for the running interval and the next, W, + import;
   * the larger one.
   */
  private scheduledW(grid: GridState, nowMs: number): Map<string, number> {
    const scheduled = new Map<string, number>();
    const zone = this.market.zones.get(grid.zone.id);
    if (zone === undefined) return scheduled;
    const { intervalMs, participants } = zone.zone;
    const startMs = Math.floor(nowMs / intervalMs) * intervalMs;
    for (const { id, gateways } of participants) {
      for (const fromMs of [startMs, startMs + intervalMs]) {
        const position = zone.intervals.get(fromMs)?.positions.get(id);
        const gateway = gateways[0];
        if (position === undefined || gateway === undefined || gateways.length > 1) continue;
        const powerW = ((position.boughtWh - position.soldWh) * HOUR_MS) / intervalMs;
        const known = scheduled.get(gateway.id) ?? 0;
        if (Math.abs(powerW) > Math.abs(known)) scheduled.set(gateway.id, powerW);
      }
    }
    return scheduled;
  }
}
