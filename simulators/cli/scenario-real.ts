import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createSigner } from '../../gateway/adapters/crypto.ts';
import { createMqttBroker } from '../../gateway/adapters/mqtt.ts';
import { gatewayTopics } from '../../gateway/contracts/topics.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { intervalStart } from '../../gateway/contracts/values/time.ts';
import type { LiveView } from '../../gateway/contracts/values/view.ts';
import type { Broker } from '../../gateway/ports.ts';
import { CLOUD_ID, makeBroker, type RunBroker } from '../demo/broker.ts';
import { newClaim, type RunDoors, runDoors, signIn } from '../demo/doors.ts';
import { makeSecrets, writeGateway } from '../demo/files.ts';
import { answering, type DemoProcess, freePorts, startProcess } from '../demo/processes.ts';
import { createGridDesk, forecastOf, type GridDesk } from '../scenarios/grid.ts';
import type { Act, Recording, Scenario } from '../scenarios/types.ts';
import { demoSiteText } from '../sites/demo.ts';
import { historyCsv } from '../sites/history.ts';
import { interrupted, print } from './running.ts';
import { Bench } from './scenario-bench.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_MS = 60_000;
const STOP_MS = 20_000;
const KEY = 'scenario';

/** Devices served for any Modbus master; the scenario's weather, load and faults happen to it. */
export async function runForMaster(
  scenario: Scenario,
  speed: number,
  addresses: readonly string[],
): Promise<Recording> {
  const bench = new Bench(scenario, speed);
  try {
    await bench.start(addresses);
    for (const bus of bench.site.buses) {
      const where = 'path' in bus ? bus.path : `${bus.host}:${bus.port}`;
      const units = bench.site.devices.filter((one) => one.bus === bus.id);
      const list = units.map(({ id, unit, profile }) => `${id} unit ${unit} (${profile})`);
      print(`${bus.kind.padEnd(12)} ${where.padEnd(24)} ${list.join(', ')}`);
    }
    await bench.play(tellMaster, interrupted());
    return bench.recorder.recording([], 0, 'none');
  } finally {
    await bench.stop();
  }
}

/** What our gateway would be told by its grid operator, the master may be told by a person. */
function tellMaster({ does, text }: Act): void {
  if (does.kind !== 'ramp') print(`nobody here does it: ${text}`);
}

/** The same scenario with the gateway's own processes, over sockets, in real time. */
export async function runReal(scenario: Scenario, speed: number): Promise<Recording> {
  const real = new Real(scenario, speed);
  try {
    return await real.run();
  } finally {
    await real.end();
  }
}

class Real {
  private readonly scenario: Scenario;
  private readonly bench: Bench;
  private readonly dir = mkdtempSync(join(tmpdir(), 'edgewatt-scenario-'));
  private readonly secrets = makeSecrets();
  private readonly processes: DemoProcess[] = [];
  private operator: Broker | undefined;
  private desk: GridDesk | undefined;
  private isOver = false;

  constructor(scenario: Scenario, speed: number) {
    const odd = scenario.acts.find(({ does }) =>
      ['process', 'clock', 'broker', 'order'].includes(does.kind),
    );
    if (odd !== undefined) {
      const mend = 'leave --real out: it happens in virtual time alone';
      throw new Fault(`'${odd.text}' has no real counterpart here`, scenario.name, mend);
    }
    this.scenario = scenario;
    this.bench = new Bench(scenario, speed);
  }

  async run(): Promise<Recording> {
    const { bench, scenario } = this;
    mkdirSync(join(this.dir, 'logs'));
    const site = { ...scenario.site, directives: this.directives() };
    bench.site = site;
    await bench.start([]);
    const [brokerPort = 0, pagePort = 0] = await freePorts(2);
    const broker = await this.startBroker(brokerPort);
    const doors = runDoors(`http://127.0.0.1:${pagePort}/`, newClaim(), 1);
    const dir = writeGateway(join(this.dir, site.id), {
      siteText: demoSiteText(bench.site, scenario.title),
      site: bench.site,
      startMs: scenario.startMs,
      history: historyCsv(scenario.plant, intervalStart(scenario.startMs)),
      ownProfiles: [],
      pagePort,
      broker: { url: broker.url, login: broker.login(site.gateway) },
      origin: bench.origin,
      peers: [],
      doors: { claim: doors.claim, tokens: doors.tokens },
    });
    this.startOperator(broker);
    this.begin('gateway', [join(ROOT, 'gateway/main.ts'), 'run', dir]);
    void this.watch(doors);
    const died = Promise.race(this.processes.map((one) => one.exited.then(() => one.name)));
    void died.then((name) => {
      if (!this.isOver) print(`the process '${name}' ended: see its log in ${this.dir}`);
    });
    this.desk?.start();
    await bench.play((act) => this.happen(act), Promise.race([died, interrupted()]));
    this.isOver = true;
    const court = bench.running?.court;
    const violations = (court?.violations ?? []).map(({ atMs, rule, what }) => ({
      atMs,
      rule,
      what,
    }));
    return bench.recorder.recording(violations, court?.unreachable() ?? 0, 'page');
  }

