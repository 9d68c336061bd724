import { gatewayTopics } from '../../gateway/contracts/topics.ts';
import type {
  AgentStore,
  Clock,
  Log,
  Schedule,
  Signer,
  Solver,
  Verifier,
} from '../../gateway/ports.ts';
import { createMemoryBroker, type MemoryBroker } from '../broker-memory.ts';
import { createVirtualClock, type VirtualClock } from '../clock.ts';
import { createDigest } from '../world/digest.ts';
import { VirtualGateway } from '../world/gateway.ts';
import { createVirtualSite, type VirtualSite } from '../world/site.ts';
import { createGridDesk, forecastOf, type GridDesk } from './grid.ts';
import { Pins } from './pins.ts';
import { Recorder } from './recorder.ts';
import type { Act, Recording, Scenario } from './types.ts';

/** What a stand needs from outside: SQLite, the solver, a schedule. */
export interface StandPorts {
  readonly agentStore: (nowMs: number) => AgentStore;
  readonly solver: Solver;
  readonly schedule: (clock: Clock, log: Log) => Schedule;
}

const STRETCH_MS = 60_000;
const DRAIN_MS = 30_000;

/** A scenario in virtual time: plant, devices, wires, gateway and broker on one queue. */
export async function runVirtual(scenario: Scenario, ports: StandPorts): Promise<Recording> {
  return new Stand(scenario, ports).run();
}

class Stand {
  private readonly scenario: Scenario;
  private readonly clock: VirtualClock;
  private readonly hub: MemoryBroker = createMemoryBroker();
  private readonly site: VirtualSite;
  private readonly gateway: VirtualGateway;
  private readonly recorder: Recorder;
  private readonly desk: GridDesk;
  private readonly pins = new Pins();
  private shiftMs = 0; // of the gateway's own clock

  constructor(scenario: Scenario, ports: StandPorts) {
    this.scenario = scenario;
    const clock = createVirtualClock({ wallMs: scenario.startMs });
    this.clock = clock;
    const demo = { site: scenario.site, plant: scenario.plant, comment: scenario.title };
    const recorders: Recorder[] = [];
    this.site = createVirtualSite(demo, {
      clock,
      seed: scenario.seed,
      directives: { keyId: signer.keyId, publicKey: signer.keyId },
      onFrame: (_, frame) => recorders[0]?.frame(frame, scenario.startMs + frame.atMs),
      onTruth: (truth) => recorders[0]?.truth(truth),
      dress: (image) => this.pins.dress(image),
    });
    this.recorder = new Recorder(scenario, this.site.images);
    recorders.push(this.recorder);
    const log = this.log();
    this.gateway = new VirtualGateway(this.site, {
      clock: this.gatewayClock(),
      hub: this.hub,
      store: ports.agentStore(scenario.startMs),
      solver: ports.solver,
      schedule: (own) => ports.schedule(own, log),
      verifier,
      log,
      onImage: (image) => this.recorder.image(image),
      onRecords: (records) => {
        for (const record of records) {
          if (record.kind !== 'event') continue;
          this.recorder.say(clock.wallMs(), `event ${record.code}: ${record.text}`);
        }
      },
    });
    const { tenant, gateway } = this.site.site;
    const operator = this.hub.client();
    operator.start();
    this.desk = createGridDesk(gateway, clock, (directive, isForged) => {
      const body = JSON.stringify(directive);
      const signed = { body, keyId: signer.keyId, signature: isForged ? 'forged' : seal(body) };
      // The judges hold the gateway to what it may know of: a broken line excuses it.
      if (!isForged && directive.kind !== 'heartbeat') this.site.directive(directive);
      const bytes = new TextEncoder().encode(JSON.stringify(signed));
      const { directive: topic } = gatewayTopics(tenant, gateway);
      operator.publish(topic, bytes).catch(() => undefined); // the broker is down: lost, as meant
    });
  }

