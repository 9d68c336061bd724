import { seededStream } from '../../agents/forecasting/seasonal/sets.ts';
import {
  knownSteps,
  type Losses,
  type Recording,
  type SiteRules,
  type Span,
} from '../../agents/planning/backtest/recording.ts';
import type { DatasetRows } from '../../config/dataset-rows.ts';
import type { ClockSpan, Dispatch, RecordedBattery } from '../../config/dispatch.ts';
import { Fault } from '../../contracts/values/fault.ts';
import { isoMinute } from '../../contracts/values/stamp.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';
import { tell } from '../output.ts';

export const COLUMNS = ['load_kwh', 'pv_kwh', 'price_import', 'price_export'] as const;
const OPTIONAL = 'pv_kwh';
const WH_PER_KWH = 1_000;
/** Nano-currency per Wh of one unit of the currency per kWh. */
const NANO_PER_WH = 1e6;
const MOST_STEPS = 2_000_000;

/** A site of a folder, and what of it is run. */
export interface RecordedSite {
  readonly id: string;
  readonly recording: Recording;
  readonly rules: SiteRules;
  readonly spans: readonly Span[];
}

/** @throws Fault in one line */
export function recordedSite(
  id: string,
  rows: DatasetRows,
  dispatch: Dispatch,
  windows: readonly ClockSpan[],
): RecordedSite {
  const battery = dispatch.batteries.get(id);
  if (battery === undefined) {
    const mend = `give it sites.${id}.battery, or name the other sites: --site`;
    throw new Fault(`site '${id}' has no battery`, 'meta.json', mend);
  }
  const recording = recordingOf(rows);
  const spans = windows
    .map((window) => {
      const span = spanOf(recording, window, rows.name);
      const hours = ((span.untilIndex - span.fromIndex) * recording.stepMs) / HOUR_MS;
      const askedHours = (window.untilMs - window.fromMs) / HOUR_MS;
      if (hours < askedHours) {
        const from = isoMinute(window.fromMs).slice(0, 10);
        tell(`backtest: ${id}, window from ${from}: ${hours} of ${askedHours} hours are recorded`);
      }
      return span;
    })
    .sort((a, b) => a.fromIndex - b.fromIndex);
  return { id, recording, rules: rulesOf(battery, dispatch), spans };
}

/**
 * Rows as steps without gaps: what is missing stands there as not known. The hour that a clock
 * change repeats counts once. @throws Fault in one line
 */
export function recordingOf({ name, stepMs, clockMs, columns }: DatasetRows): Recording {
  const missing = COLUMNS.find((column) => column !== OPTIONAL && !columns.has(column));
  if (missing !== undefined) {
    throw new Fault(`no column '${missing}'`, name, `a backtest needs ${COLUMNS.join(', ')}`);
  }
  const firstMs = clockMs[0] ?? 0;
  const stepOf = (atMs: number): number => Math.round((atMs - firstMs) / stepMs);
  const count = stepOf(clockMs.at(-1) ?? firstMs) + 1;
  if (count > MOST_STEPS) {
    throw new Fault(`${count} steps from its first row to its last`, name, 'correct the times');
  }
  const column = (of: (typeof COLUMNS)[number], scale: number): number[] => {
    const cells = columns.get(of);
    const values = new Array<number>(count).fill(cells === undefined ? 0 : Number.NaN);
    cells?.forEach((cell, row) => {
      values[stepOf(clockMs[row] ?? firstMs)] = cell * scale;
    });
    return values;
  };
  return {
    stepMs,
    clockMs: Array.from({ length: count }, (_, n) => firstMs + n * stepMs),
    loadWh: column('load_kwh', WH_PER_KWH),
    pvWh: column('pv_kwh', WH_PER_KWH),
    importNanoPerWh: column('price_import', NANO_PER_WH),
    exportNanoPerWh: column('price_export', NANO_PER_WH),
  };
}

export function rulesOf(battery: RecordedBattery, dispatch: Dispatch): SiteRules {
  const capacityWh = battery.capacityKwh * WH_PER_KWH;
  const mostW = battery.powerKw * 1_000;
  return {
    store: {
      minWh: battery.socMinShare * capacityWh,
      maxWh: battery.socMaxShare * capacityWh,
      chargeMaxW: mostW,
      dischargeMaxW: mostW,
      chargeShare: battery.chargeShare,
      dischargeShare: battery.dischargeShare,
      wearNanoPerWh: 0,
    },
    capacityWh,
    startWh: battery.socStartShare * capacityWh,
    endWh: battery.socEndShare * capacityWh,
    demandNanoPerW: dispatch.demandPerKw * NANO_PER_WH,
    publishedHour: dispatch.publishedHour,
  };
}

/** Steps of a span of the clock. @throws Fault where the recording has none of them */
export function spanOf(recording: Recording, span: ClockSpan, name: string): Span {
  const { clockMs, stepMs } = recording;
  const firstMs = clockMs[0] ?? 0;
  const at = (atMs: number): number =>
    Math.min(clockMs.length, Math.max(0, Math.ceil((atMs - firstMs) / stepMs)));
  const found = { fromIndex: at(span.fromMs), untilIndex: at(span.untilMs) };
  if (knownSteps(recording, found).length > 0) return found;
  const day = (atMs: number): string => isoMinute(atMs).slice(0, 10);
  const missing = found.untilIndex > found.fromIndex ? 'energies and prices' : 'row';
  const what = `no ${missing} in the window from ${day(span.fromMs)}`;
  const mend = `choose one within ${day(firstMs)}..${day(clockMs.at(-1) ?? firstMs)}`;
  throw new Fault(what, name, `${mend}: --windows, or windows in meta.json`);
}

const SEED = 5;

/** Meter rows and the price feed, lost by a fixed seed: the same for every controller. */
export function lossesOf(
  { clockMs, stepMs }: Recording,
  spans: readonly Span[],
  rowsPct: number,
  feedHours: number,
): Losses {
  const random = seededStream(SEED);
  const lost = Uint8Array.from(clockMs, () => (100 * random() < rowsPct ? 1 : 0));
  const outageSteps = Math.round((feedHours * HOUR_MS) / stepMs);
  const outages = spans.map(({ fromIndex, untilIndex }) => {
    const room = Math.max(0, untilIndex - fromIndex - outageSteps);
    const from = fromIndex + Math.floor(random() * (room + 1));
    return { from, until: from + outageSteps };
  });
  return {
    isMeterLost: (index) => lost[index] === 1,
    feedLostFrom: (index) =>
      outages.find(({ from, until }) => index >= from && index < until)?.from ??
      Number.POSITIVE_INFINITY,
  };
}
