import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Forecaster } from '../../gateway/agents/forecasting/forecaster.ts';
import { seededStream } from '../../gateway/agents/forecasting/seasonal/sets.ts';
import { localSlot } from '../../gateway/agents/forecasting/site-series.ts';
import { clearSkyGhi, sunPosition } from '../../gateway/agents/forecasting/sun.ts';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 5, 1);
const HISTORY_DAYS = 365;
const LIVED_DAYS = 15; // trees are learnt every fourteen
const ISSUED_STEPS = 192;
const SETUP = {
  ...{ latitudeDeg: 47.66, longitudeDeg: 9.17, timeZone: 'Europe/Berlin' },
  ...{ pvRatedW: 30_000, loadRatedW: 60_000 },
};

/** Processor time of this process, ms: garbage collection counts, also on its own threads. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

class Costs {
  private readonly all: number[] = [];

  time<T>(run: () => T): T {
    const fromMs = cpuMs();
    const value = run();
    this.all.push(cpuMs() - fromMs);
    return value;
  }

  figures() {
    const sorted = this.all.toSorted((a, b) => a - b);
    const at = (share: number): number => rounded(sorted[Math.floor(share * sorted.length)] ?? 0);
    const sum = sorted.reduce((a, b) => a + b, 0);
    return {
      count: sorted.length,
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), maxMs: rounded(sorted.at(-1) ?? 0) },
      sumMs: Math.round(sum),
    };
  }
}

const rounded = (value: number): number => Math.round(value * 100) / 100;

/** Heap and array buffers after a collection. */
function heldMb(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let n = 0; n < 2; n += 1) collect(); // buffers go with the second one
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return rounded((heapUsed + arrayBuffers) / 1_048_576);
}

function site() {
  const random = seededStream(7);
  let swing = 0;
  return (fromMs: number) => {
    const { day, slot } = localSlot(fromMs, SETUP.timeZone);
    swing = 0.95 * swing + 600 * (random() - 0.5);
    const isRest = [2, 3].includes(((day % 7) + 7) % 7);
    const shift = !isRest && slot >= 24 && slot < 72 ? 15_000 : 0;
    const { latitudeDeg, longitudeDeg } = SETUP;
    const sun = sunPosition(latitudeDeg, longitudeDeg, fromMs + QUARTER_MS / 2);
    const pvW = 24 * clearSkyGhi(sun.elevationDeg) * (0.3 + 0.7 * random());
    return { fromMs, pvW, loadW: Math.max(0, 4_000 + shift + swing), curtailed: false };
  };
}

/**
 * The forecaster of a running site with a year behind it: what it holds, and what each of its turns
 * costs in processor time.
 */
export function benchForecastLive(): object {
  const figures = lived(new Forecaster(SETUP));
  const { withMb, ...others } = figures;
  return { ...others, heldMb: rounded(withMb - heldMb()) };
}

function lived(forecaster: Forecaster) {
  const at = site();
  const fromMs = END_MS - HISTORY_DAYS * DAY_MS;
  const recentMs = END_MS - 36 * DAY_MS;
  const reading = new Costs();
  for (let atMs = fromMs; atMs < recentMs; atMs += QUARTER_MS) {
    forecaster.remember(at(atMs));
  }
  for (let atMs = recentMs; atMs < END_MS; atMs += QUARTER_MS) forecaster.observe(at(atMs));
  while (reading.time(() => forecaster.work()));
  const [issues, midnights, turns] = [new Costs(), new Costs(), new Costs()];
  const lessons = new Costs();
  for (let atMs = END_MS; atMs < END_MS + LIVED_DAYS * DAY_MS; atMs += QUARTER_MS) {
    forecaster.observe(at(atMs));
    const nowMs = atMs + QUARTER_MS;
    const isMidnight = localSlot(nowMs, SETUP.timeZone).slot === 0;
    (isMidnight ? midnights : issues).time(() => forecaster.issue(nowMs, ISSUED_STEPS));
    lessons.time(() => {
      while (turns.time(() => forecaster.work()));
    });
  }
  return {
    historyDays: HISTORY_DAYS,
    withMb: heldMb(), // with all that the forecaster holds
    reading: reading.figures(),
    issue: issues.figures(),
    issueAtMidnight: midnights.figures(),
    turn: turns.figures(),
    dailyCpuMs: Math.round(
      [issues, midnights, lessons].reduce((sum, one) => sum + one.figures().sumMs, 0) / LIVED_DAYS,
    ),
  };
}
