import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { EnergyRecord } from '../../gateway/contracts/values/record.ts';
import type { PriceSeries } from '../../gateway/contracts/values/tariff.ts';
import { costOf, type MarketLine } from '../checkers/cost.ts';
import { type TruthError, truthError } from '../checkers/energy.ts';
import type { Run, RunningGateway } from './run.ts';

/** Counters that a guard leaves behind when it ends. */
interface Summary {
  readonly mode: string;
  readonly cycles: number;
  readonly missedCycles: number;
  readonly readingsGood: number;
  readonly readingsBad: number;
  readonly writes: number;
  readonly recordsProduced: number;
}

/** The one JSON object of a headless run; amounts are decimal strings of nano-currency. */
export interface DemoResult {
  readonly speedAchieved: number;
  readonly sites: readonly SiteResult[];
  readonly market: { intervalsCleared: number; volumeWh: number; ledgerSumNano: string };
  readonly telemetry: { produced: number; storedInCloud: number; duplicates: number };
  readonly cleanExit: boolean;
}

export interface SiteResult {
  readonly id: string;
  readonly currency: string;
  readonly mode: string;
  readonly cycles: number;
  readonly missedCycles: number;
  readonly readingsGood: number;
  readonly readingsBad: number;
  readonly writes: number;
  readonly energyWh: {
    readonly pv: number;
    readonly load: number;
    readonly import: number;
    readonly export: number;
    readonly charge: number;
    readonly discharge: number;
  };
  readonly balanceErrorMaxW: number;
  readonly truthErrorPct: number;
  readonly violations: number;
  readonly costNano: string;
  readonly costWithoutBatteryNano: string;
  readonly trades: { count: number; soldWh: number; boughtWh: number; netNano: string };
}

/** What the cloud's database says, read from outside after the cloud has ended. */
class CloudBooks {
  private readonly db: Database.Database;

  constructor(file: string) {
    this.db = new Database(file);
  }

  /** Deliberate damage, so that the count of loss and duplicates is seen to work. */
  spoil(what: 'loss' | 'duplicate'): void {
    if (what === 'loss') {
      this.db.exec('DELETE FROM energy_metrics WHERE id = (SELECT max(id) FROM energy_metrics)');
      return;
    }
    const columns = `gateway, epoch, seq, kind, place, from_ms, duration_ms, in_wh, out_wh,
      coverage_pct, quality, version, body, stored_at_ms`;
    this.db.exec(`INSERT INTO energy_metrics (${columns}) SELECT ${columns} FROM energy_metrics
      WHERE id = (SELECT max(id) FROM energy_metrics)`);
  }

  telemetry(): { storedInCloud: number; duplicates: number } {
    const row = this.db
      .prepare(
        `SELECT count(*) AS "all", count(DISTINCT gateway || '/' || epoch || '/' || seq) AS keys
         FROM energy_metrics`,
      )
      .get() as { all: number; keys: number };
    return { storedInCloud: row.keys, duplicates: row.all - row.keys };
  }

  energy(gateway: string): EnergyRecord[] {
    return this.bodies(
      "SELECT body FROM energy_metrics WHERE gateway = ? AND kind = 'energy'",
      gateway,
    );
  }

  market(): { intervalsCleared: number; volumeWh: number; ledgerSumNano: string } {
    const results = this.bodies<{ volumeWh: number }>(
      "SELECT body FROM market_data WHERE kind = 'result'",
    );
    let sum = 0n;
    for (const line of this.db.prepare('SELECT line FROM journal').pluck().iterate()) {
      const { legs } = JSON.parse(String(line)) as { legs: [account: string, nano: string][] };
      for (const [, nano] of legs) sum += BigInt(nano);
    }
    const volumeWh = results.reduce((total, result) => total + result.volumeWh, 0);
    return { intervalsCleared: results.length, volumeWh, ledgerSumNano: String(sum) };
  }

  lines(participant: string): MarketLine[] {
    const rows = this.bodies<{ line: SettledLine }>(
      "SELECT body FROM trade_data WHERE kind = 'settlement' AND who = ? ORDER BY from_ms",
      participant,
    );
    return rows.map(({ line }) => ({
      fromMs: line.interval.fromMs,
      soldWh: line.soldWh,
      boughtWh: line.boughtWh,
      tradeNano: BigInt(line.tradeNano),
      feeNano: BigInt(line.feeNano),
    }));
  }

  prices(zone: string): PriceSeries | undefined {
    const rows = this.bodies<{ price?: PriceSeries }>(
      'SELECT body FROM forecast_data WHERE zone = ? ORDER BY from_ms',
      zone,
    );
    const newest = rows.findLast((row) => row.price !== undefined)?.price;
    return newest;
  }

  close(): void {
    this.db.close();
  }

  private bodies<T>(sql: string, ...args: string[]): T[] {
    return this.db
      .prepare(sql)
      .pluck()
      .all(...args)
      .map((body) => JSON.parse(String(body)) as T);
  }
}