  /** Gateway first, so that it gives its devices back. */
  async end(): Promise<void> {
    this.isOver = true;
    this.desk?.stop();
    for (const one of this.processes.reverse()) {
      one.stop();
      const timer = setTimeout(() => one.kill(), STOP_MS);
      await one.exited;
      clearTimeout(timer);
    }
    await this.operator?.stop();
    await this.bench.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private directives() {
    return { keyId: KEY, publicKey: this.secrets.directiveKeys.publicKey };
  }

  private begin(name: string, args: readonly string[]): void {
    this.processes.push(startProcess(name, args, join(this.dir, 'logs')));
  }

  private async startBroker(port: number): Promise<RunBroker> {
    const dir = join(this.dir, 'broker');
    const setup = { kind: 'plain', dir, port, sites: [this.bench.site] } as const;
    const broker = await makeBroker({ ...setup, controlPort: undefined });
    const main = join(ROOT, 'simulators/main.ts');
    this.begin('broker', [main, 'iot-core', '--config', broker.configFile, '--with-parent']);
    await answering(port, READY_MS);
    return broker;
  }

  /** The cloud's place at the broker: forecast, heartbeats, orders. */
  private startOperator(broker: RunBroker): void {
    const login = broker.login(CLOUD_ID);
    if (login.kind !== 'password') throw new RangeError('a plain broker goes by password');
    const { url } = broker;
    const { password } = login;
    const reconnect = { minReconnectMs: 100, maxReconnectMs: 1_000 };
    const operator = createMqttBroker({
      ...{ url, clientId: CLOUD_ID, username: CLOUD_ID, password },
      ...reconnect,
    });
    this.operator = operator;
    const { tenant, gateway } = this.scenario.site;
    const { directive: topic } = gatewayTopics(tenant, gateway);
    const signer = createSigner(KEY, this.secrets.directiveKeys.privateKey);
    const send = (to: string, text: string, retain: boolean): void => {
      const bytes = new TextEncoder().encode(text);
      operator.publish(to, bytes, { retain }).catch(() => undefined); // the next one follows
    };
    operator.onState = (state) => {
      if (state !== 'connected' || this.scenario.prices.length === 0) return;
      const forecast = forecastOf(this.scenario);
      send(forecast.topic, forecast.text, true);
    };
    operator.start();
    this.desk = createGridDesk(gateway, this.bench.clock, (directive, isForged) => {
      const body = JSON.stringify(directive);
      const signature = isForged ? 'forged' : signer.sign(body);
      const isLimit = directive.kind !== 'heartbeat';
      if (!isForged && isLimit) this.bench.running?.directive(directive);
      send(topic, JSON.stringify({ body, keyId: KEY, signature }), false);
    });
  }

  private happen({ does, untilMs }: Act): void {
    if (does.kind === 'limit') this.desk?.order(does.order, untilMs);
    if (does.kind === 'heartbeat') this.desk?.heartbeat(does.on);
  }

  /** The gateway's page, as a person would look at it; while it says nothing nothing is known. */
  private async watch(doors: RunDoors): Promise<void> {
    let inside: Awaited<ReturnType<typeof signIn>> | undefined;
    while (!this.isOver) {
      try {
        inside ??= await signIn(doors.ownUrls[0] ?? '', AbortSignal.timeout(STOP_MS));
        const answer = await fetch(`${inside.base}api/live`, { headers: inside.headers });
        await this.read(answer.body);
      } catch {
        this.bench.recorder.page(undefined); // not up yet, or gone
      }
      await new Promise((later) => setTimeout(later, 150));
    }
  }

  private async read(body: ReadableStream<Uint8Array> | null): Promise<void> {
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of body ?? []) {
      if (this.isOver) return;
      text += decoder.decode(chunk, { stream: true });
      const events = text.split('\n\n');
      text = events.pop() ?? '';
      for (const event of events) {
        const data = /^event: live\n(?:.*\n)*?data: (.*)$/m.exec(event)?.[1];
        if (data !== undefined) this.bench.recorder.page(JSON.parse(data) as LiveView);
      }
    }
  }
}
