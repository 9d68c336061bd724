import type { Notebook, Store } from '../../cloud/ports.ts';
import type { Image } from '../../gateway/contracts/values/image.ts';
import { DAY_MS, MINUTE_MS } from '../../gateway/contracts/values/time.ts';
import type {
  AgentStore,
  Clock,
  Hash,
  Log,
  Schedule,
  Signer,
  Solver,
  Verifier,
} from '../../gateway/ports.ts';
import { createMemoryBroker } from '../broker-memory.ts';
import { judgeBooks } from '../checkers/books.ts';
import { BACK_MS } from '../checkers/recovery.ts';
import type { Rule, WorldRule } from '../checkers/types.ts';
import { createVirtualClock, type VirtualClock } from '../clock.ts';
import { type DemoSite, demoClimate, demoSites } from '../sites/demo.ts';
import { createSources } from '../sources/answer.ts';
import { type CloudConfig, VirtualCloud } from './cloud.ts';
import { createDigest, type Digest } from './digest.ts';
import { type FaultKind, isBeyond, specOf } from './fault-kinds.ts';
import { type PlannedFault, planFaults } from './faults.ts';
import type { Stage } from './stage.ts';
import { VirtualStand } from './stand.ts';
import { Striker } from './strike.ts';
import { speedOf } from './variety.ts';

/** What a world needs from outside: SQLite, the solver, schemas. No wire, file or timer. */
export interface WorldPorts {
  readonly agentStore: (nowMs: number) => AgentStore;
  readonly cloudStore: () => Store & Notebook;
  readonly solver: Solver;
  readonly schedule: (clock: Clock, log: Log) => Schedule;
  readonly hash: Hash;
  readonly config: (text: string) => CloudConfig;
  /** Calls back when no promise is left to settle. */
  readonly settled: (then: () => void) => void;
  /** Settles all promises at once, where the engine can. */
  readonly settle?: (() => void) | undefined;
}

export interface WorldOptions {
  readonly seed: number;
  readonly days: number;
  readonly sites: number;
  readonly startMs: number;
  /** In place of those that the seed plans. */
  readonly faults?: readonly PlannedFault[];
  /** Which of the faults happen; all of them when left out. */
  readonly only?: ReadonlySet<number>;
  /** Ends the run with the first violation. */
  readonly isBrief?: boolean;
  readonly log?: (atMs: number, line: string) => void;
  /** Hears of every image of a guard, with the true time. */
  readonly onImage?: (site: string, atMs: number, image: Image) => void;
}

/** X: the cloud fell; S15: the books do not add up. */
export type Violated = Rule | WorldRule | 'S15' | 'X';

export interface WorldViolation {
  readonly seed: number;
  readonly rule: Violated;
  readonly site: string;
  readonly atMs: number; // UTC
  readonly what: string;
}

export interface WorldResult {
  readonly seed: number;
  readonly siteDays: number;
  readonly cycles: number;
  readonly missedCycles: number;
  readonly faults: readonly PlannedFault[];
  readonly faultsInjected: Partial<Record<FaultKind, number>>;
  readonly violations: readonly WorldViolation[];
  /** What followed from readings that were lies, counted apart. */
  readonly excusedCount: number;
  readonly recordsConfirmed: number;
  readonly intervalsCleared: number;
  readonly hash: string;
}

const DRAIN_MS = 30_000; // real
const STRETCH_MS = MINUTE_MS;

/** One seed, one world: everything on one queue, nothing real. */
export async function runWorld(options: WorldOptions, ports: WorldPorts): Promise<WorldResult> {
  const world = new World(options, ports);
  return world.run();
}

class World {
  private readonly options: WorldOptions;
  private readonly clock: VirtualClock;
  private readonly cloud: VirtualCloud;
  private readonly store: Store & Notebook;
  private readonly stands: VirtualStand[];
  private readonly striker: Striker;
  private readonly digest: Digest = createDigest();
  private readonly violations: WorldViolation[] = [];
  private readonly injected: Partial<Record<FaultKind, number>> = {};