interface SettledLine {
  readonly interval: { readonly fromMs: number };
  readonly soldWh: number;
  readonly boughtWh: number;
  readonly tradeNano: string;
  readonly feeNano: string;
}

function summaryOf({ dir }: RunningGateway): Summary {
  return JSON.parse(readFileSync(join(dir, 'data', 'guard.summary.json'), 'utf8')) as Summary;
}

interface HistoryRow {
  readonly place: string;
  readonly from_ms: number;
  readonly duration_ms: number;
  readonly in_wh: number;
  readonly out_wh: number;
  readonly coverage_pct: number;
  readonly quality: EnergyRecord['quality'];
  readonly version: number;
}

/** What the gateway booked itself, without what it was given as earlier history. */
function ownHistory({ dir }: RunningGateway): EnergyRecord[] {
  const db = new Database(join(dir, 'data', 'agent.db'), { readonly: true });
  try {
    const rows = db.prepare("SELECT * FROM history WHERE quality != 'substituted'").all();
    return (rows as HistoryRow[]).map((row) => ({
      kind: 'energy',
      place: row.place,
      fromMs: row.from_ms,
      durationMs: row.duration_ms,
      inWh: row.in_wh,
      outWh: row.out_wh,
      coveragePct: row.coverage_pct,
      source: 'counter',
      quality: row.quality,
      version: row.version,
    }));
  } finally {
    db.close();
  }
}

const whole = (wh: number): number => Math.round(wh);

const TOLD_PCT = 1;

/** Where booked energy is furthest from the truth; nothing where it is near. */
function tellError(site: string, { pct, worst }: TruthError, say: Say): void {
  if (worst === undefined || pct < TOLD_PCT) return;
  const at = new Date(worst.fromMs).toISOString();
  const whole = Math.round(worst.differenceWh);
  say(
    `${site} books ${pct.toFixed(1)} % beside the truth, ` +
      `most at ${worst.place}, ${at}: ${whole} Wh`,
  );
}

type Say = (line: string) => void;

/**
 * @param books  the cloud's, or undefined for a site on its own: then its own history is judged
 * @param say  for what people want to know beyond the figures
 */
export function siteResult(
  gateway: RunningGateway,
  books: CloudBooks | undefined,
  say: Say,
): SiteResult {
  const summary = summaryOf(gateway);
  const { site, quarters, court } = gateway;
  const tariff = site.connections[0]?.tariff;
  if (tariff === undefined) throw new RangeError(`site ${site.id} has no connection`);
  const lines = books?.lines(site.participant) ?? [];
  const traded = lines.filter((line) => line.soldWh + line.boughtWh > 0);
  const prices = books?.prices(site.zone);
  const total = quarters.total();
  const error = truthError(quarters, books?.energy(site.gateway) ?? ownHistory(gateway));
  tellError(site.id, error, say);
  return {
    id: site.id,
    currency: site.currency,
    mode: summary.mode,
    cycles: summary.cycles,
    missedCycles: summary.missedCycles,
    readingsGood: summary.readingsGood,
    readingsBad: summary.readingsBad,
    writes: summary.writes,
    energyWh: {
      pv: whole(total.pv),
      load: whole(total.load),
      import: whole(total.import),
      export: whole(total.export),
      charge: whole(total.charge),
      discharge: whole(total.discharge),
    },
    balanceErrorMaxW: Math.round(gateway.balanceErrorMaxW() * 10) / 10,
    truthErrorPct: Math.round(error.pct * 1_000) / 1_000,
    violations: court.count(),
    costNano: String(costOf(tariff, quarters.pieces(), 'connection', prices, lines).nano),
    costWithoutBatteryNano: String(costOf(tariff, quarters.pieces(), 'alone', prices).nano),
    trades: {
      count: traded.length,
      soldWh: traded.reduce((sum, line) => sum + line.soldWh, 0),
      boughtWh: traded.reduce((sum, line) => sum + line.boughtWh, 0),
      netNano: String(traded.reduce((sum, line) => sum + line.tradeNano + line.feeNano, 0n)),
    },
  };
}

/**
 * Judges an ended run: truth and wire log for the physics, both databases for what was kept.
 * @param spoil damages the cloud's database first, to show that its loss or a duplicate would be
 * seen
 */
export function judgeRun(
  run: Run,
  ranRealMs: number,
  ranSimulatedMs: number,
  cleanExit: boolean,
  spoil: 'loss' | 'duplicate' | undefined,
  say: Say = () => undefined,
): DemoResult {
  const books = new CloudBooks(join(run.dir, 'cloud', 'cloud.db'));
  try {
    if (spoil !== undefined) books.spoil(spoil);
    const summaries = run.gateways.map(summaryOf);
    const produced = summaries.reduce((sum, summary) => sum + summary.recordsProduced, 0);
    return {
      speedAchieved: Math.round((ranSimulatedMs / ranRealMs) * 100) / 100,
      sites: run.gateways.map((gateway) => siteResult(gateway, books, say)),
      market: books.market(),
      telemetry: { produced, ...books.telemetry() },
      cleanExit,
    };
  } finally {
    books.close();
  }
}
