import { zoneTopics } from '../../gateway/contracts/topics.ts';
import type { Directive } from '../../gateway/contracts/values/directive.ts';
import { DAY_MS, intervalStart, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { Clock } from '../../gateway/ports.ts';
import { weatherAt } from '../plant/weather.ts';
import type { GridOrder, PriceStep, Scenario } from './types.ts';

const HEARTBEAT_MS = 30_000;

/** The grid operator of a scenario: limits as they are ordered, and a heartbeat beside them. */
export interface GridDesk {
  start(): void;
  order(order: GridOrder, untilMs: number): void;
  heartbeat(on: boolean): void;
  stop(): void;
}

/** @param publish signs and sends; `isForged`: with a key that is not the operator's */
export function createGridDesk(
  gateway: string,
  clock: Clock,
  publish: (directive: Directive, isForged: boolean) => void,
): GridDesk {
  let sequence = 0;
  let isBeating = true;
  let cancel: () => void = () => undefined;
  const send = (kind: Directive['kind'], order: GridOrder | undefined, untilMs: number): void => {
    const nowMs = clock.wallMs();
    sequence += 1;
    const directive: Directive = {
      v: 1,
      kind,
      gateway,
      sequence,
      issuedAtMs: nowMs,
      fromMs: nowMs,
      untilMs,
      importLimitW: order?.importLimitW ?? 0,
      exportLimitW: order?.exportLimitW ?? 0,
      onLost: order?.onLost ?? 'keep',
      why: order === undefined ? 'heartbeat' : 'scenario',
    };
    publish(directive, order?.isForged === true);
  };
  const beat = (): void => {
    if (isBeating) send('heartbeat', undefined, clock.wallMs() + 2 * HEARTBEAT_MS);
    cancel = clock.at(clock.monoMs() + HEARTBEAT_MS, beat);
  };
  return {
    start: beat,
    order: (order, untilMs) => send(order.kind, order, untilMs),
    heartbeat: (on) => {
      isBeating = on;
    },
    stop: () => cancel(),
  };
}

const HOUR_STEPS = 48;

/** The zone's forecast as the cloud would publish it: the scenario's prices and its sky. */
export function forecastOf(scenario: Scenario): { readonly topic: string; readonly text: string } {
  const { site, startMs, plant, prices } = scenario;
  const fromMs = intervalStart(startMs);
  const hours = Array.from({ length: HOUR_STEPS }, (_, n) =>
    weatherAt(plant.climate, fromMs + (n + 0.5) * 3_600_000),
  );
  const quarters = Array.from({ length: (2 * DAY_MS) / QUARTER_MS }, (_, n) =>
    priceAt(prices, fromMs + n * QUARTER_MS),
  );
  const forecast = {
    v: 1,
    zone: site.zone,
    issuedAtMs: startMs,
    weather: {
      source: 'scenario',
      fromMs,
      stepMs: 3_600_000,
      ghiWPerM2: hours.map((one) => one.ghiWPerM2),
      temperatureC: hours.map((one) => one.temperatureC),
      cloudPct: hours.map((one) => one.cloudPct),
    },
    price: {
      source: 'scenario',
      currency: site.currency,
      fromMs,
      stepMs: QUARTER_MS,
      priceNanoPerWh: quarters,
    },
  };
  return { topic: zoneTopics(site.tenant, site.zone).forecast, text: JSON.stringify(forecast) };
}

const priceAt = (steps: readonly PriceStep[], atMs: number): number | null =>
  steps.findLast((step) => step.atMs <= atMs)?.priceNanoPerWh ?? null;
