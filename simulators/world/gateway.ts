import { checkSaved, composeGuard, guardClock, superviseAgent } from '../../gateway/compose.ts';
import { composeAgent } from '../../gateway/compose-agent.ts';
import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Solution } from '../../gateway/contracts/values/linear-model.ts';
import type { OverrideRequest } from '../../gateway/contracts/values/override.ts';
import type { TelemetryRecord } from '../../gateway/contracts/values/record.ts';
import { timing } from '../../gateway/contracts/values/timing.ts';
import type {
  AgentStore,
  Broker,
  Clock,
  Log,
  Schedule,
  Solver,
  Verifier,
} from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import { entriesOf } from '../checkers/growth.ts';
import { createVirtualDisk, type VirtualDisk } from './disk.ts';
import { createPipePair } from './pipe.ts';
import { type ClockError, startVirtualProcess, type VirtualProcess } from './process.ts';
import type { VirtualSite } from './site.ts';
import type { VirtualUplink } from './uplink.ts';
import { type Babble, Voice } from './voice.ts';

export interface GatewayDeps {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly store: AgentStore;
  /** In place of a database that is damaged. */
  readonly newStore?: () => AgentStore;
  readonly solver: Solver;
  readonly verifier: Verifier;
  readonly schedule: (clock: Clock) => Schedule;
  readonly log: Log;
  /** Its way to the broker; without one it is never disturbed. */
  readonly uplink?: VirtualUplink;
  readonly clockError?: ClockError;
  /** Hears of every image of the guard. */
  readonly onImage?: (image: Image) => void;
  /** Hears of every record that the guard makes. */
  readonly onRecords?: (records: readonly TelemetryRecord[]) => void;
}

const AGENT_START_MS = 1_500; // real: node starts, modules load
const STATE_WRITE_MS = 25; // real: write, fsync, rename

/** What one of the guard's files says; undefined where it is damaged, as the product reads it. */
function savedIn(text: string): ReturnType<typeof checkSaved> {
  try {
    return checkSaved(JSON.parse(text));
  } catch {
    return undefined;
  }
}
const SOLVE_MS = 400; // real: a child forks, solves and answers
const EXIT_MS = 20;
const OFF_MS = 2_000;

/** A gateway in the virtual world: what has power, what has died, and what is on its disk. */
export class VirtualGateway {
  readonly site: VirtualSite;
  readonly disk: VirtualDisk;
  /** By epoch of the guard, the highest sequence number that it has given. */
  readonly produced = new Map<number, number>();
  /** What the planner's child answers, until when (real ms). */
  solverTrouble:
    | { kind: 'infeasible' | 'time-limit' | 'nan' | 'crash'; untilMs: number }
    | undefined;
  /** What becomes of the agent's plans on their way, until when (real ms). */
  babble: Babble | undefined;
  cycles = 0;
  missedCycles = 0;
  guard: VirtualProcess | undefined;
  agent: VirtualProcess | undefined;
  private readonly deps: GatewayDeps;
  private readonly beganAtMs: number; // UTC, the world
  private boots = 0;
  private believed: Clock | undefined; // of the guard
  private voice: Voice | undefined;
  private current: ReturnType<typeof composeAgent> | undefined;
  private inside: ReturnType<typeof composeGuard> | undefined;
  private supervisor: ReturnType<typeof superviseAgent> | undefined;

  constructor(site: VirtualSite, deps: GatewayDeps) {
    this.site = site;
    this.deps = deps;
    this.disk = createVirtualDisk(deps.store, deps.clock);
    this.beganAtMs = deps.clock.wallMs();
  }

  boot(): void {
    const { deps, disk, site } = this;
    const process = startVirtualProcess(deps.clock, deps.clockError);
    const saved = savedIn(disk.guardState.file) ?? savedIn(disk.guardState.copy);
    const clock = guardClock(process.clock, saved, this.beganAtMs);
    this.boots += 1;
    this.guard = process;
    this.believed = clock;
    const guard = composeGuard(
      {
        site: site.site,
        times: timing(clock.speed),
        saved,
        commissioned: new Set(site.site.devices.map(({ id }) => id)),
        bootId: `${site.site.gateway}-${this.boots}`,
      },
      {
        clock,
        log: deps.log,
        verifier: deps.verifier,
        wire: (bus) => {
          const there = site.buses.get(bus.id);
          if (there === undefined) throw new RangeError(`no bus ${bus.id}`);
          return there.open(process);
        },
        save: (state) => {
          const text = JSON.stringify(state);
          clock.realAt(clock.realMs() + STATE_WRITE_MS, () => {
            if (disk.refusal() !== undefined) return;
            disk.guardState.file = text;
            disk.guardState.copy = text;
          });
        },
      },
    );
    const supervisor = superviseAgent(guard, {
      clock,
      log: deps.log,
      startAgent: () => this.startAgent(process),
      restart: () => undefined, // no job of the fleet comes here
    });
    this.inside = guard;
    this.supervisor = supervisor;
    const { onRecords, onImage } = guard;
    guard.onRecords = (records) => {
      for (const { epoch, seq } of records) this.produced.set(epoch, seq);
      onRecords?.(records);
      deps.onRecords?.(records);
    };
    let missed = 0;
    guard.onImage = (image) => {
      this.cycles += 1;
      this.missedCycles += image.counters.missedCycles - missed;
      missed = image.counters.missedCycles;
      onImage?.(image);
      deps.onImage?.(image);
    };
    void guard.start().then(() => process.alive && supervisor.launch());
  }