  constructor(options: WorldOptions, ports: WorldPorts) {
    const { seed, startMs } = options;
    this.options = options;
    this.clock = createVirtualClock({
      wallMs: startMs,
      settled: ports.settled,
      settle: ports.settle,
    });
    const { clock } = this;
    const hub = createMemoryBroker(false);
    const sources = createSources(demoClimate(seed), () => clock.wallMs());
    const log = this.log();
    this.stands = sitesOf(seed, options.sites).map(
      (demo) =>
        new VirtualStand(demo, {
          clock,
          hub,
          seed,
          store: ports.agentStore(startMs),
          newStore: () => ports.agentStore(clock.wallMs()),
          solver: ports.solver,
          schedule: (own) => ports.schedule(own, log),
          verifier,
          log,
          digest: this.digest,
          clockSpeed: speedOf(seed),
          report: (rule, site, what) => this.report(rule, site, what),
          ...(options.onImage && { onImage: options.onImage }),
        }),
    );
    this.store = ports.cloudStore();
    this.cloud = new VirtualCloud(
      this.stands.map(({ gateway }) => gateway.site.site),
      {
        clock,
        hub,
        store: this.watched(this.store),
        sources,
        signer,
        hash: ports.hash,
        config: ports.config,
        log,
        fatal: (error) => {
          const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
          this.report('X', 'cloud', what);
        },
      },
    );
    const { cloud, stands: targets } = this;
    const sign = (said: Parameters<Stage['sign']>[0]) => this.directive(said);
    this.striker = new Striker({ clock, hub, cloud, sources, targets, sign });
  }

  async run(): Promise<WorldResult> {
    const { seed, days, sites, only, isBrief } = this.options;
    const durationMs = days * DAY_MS;
    const faults = this.options.faults ?? planFaults(seed, sites, durationMs);
    this.cloud.boot();
    for (const stand of this.stands) stand.boot();
    for (const [n, fault] of faults.entries()) {
      if (only !== undefined && !only.has(n)) continue;
      this.clock.realAt(fault.atMs, () => this.strike(fault));
    }
    let isOver = false;
    for (let doneMs = 0; doneMs < durationMs && !isOver; doneMs += STRETCH_MS) {
      await this.clock.advance(STRETCH_MS);
      this.collect();
      isOver = isBrief === true && this.violations.length > 0;
    }
    if (!isOver) await this.end();
    this.cloud.process?.kill();
    for (const line of this.store.journal()) this.digest.add(line);
    return {
      seed,
      siteDays: days * sites,
      cycles: this.sum((stand) => stand.gateway.cycles),
      missedCycles: this.sum((stand) => stand.gateway.missedCycles),
      faults,
      faultsInjected: this.injected,
      violations: this.violations,
      excusedCount: this.sum((stand) => stand.gateway.site.court.excused()),
      recordsConfirmed: this.sum((stand) => stand.gateway.disk.confirmed.size),
      intervalsCleared: this.cloud.status()?.intervalsCleared ?? 0,
      hash: this.digest.hex(),
    };
  }

  /** What the cloud itself would send next. */
  private directive(said: Parameters<Stage['sign']>[0]): Uint8Array {
    const sequence = this.store.nextSequence(`directive/${said.gateway}`);
    const body = JSON.stringify({ v: 1, onLost: 'keep', sequence, ...said });
    const signed = { body, keyId: signer.keyId, signature: signer.sign(body) };
    return new TextEncoder().encode(JSON.stringify(signed));
  }

  private sum(of: (stand: VirtualStand) => number): number {
    return this.stands.reduce((total, stand) => total + of(stand), 0);
  }

