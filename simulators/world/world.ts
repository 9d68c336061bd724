import type { Notebook, Store } from '../../cloud/ports.ts';
import { gatewayTopics } from '../../gateway/contracts/topics.ts';
import type { Directive } from '../../gateway/contracts/values/directive.ts';
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
import { createMemoryBroker, type MemoryBroker } from '../broker-memory.ts';
import { createVirtualClock, type VirtualClock } from '../clock.ts';
import type { Frame } from '../devices/types.ts';
import { type DemoSite, demoClimate, demoSites } from '../sites/demo.ts';
import { createSources, type SourceSide } from '../sources/answer.ts';
import { type CloudConfig, VirtualCloud } from './cloud.ts';
import { createDigest, type Digest } from './digest.ts';
import { type FaultKind, type PlannedFault, planFaults } from './faults.ts';
import { VirtualGateway } from './gateway.ts';
import { createVirtualSite, type VirtualSite } from './site.ts';

/** What a world needs from outside: SQLite, the solver, schemas. No wire, file or timer. */
export interface WorldPorts {
  readonly agentStore: (nowMs: number) => AgentStore;
  readonly cloudStore: () => Store & Notebook;
  readonly solver: Solver;
  readonly schedule: (clock: Clock, log: Log) => Schedule;
  readonly hash: Hash;
  readonly config: (text: string) => CloudConfig;
  /** Resolves when no promise is left to settle. */
  readonly settle: () => Promise<void>;
}

export interface WorldOptions {
  readonly seed: number;
  readonly days: number;
  readonly sites: number;
  readonly startMs: number;
  /** Which of the planned faults happen; all of them when left out. */
  readonly only?: ReadonlySet<number>;
  readonly log?: (atMs: number, line: string) => void;
}

export interface WorldViolation {
  readonly seed: number;
  readonly rule: string;
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
  private readonly hub: MemoryBroker;
  private readonly sources: SourceSide;
  private readonly cloud: VirtualCloud;
  private readonly gateways: VirtualGateway[];
  private readonly digest: Digest = createDigest();
  private readonly violations: WorldViolation[] = [];
  private readonly injected: Partial<Record<FaultKind, number>> = {};
  private readonly stored = new Set<string>(); // gateway/epoch/seq in the cloud
  private brokerDownUntilMs = 0;