  /** Does a guard live that has the right time? */
  isOnTime(): boolean {
    const offMs = (this.believed?.wallMs() ?? 0) - this.deps.clock.wallMs();
    return this.guard?.alive === true && Math.abs(offMs) < OFF_MS;
  }

  /** Entries that guard and agent hold, as far as fields lead to them. */
  held(): { readonly guard: number; readonly agent: number } {
    const { inside, current } = this;
    return { guard: inside ? entriesOf(inside) : 0, agent: current ? entriesOf(current) : 0 };
  }

  /** What a person orders at the site. @returns why not, '' where it was taken */
  order(request: OverrideRequest): string {
    return this.inside?.override(request).refused ?? 'no gateway runs';
  }

  /** SIGTERM: devices given back, last records to disk and to the cloud. */
  async stop(): Promise<void> {
    await this.inside?.stop();
    await this.supervisor?.stop();
    this.guard?.kill();
  }

  /** The guard dies; its agent hears the pipe close and ends by itself. */
  killGuard(): void {
    this.guard?.kill();
  }

  /** Everything dies at once. */
  cutPower(): void {
    this.agent?.kill();
    this.guard?.kill();
  }

  /** While nothing runs. @param how what the file holds then; of the database, that it is new */
  damage(how: string): void {
    const { newStore } = this.deps;
    if (how === 'database' && newStore !== undefined) this.disk.lose(newStore());
    else if (how === 'half') {
      const { file } = this.disk.guardState;
      this.disk.guardState.file = file.slice(0, file.length / 2);
    } else this.disk.guardState.file = how;
  }

  /** An older agent asks for this power. @returns whether there was one before */
  askOlder(powerW: number): boolean {
    const nowMs = this.deps.clock.wallMs();
    return this.agent?.alive === true && this.voice?.askOlder(powerW, nowMs) === true;
  }

  private babbling(): Babble['how'] | undefined {
    const { babble } = this;
    return babble && this.deps.clock.realMs() < babble.untilMs ? babble.how : undefined;
  }

  private startAgent(parent: VirtualProcess) {
    const { deps, disk, site } = this;
    const process = startVirtualProcess(deps.clock, deps.clockError);
    const { clock } = process;
    this.agent = process;
    const pipe = createPipePair(deps.clock);
    const voice = new Voice(pipe.agent, () => this.babbling());
    this.voice = voice;
    const broker = deps.uplink?.client(process) ?? brokerOf(deps.hub, process);
    const store = disk.open(process);
    const exited = Promise.withResolvers<void>();
    const exit = (): void => {
      deps.clock.realAt(deps.clock.realMs() + EXIT_MS, () => exited.resolve());
    };
    process.onKill(() => {
      pipe.cut();
      void broker.stop();
      exit();
    });
    parent.onKill(() => pipe.cut());
    clock.realAt(clock.realMs() + AGENT_START_MS, () => {
      const agent = composeAgent({
        site: site.site,
        clock,
        times: timing(clock.speed),
        pipe: voice.pipe,
        broker,
        store,
        solver: this.solverOf(process),
        log: deps.log,
        schedule: deps.schedule(clock),
      });
      this.current = agent;
      void agent.ended.then(() => process.kill());
      void agent.start();
    });
    return { pipe: pipe.guard, exited: exited.promise, kill: () => process.kill() };
  }

  /** Answers of the planner's child come after a while, and not at all to one who has died. */
  private solverOf({ clock }: VirtualProcess): Solver {
    return {
      solve: async (model, limitMs, effort, start) => {
        const { solver } = this.deps;
        const solution = this.badSolution() ?? (await solver.solve(model, limitMs, effort, start));
        const takesMs = solution.status === 'time-limit' ? limitMs : SOLVE_MS;
        return new Promise((resolve) =>
          clock.realAt(clock.realMs() + takesMs, () => resolve(solution)),
        );
      },
    };
  }

  private badSolution(): Solution | undefined {
    const { solverTrouble: trouble, deps } = this;
    if (trouble === undefined || deps.clock.realMs() >= trouble.untilMs) return undefined;
    const { kind } = trouble;
    if (kind === 'nan') return { status: 'failed', detail: 'a solution that is not finite' };
    if (kind === 'crash') return { status: 'failed', detail: 'the solver ended with SIGSEGV' };
    return { status: kind, detail: `model status ${kind}` };
  }
}

/** A client of one process: after its end it hears and says nothing. */
function brokerOf(hub: MemoryBroker, process: VirtualProcess): Broker {
  const client = hub.client();
  process.onKill(() => {
    client.onMessage = undefined;
    client.onState = undefined;
  });
  return client;
}
