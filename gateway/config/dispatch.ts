import { basename, join } from 'node:path';
import { z } from 'zod';
import { Fault } from '../contracts/values/fault.ts';
import { parseStamp } from '../contracts/values/stamp.ts';
import { DAY_MS } from '../contracts/values/time.ts';
import { readMeta } from './dataset.ts';

/** Battery of a recorded site, as meta.json has it; shares 0 to 1. */
export interface RecordedBattery {
  readonly capacityKwh: number;
  readonly powerKw: number; // ac side, each way
  readonly chargeShare: number;
  readonly dischargeShare: number;
  readonly socMinShare: number;
  readonly socMaxShare: number;
  readonly socStartShare: number;
  readonly socEndShare: number; // what lacks at the end of a window is bought
}

/** Span of the local clock, fields as if UTC. */
export interface ClockSpan {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a backtest asks of meta.json beside the steps (docs/formats.md). */
export interface Dispatch {
  readonly set: string;
  readonly currency: string;
  readonly demandPerKw: number; // currency per kW of a window's highest import
  readonly publishedHour: number | undefined; // of tomorrow's prices; undefined: always known
  readonly batteries: ReadonlyMap<string, RecordedBattery>;
  readonly windows: readonly ClockSpan[];
}

const share = z.number().min(0).max(1);
const batterySchema = z
  .object({
    capacity_kwh: z.number().positive(),
    power_kw: z.number().positive(),
    eta_charge: share.positive().default(0.95),
    eta_discharge: share.positive().default(0.95),
    soc_min: share.default(0),
    soc_max: share.default(1),
    soc_init: share.optional(),
    soc_end_min: share.optional(),
  })
  .refine((one) => one.soc_min < one.soc_max, 'soc_min is not below soc_max');

const WINDOW = 'is no start with days, such as ["2026-03-10T00:00", 30]';

const schema = z.object({
  currency: z.string().min(1).max(40).default('EUR'),
  demand_charge_per_kw: z.number().min(0).default(0),
  price_known: z
    .string()
    .regex(/^(always|day_ahead_([01]\d|2[0-3]))$/, "is 'always' or 'day_ahead_HH'")
    .default('always'),
  sites: z.record(z.string(), z.object({ battery: batterySchema.optional() })).default({}),
  windows: z
    .array(
      z.tuple(
        [z.string(WINDOW), z.number(WINDOW).positive(WINDOW).max(3_660, 'more than 3660 days')],
        WINDOW,
      ),
    )
    .default([]),
});

/** @throws Fault in one line */
export function readDispatch(dir: string): Dispatch {
  const meta = readMeta(dir, schema);
  const batteries = new Map<string, RecordedBattery>();
  for (const [id, { battery }] of Object.entries(meta.sites)) {
    if (battery === undefined) continue;
    const startShare = battery.soc_init ?? battery.soc_min;
    batteries.set(id, {
      capacityKwh: battery.capacity_kwh,
      powerKw: battery.power_kw,
      chargeShare: battery.eta_charge,
      dischargeShare: battery.eta_discharge,
      socMinShare: battery.soc_min,
      socMaxShare: battery.soc_max,
      socStartShare: Math.min(battery.soc_max, Math.max(battery.soc_min, startShare)),
      socEndShare: battery.soc_end_min ?? startShare,
    });
  }
  return {
    set: basename(dir),
    currency: [...meta.currency].filter((char) => char >= ' ' && char <= '~').join(''),
    demandPerKw: meta.demand_charge_per_kw,
    publishedHour: meta.price_known === 'always' ? undefined : Number(meta.price_known.slice(-2)),
    batteries,
    windows: meta.windows.map(([from, days]) => {
      const fromMs = clockOf(from, join(dir, 'meta.json'));
      return { fromMs, untilMs: fromMs + days * DAY_MS };
    }),
  };
}

/** `FROM..TO`, days or times of the local clock; TO itself is not in it. @throws Fault */
export function parseSpan(text: string): ClockSpan {
  const [from, until, more] = text.split('..');
  const mend = 'write meta, or FROM..TO as 2026-03-01..2026-04-01';
  if (from === undefined || until === undefined || more !== undefined) {
    throw new Fault(`'${text}' is no span`, '--windows', mend);
  }
  const span = { fromMs: clockOf(from, '--windows'), untilMs: clockOf(until, '--windows') };
  if (span.untilMs <= span.fromMs) throw new Fault('it ends before it begins', '--windows', mend);
  return span;
}

function clockOf(text: string, where: string): number {
  const stamp = parseStamp(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (stamp !== undefined) return stamp.clockMs;
  throw new Fault(`'${text}' is no time`, where, 'write it as 2026-03-01 or 2026-03-01T06:00');
}