  async run(): Promise<Recording> {
    const { scenario, clock } = this;
    this.publishForecast();
    this.gateway.boot();
    this.desk.start();
    for (const act of scenario.acts) clock.at(act.atMs - scenario.startMs, () => this.happen(act));
    let leftMs = scenario.untilMs - scenario.startMs;
    while (leftMs > 0) {
      await clock.advance(Math.min(leftMs, STRETCH_MS));
      leftMs -= STRETCH_MS;
    }
    const { court } = this.site;
    const violations = court.violations.map(({ atMs, rule, what }) => ({ atMs, rule, what }));
    const recording = this.recorder.recording(violations, court.unreachable(), 'inside');
    await this.end();
    return recording;
  }

  private async end(): Promise<void> {
    this.desk.stop();
    let isOver = false;
    void this.gateway.stop().then(() => {
      isOver = true;
    });
    await this.clock.until(() => isOver, DRAIN_MS);
    this.gateway.cutPower();
    this.site.stop();
  }

  private publishForecast(): void {
    if (this.scenario.prices.length === 0) return;
    const { topic, text } = forecastOf(this.scenario);
    const cloud = this.hub.client();
    cloud.start();
    void cloud.publish(topic, new TextEncoder().encode(text), { retain: true });
  }

  /** The gateway's own clock can be wrong; the site's cannot. */
  private gatewayClock(): Clock {
    const { clock } = this;
    return {
      speed: clock.speed,
      monoMs: () => clock.monoMs(),
      realMs: () => clock.realMs(),
      wallMs: () => clock.wallMs() + this.shiftMs,
      at: (atMs, run) => clock.at(atMs, run),
      realAt: (atMs, run) => clock.realAt(atMs, run),
    };
  }

  private log(): Log {
    const say = (text: string, fields: unknown): void => {
      const more = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
      this.recorder.say(this.clock.wallMs(), `${text}${more}`);
    };
    return { info: say, warn: say, error: say };
  }

  private happen({ does, atMs, untilMs }: Act): void {
    const { clock, gateway } = this;
    const later = (run: () => void): void => {
      if (untilMs < this.scenario.untilMs) clock.at(untilMs - this.scenario.startMs, run);
    };
    switch (does.kind) {
      case 'ramp':
        return;
      case 'limit':
        return this.desk.order(does.order, untilMs);
      case 'order': {
        const { terminal, act, powerW } = does;
        const forMs = untilMs - atMs;
        const refused = gateway.order({ terminal, act, powerW, forMs, by: 'scenario' });
        if (refused !== '') this.recorder.say(clock.wallMs(), `order refused: ${refused}`);
        return;
      }
      case 'heartbeat':
        return this.desk.heartbeat(does.on);
      case 'fault': {
        const bus = this.site.site.devices.find(({ id }) => id === does.device)?.bus ?? '';
        this.site.buses.get(bus)?.faults.add(does.rule, clock.realMs());
        return;
      }
      case 'set':
        return later(this.pins.set(does.device, does.point, does.value));
      case 'broker':
        this.hub.down();
        return later(() => this.hub.up());
      case 'clock':
        this.shiftMs += does.byMs;
        return;
      case 'process':
        if (does.what === 'kill-agent') return gateway.agent?.kill();
        if (does.what === 'hang-agent') {
          return gateway.agent?.stop(clock.realMs() + untilMs - atMs);
        }
        if (does.what === 'cut-power') gateway.cutPower();
        else gateway.killGuard();
        this.recorder.image(undefined);
        return later(() => gateway.boot());
    }
  }
}

/** The stand's own signature: it says who signed, and that nothing was changed on the way. */
function seal(text: string): string {
  const digest = createDigest();
  digest.add(text);
  return `stand:${digest.hex()}`;
}
const signer: Pick<Signer, 'keyId'> = { keyId: 'stand' };
const verifier: Verifier = { verify: (text, signature) => signature === seal(text) };