  constructor(options: WorldOptions, ports: WorldPorts) {
    const { seed, startMs } = options;
    this.options = options;
    this.clock = createVirtualClock({ wallMs: startMs, settle: ports.settle });
    this.hub = createMemoryBroker();
    this.sources = createSources(demoClimate(seed), () => this.clock.wallMs());
    const log = this.log();
    const demo = sitesOf(seed, options.sites);
    const directives = { keyId: 'world', publicKey: 'world' };
    this.gateways = demo.map((one) => {
      const site = createVirtualSite(one, {
        clock: this.clock,
        seed,
        directives,
        onFrame: (id, frame) => addFrame(this.digest, id, frame),
      });
      return new VirtualGateway(site, {
        clock: this.clock,
        hub: this.hub,
        store: ports.agentStore(startMs),
        solver: ports.solver,
        schedule: (clock) => ports.schedule(clock, log),
        verifier,
        log,
      });
    });
    this.cloud = new VirtualCloud(
      this.gateways.map((gateway) => gateway.site.site),
      {
        clock: this.clock,
        hub: this.hub,
        store: this.watched(ports.cloudStore()),
        sources: this.sources,
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
  }

  async run(): Promise<WorldResult> {
    const { seed, days, sites, only } = this.options;
    const durationMs = days * DAY_MS;
    const faults = planFaults(seed, sites, durationMs);
    this.judgeDirectives();
    this.cloud.boot();
    for (const gateway of this.gateways) gateway.boot();
    for (const [n, fault] of faults.entries()) {
      if (only !== undefined && !only.has(n)) continue;
      this.clock.at(fault.atMs, () => this.strike(fault));
    }
    for (let doneMs = 0; doneMs < durationMs; doneMs += STRETCH_MS) {
      await this.clock.advance(STRETCH_MS);
    }
    await this.end();
    return {
      seed,
      siteDays: days * sites,
      cycles: this.gateways.reduce((sum, one) => sum + one.cycles, 0),
      missedCycles: this.gateways.reduce((sum, one) => sum + one.missedCycles, 0),
      faults,
      faultsInjected: this.injected,
      violations: this.violations,
      recordsConfirmed: this.gateways.reduce((sum, one) => sum + one.disk.confirmed.size, 0),
      intervalsCleared: this.cloud.status()?.intervalsCleared ?? 0,
      hash: this.digest.hex(),
    };
  }

  /** Gateways give their devices back and hand over what they have; then the books are compared. */
  private async end(): Promise<void> {
    const stops = this.gateways.map((gateway) => gateway.stop());
    let open = stops.length;
    for (const stop of stops) void stop.then(() => (open -= 1));
    await this.clock.until(() => open === 0, DRAIN_MS);
    await this.clock.advance(2_000);
    for (const gateway of this.gateways) {
      const { site, disk } = gateway;
      const { id, gateway: name } = site.site;
      for (const violation of site.court.violations) {
        this.violations.push({
          seed: this.options.seed,
          rule: violation.rule,
          site: id,
          atMs: violation.atMs,
          what: violation.what,
        });
      }
      const left = site.court.unreleased();
      if (left.length > 0) this.report('S4', id, `not given back at the end: ${left.join(', ')}`);
      const lost = [...disk.confirmed].filter((key) => !this.stored.has(`${name}/${key}`));
      if (lost.length > 0) {
        const some = lost.slice(0, 5).join(', ');
        this.report('L1', id, `${lost.length} confirmed records never came: ${some}`);
      }
      site.stop();
    }
    const sum = this.cloud.status()?.ledgerSumNano;
    if (sum !== '0') this.report('X1', 'cloud', `the ledger's sum is ${sum}`);
    this.cloud.process?.kill();
  }

  private report(rule: string, site: string, what: string): void {
    const atMs = this.clock.wallMs();
    this.violations.push({ seed: this.options.seed, rule, site, atMs, what });
  }

  private log(): Log {
    const say = (level: string, text: string, fields: unknown): void => {
      const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
      this.options.log?.(this.clock.wallMs(), `${level} ${text}${more}`);
    };
    return {
      info: (text, fields) => say('info', text, fields),
      warn: (text, fields) => say('warn', text, fields),
      error: (text, fields) => say('error', text, fields),
    };
  }

  /** Sees each record that has an effect in the cloud: the same one twice is a double effect. */
  private watched(store: Store & Notebook): Store & Notebook {
    const storeRecord: Store['storeRecord'] = (gateway, record, atMs) => {
      const isNew = store.storeRecord(gateway, record, atMs);
      const key = `${gateway}/${record.epoch}/${record.seq}`;
      if (isNew && this.stored.has(key)) this.report('L2', gateway, `${key} had two effects`);
      if (isNew) this.digest.add(`${key} ${JSON.stringify(record)}`);
      this.stored.add(key);
      return isNew;
    };
    return Object.create(store, { storeRecord: { value: storeRecord } });
  }

  /** The judges know a limit from when it was published. */
  private judgeDirectives(): void {
    const judge = this.hub.client();
    const sites = new Map<string, VirtualSite>(
      this.gateways.map(({ site }) => {
        const { tenant, gateway } = site.site;
        return [gatewayTopics(tenant, gateway).directive, site];
      }),
    );
    judge.onMessage = ({ topic, payload }) => {
      const { body } = JSON.parse(new TextDecoder().decode(payload)) as { body: string };
      this.digest.add(body);
      sites.get(topic)?.directive(JSON.parse(body) as Directive);
    };
    judge.subscribe([...sites.keys()]);
    judge.start();
  }

  private strike(fault: PlannedFault): void {
    const gateway = this.gateways[fault.siteIndex];
    if (gateway === undefined || !this.happen(fault, gateway)) return;
    this.injected[fault.kind] = (this.injected[fault.kind] ?? 0) + 1;
    const { id } = gateway.site.site;
    this.options.log?.(this.clock.wallMs(), `FAULT ${fault.kind} ${id} ${fault.line}`);
  }

  /** @returns whether it could */
  private happen(fault: PlannedFault, gateway: VirtualGateway): boolean {
    const { clock } = this;
    const later = (run: () => void): void => void clock.realAt(clock.realMs() + fault.forMs, run);
    switch (fault.kind) {
      case 'agent-kill':
        gateway.agent?.kill();
        return true;
      case 'agent-hang':
        gateway.agent?.stop(clock.realMs() + fault.forMs);
        return true;
      case 'guard-kill':
      case 'power-cut':
        if (gateway.guard?.alive !== true) return false;
        if (fault.kind === 'guard-kill') gateway.killGuard();
        else gateway.cutPower();
        later(() => gateway.boot());
        return true;
      case 'broker-down': {
        this.brokerDownUntilMs = Math.max(this.brokerDownUntilMs, clock.realMs() + fault.forMs);
        this.hub.down();
        later(() => clock.realMs() >= this.brokerDownUntilMs && this.hub.up());
        return true;
      }
      case 'cloud-kill':
        if (this.cloud.process?.alive !== true) return false;
        this.cloud.process.kill();
        later(() => this.cloud.boot());
        return true;
      case 'weather-away':
      case 'price-away': {
        const which = fault.kind === 'weather-away' ? 'weather' : 'price';
        this.sources.outage[which] = true;
        later(() => {
          this.sources.outage[which] = false;
        });
        return true;
      }
      default:
        return this.onWire(fault, gateway);
    }
  }

  private onWire(fault: PlannedFault, gateway: VirtualGateway): boolean {
    const buses = [...gateway.site.buses.values()];
    const bus = buses[Math.floor((fault.pickPct / 100) * buses.length)];
    if (bus === undefined) return false;
    const line =
      fault.kind === 'device-reboot'
        ? `reboot ${fault.forMs}ms`
        : fault.kind === 'wire-close'
          ? 'close times 1'
          : fault.line;
    if (line.startsWith('close') && bus.kind !== 'tcp') return false;
    bus.faults.add(line, this.clock.realMs());
    return true;
  }
}

/** The demo's sites over and over, with names of their own. */
function sitesOf(seed: number, count: number): DemoSite[] {
  return Array.from({ length: count }, (_, n) => {
    const round = Math.floor(n / 3);
    const demo = demoSites(seed + round)[n % 3] as DemoSite;
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

function addFrame(digest: Digest, site: string, frame: Frame): void {
  digest.add(site);
  digest.add(frame.device);
  digest.count(frame.atMs);
  digest.count((frame.fc << 16) | frame.address);
  digest.count(frame.exception);
  for (const value of frame.values) digest.count(value);
}