  /** Gateways give their devices back and hand over what they have; then the books are compared. */
  private async end(): Promise<void> {
    for (const stand of this.stands) await stand.drained();
    const stops = this.stands.map(({ gateway }) => gateway.stop());
    let open = stops.length;
    for (const stop of stops) void stop.then(() => (open -= 1));
    await this.clock.until(() => open === 0, DRAIN_MS);
    await this.clock.advance(2_000);
    for (const stand of this.stands) {
      const left = stand.end();
      if (left.length > 0) this.report('S4', stand.id, `not given back: ${left.join(', ')}`);
    }
    this.collect();
    const sum = this.cloud.status()?.ledgerSumNano;
    if (sum !== '0') this.report('S15', 'cloud', `the ledger's sum is ${sum}`);
    for (const what of judgeBooks(this.store.journal(), this.clock.wallMs())) {
      this.report('S15', 'cloud', what);
    }
  }

  /** What the sites' judges have found since the last time. */
  private collect(): void {
    for (const { id, gateway } of this.stands) {
      const known = this.taken.get(id) ?? 0;
      const all = gateway.site.court.violations;
      for (const { rule, atMs, what } of all.slice(known)) {
        this.violations.push({ seed: this.options.seed, rule, site: id, atMs, what });
      }
      this.taken.set(id, all.length);
    }
  }

  private readonly taken = new Map<string, number>();

  private report(rule: Violated, site: string, what: string): void {
    const atMs = this.clock.wallMs();
    this.violations.push({ seed: this.options.seed, rule, site, atMs, what });
  }

  private log(): Log {
    const say = (level: string, text: string, fields: unknown): void => {
      if (this.options.log === undefined) return;
      const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
      this.options.log(this.clock.wallMs(), `${level} ${text}${more}`);
    };
    return {
      info: (text, fields) => say('info', text, fields),
      warn: (text, fields) => say('warn', text, fields),
      error: (text, fields) => say('error', text, fields),
    };
  }

  /** Sees each record that has an effect in the cloud. */
  private watched(store: Store & Notebook): Store & Notebook {
    const byGateway = new Map(this.stands.map((stand) => [stand.gateway.site.site.gateway, stand]));
    const storeRecord: Store['storeRecord'] = (gateway, record, atMs) => {
      const isNew = store.storeRecord(gateway, record, atMs);
      byGateway.get(gateway)?.stored(record, isNew);
      return isNew;
    };
    return Object.create(store, { storeRecord: { value: storeRecord } });
  }

  private strike(fault: PlannedFault): void {
    const stand = this.stands[fault.siteIndex];
    if (stand === undefined || !this.striker.strike(fault)) return;
    this.injected[fault.kind] = (this.injected[fault.kind] ?? 0) + 1;
    const backMs = isBeyond(fault.kind) ? BACK_MS.cloud : BACK_MS.device;
    const hit = specOf(fault.kind).everywhere === true ? this.stands : [stand];
    for (const one of hit) one.struck(fault.forMs, backMs);
    this.options.log?.(this.clock.wallMs(), `FAULT ${fault.kind} ${stand.id} ${fault.line}`);
  }
}

/** The demo's sites over and over, with names of their own. */
function sitesOf(seed: number, count: number): DemoSite[] {
  return Array.from({ length: count }, (_, n) => {
    const round = Math.floor(n / 3);
    const demo = demoSites(seed + round)[(seed + n) % 3] as DemoSite;
    if (round === 0) return demo;
    const own = (id: string): string => `${id}-${round + 1}`;
    const { id, gateway, participant } = demo.site;
    const names = { id: own(id), gateway: own(gateway), participant: own(participant) };
    return { ...demo, site: { ...demo.site, ...names } };
  });
}

/** The world's own signature: it says who signed, and that nothing was changed on the way. */
function seal(text: string): string {
  const digest = createDigest();
  digest.add(text);
  return `world:${digest.hex()}`;
}
const signer: Signer = { keyId: 'world', sign: seal };
const verifier: Verifier = { verify: (text, signature) => signature === seal(text) };
