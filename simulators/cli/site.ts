import { dirname } from 'node:path';
import { loadSite } from '../../gateway/config/load.ts';
import { ownProfiles, profilesBeside } from '../../gateway/config/profiles.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { isoMinute } from '../../gateway/contracts/values/stamp.ts';
import { DAY_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';
import type { Dataset } from '../data/csv.ts';
import { type SiteResult, siteResult } from '../demo/result.ts';
import { Run, writeMap } from '../demo/run.ts';
import { historyCsv } from '../sites/history.ts';
import { plantFromSite } from '../sites/plant.ts';
import { driveFor, recordedSite } from '../sites/recorded.ts';
import { dayRange, type Recording, readRecording, zoneOf } from './dataset.ts';
import { interrupted, over, print, printVerdicts } from './running.ts';

export interface SiteOptions {
  readonly file: string | undefined; // without one, a site of the recording's size
  readonly data: string | undefined;
  readonly from: string | undefined; // a day of the recording's zone, or an instant
  readonly fromMs: number | undefined; // that instant
  readonly minutes: number | undefined;
  readonly speed: number;
  readonly seed: number;
  readonly json: boolean;
  readonly headless: boolean;
  readonly keep: boolean;
}

const HISTORY_DAYS = 7;
const START_MS = Date.parse('2026-06-17T04:30:00Z');

/**
 * One site on its own, without a cloud; with `--data`, recorded load and PV drive its plant.
 * @returns exit code
 */
export async function site(options: SiteOptions): Promise<number> {
  const recorded = options.data === undefined ? undefined : readData(options.data, options);
  const described = unplugged(describe(options, recorded?.recording));
  const ending = interrupted();
  const startMs = recorded?.played.fromMs ?? options.fromMs ?? START_MS;
  const plant = plantFromSite(described, { seed: options.seed });
  const run = new Run({
    sites: [
      {
        site: described,
        plant,
        comment: described.name,
        history: (untilMs) => recorded?.history ?? historyCsv(plant, untilMs),
        drive: recorded && driveFor(described, recorded.played, options.seed),
        ownProfiles: options.file === undefined ? [] : ownProfiles(dirname(options.file)),
      },
    ],
    seed: options.seed,
    speed: options.speed,
    startMs,
    withCloud: false,
    transformerVa: 0,
    backgroundW: 0,
    notice: print,
  });
  try {
    await run.start();
    writeMap(run);
    await run.ready();
    const [gateway] = run.gateways;
    if (!gateway) throw new RangeError('a run has a gateway');
    if (!options.headless) print(`\n  ${described.name.padEnd(12)} ${gateway.url}\n`);
    await over(run, ending, options.minutes, 0);
    const clean = await run.stop();
    printVerdicts(run);
    show(siteResult(gateway, undefined, print), recorded?.played, startMs, run, options.json);
    return clean ? 0 : 1;
  } finally {
    await run.stop();
    if (options.keep) print(`Files of the run: ${run.dir}`);
    else run.remove();
  }
}

function describe(options: SiteOptions, recording: Recording | undefined): Site {
  if (options.file !== undefined) return loadSite(options.file, profilesBeside(options.file));
  if (recording !== undefined) return recordedSite(recording, 'recorded');
  throw new Fault('neither a site file nor --data', 'site', 'name at least one of them');
}

/** The site with wires of our own: any free port, and a serial line of this machine. */
function unplugged(described: Site): Site {
  const buses = described.buses.map((bus) =>
    bus.kind === 'serial' ? bus : { ...bus, host: '127.0.0.1', port: 0 },
  );
  return { ...described, buses };
}

interface Recorded {
  readonly played: Dataset; // from the start on
  readonly history: string | undefined; // CSV of the days before, where the file has them
  readonly recording: Recording;
}

function readData(file: string, options: SiteOptions): Recorded {
  const zone = zoneOf(file);
  const isDay = options.from !== undefined && /^\d{4}-\d\d-\d\d$/.test(options.from);
  const { fromMs } = isDay ? dayRange(options.from, undefined, zone) : { fromMs: options.fromMs };
  const days = 2 + Math.ceil((options.minutes ?? 1_440) / 1_440);
  const untilMs = fromMs === undefined ? undefined : fromMs + days * DAY_MS;
  const recording = readRecording(file, {
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
  });
  const played = recording.dataset;
  return { played, history: historyOf(file, played.fromMs), recording };
}

/** The days before, as the gateway would have recorded them, in quarter-hours. */
function historyOf(file: string, untilMs: number): string | undefined {
  let before: Dataset;
  try {
    before = readRecording(file, { fromMs: untilMs - HISTORY_DAYS * DAY_MS, untilMs }).dataset;
  } catch {
    return undefined; // nothing before the start, or a gap: the gateway begins without history
  }
  const parts = before.stepMs / QUARTER_MS;
  if (!Number.isInteger(parts)) return undefined;
  const lines = ['ts,load_kwh,pv_kwh'];
  before.loadWh.forEach((loadWh, index) => {
    const pvWh = before.pvWh[index] ?? 0;
    for (let part = 0; part < parts; part++) {
      const atMs = before.fromMs + index * before.stepMs + part * QUARTER_MS;
      const kwh = [loadWh, pvWh].map((wh) => (wh / parts / 1_000).toFixed(4));
      lines.push([isoMinute(atMs), ...kwh].join(','));
    }
  });
  return `${lines.join('\n')}\n`;
}

/** Energy of the recording between two instants, Wh. */
function energyBetween(data: Dataset, perStepWh: readonly number[], untilMs: number): number {
  return perStepWh.reduce((sum, wh, index) => {
    const fromMs = data.fromMs + index * data.stepMs;
    const share = Math.min(1, Math.max(0, (untilMs - fromMs) / data.stepMs));
    return sum + wh * share;
  }, 0);
}

function show(
  result: SiteResult,
  played: Dataset | undefined,
  startMs: number,
  run: Run,
  json: boolean,
): void {
  const untilMs = run.gateways[0]?.quarters.pieces().at(-1)?.untilMs ?? startMs;
  const recordedWh = played && {
    load: Math.round(energyBetween(played, played.loadWh, untilMs)),
    pv: Math.round(energyBetween(played, played.pvWh, untilMs)),
  };
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...result, recordedWh })}\n`);
    return;
  }
  const { energyWh } = result;
  const kwh = (wh: number): string => (wh / 1_000).toFixed(2);
  print(`used ${kwh(energyWh.load)} kWh, sun ${kwh(energyWh.pv)} kWh in the plant`);
  if (recordedWh) {
    print(`used ${kwh(recordedWh.load)} kWh, sun ${kwh(recordedWh.pv)} kWh in the recording`);
  }
  print(
    `${result.cycles} cycles, ${result.missedCycles} missed, ${result.violations} violations, ` +
      `booked energy within ${result.truthErrorPct} % of the truth`,
  );
}
