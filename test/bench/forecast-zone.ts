import { byTheHour, RegionDemand } from '../../cloud/agents/forecasting/demand.ts';
import type { StoredEnergy } from '../../cloud/ports.ts';
import { openDataset } from '../../gateway/config/dataset.ts';
import { DAY_MS, HOUR_MS, QUARTER_MS } from '../../gateway/contracts/values/time.ts';

/** What a zone's sites use together, as the cloud forecasts it at each midnight. */
export interface ZoneFigures {
  readonly set: string;
  readonly sites: number;
  readonly hours: number;
  readonly nMAE: number;
  readonly asYesterday: number; // the same, had the day before been the forecast
  readonly asAWeekAgo: number;
  readonly inBandPct: number;
}

const LIVED_DAYS = 360;
const SCORED_DAYS = 90; // the last of them
const SETTLED_MS = 5 * 60_000;
const LOAD = 'load_kwh';

interface Site {
  readonly id: string;
  readonly stepMs: number;
  readonly loadWh: ReadonlyMap<number, number>; // by start of the step
}

/** @returns undefined for a set that is not of several sites with a load */
export function zoneFigures(set: string, dir: string): ZoneFigures | undefined {
  const sites = openDataset(dir, (column) => column === LOAD).sites.map(({ id, read }): Site => {
    const { stepMs, clockMs, columns } = read();
    const cells = columns.get(LOAD) ?? [];
    const known = clockMs.flatMap((atMs, row): [number, number][] => {
      const energyKwh = cells[row] ?? Number.NaN;
      return Number.isFinite(energyKwh) ? [[atMs, 1_000 * energyKwh]] : [];
    });
    return { id, stepMs, loadWh: new Map(known) };
  });
  if (sites.length < 2) return undefined;
  const score = new Score();
  for (const [day, hours] of midnights(sites)) {
    score.day(day, hours, (atMs) => sites.reduce((sum, one) => sum + quarterWh(one, atMs), 0));
  }
  return { set, sites: sites.length, ...score.figures() };
}

/** Of the running quarter-hour; 0 where it is not known. */
function quarterWh({ stepMs, loadWh }: Site, fromMs: number): number {
  const stepWh = loadWh.get(Math.floor(fromMs / stepMs) * stepMs) ?? 0;
  return (stepWh * QUARTER_MS) / stepMs;
}

/** The day that follows each midnight, as it was forecast then. */
function* midnights(sites: readonly Site[]): Generator<[number, ReturnType<typeof byTheHour>]> {
  const zone = { id: 'zone', latitudeDeg: 50, longitudeDeg: 8, timeZone: 'UTC' };
  const demand = new RegionDemand(zone);
  for (const { id } of sites) demand.places(id, [{ id: 'use', kind: 'load', ratedW: 1e6 }]);
  const oldestMs = Math.min(...sites.map(({ loadWh }) => loadWh.keys().next().value ?? 0));
  const startMs = Math.ceil(oldestMs / DAY_MS) * DAY_MS;
  const endMs = startMs + LIVED_DAYS * DAY_MS;
  for (let fromMs = startMs; fromMs < endMs; fromMs += QUARTER_MS) {
    demand.take(sites.flatMap((site) => recordsOf(site, fromMs)));
    const untilMs = fromMs + QUARTER_MS;
    if (untilMs % HOUR_MS !== 0) continue;
    demand.turn(untilMs + SETTLED_MS, SETTLED_MS);
    while (demand.work());
    const { forecast } = demand;
    const isScored = untilMs >= endMs - SCORED_DAYS * DAY_MS && untilMs < endMs;
    if (isScored && untilMs % DAY_MS === 0 && forecast) yield [untilMs, byTheHour(forecast)];
  }
}

function recordsOf(site: Site, fromMs: number): StoredEnergy[] {
  if (!site.loadWh.has(Math.floor(fromMs / site.stepMs) * site.stepMs)) return [];
  const outWh = quarterWh(site, fromMs);
  const whole = { coveragePct: 100, quality: 'measured', version: 1 } as const;
  return [
    { gateway: site.id, place: 'use', fromMs, durationMs: QUARTER_MS, inWh: 0, outWh, ...whole },
  ];
}

class Score {
  private hours = 0;
  private inBand = 0;
  private totalW = 0;
  private readonly offW = { now: 0, day: 0, week: 0 };

  day(
    dayMs: number,
    { fromMs, load }: ReturnType<typeof byTheHour>,
    wh: (fromMs: number) => number,
  ): void {
    const hourW = (atMs: number): number =>
      [0, 1, 2, 3].reduce((sum, quarter) => sum + wh(atMs + quarter * QUARTER_MS), 0);
    for (let atMs = dayMs; atMs < dayMs + DAY_MS; atMs += HOUR_MS) {
      const n = (atMs - fromMs) / HOUR_MS;
      const [lowW = NaN, midW = NaN, highW = NaN] = [load.lowW[n], load.midW[n], load.highW[n]];
      const realW = hourW(atMs);
      this.hours += 1;
      this.totalW += realW;
      if (lowW <= realW && realW <= highW) this.inBand += 1;
      this.offW.now += Math.abs(midW - realW);
      this.offW.day += Math.abs(hourW(atMs - DAY_MS) - realW);
      this.offW.week += Math.abs(hourW(atMs - 7 * DAY_MS) - realW);
    }
  }

  figures(): Omit<ZoneFigures, 'set' | 'sites'> {
    const { hours, inBand, totalW, offW } = this;
    return {
      hours,
      nMAE: offW.now / totalW,
      asYesterday: offW.day / totalW,
      asAWeekAgo: offW.week / totalW,
      inBandPct: (100 * inBand) / hours,
    };
  }
}
