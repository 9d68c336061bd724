import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Profile } from '../../devices/profile.ts';
import { type ClockOrigin, createClock, newOrigin } from '../../gateway/adapters/clock.ts';
import { createMqttBroker } from '../../gateway/adapters/mqtt.ts';
import { gatewayTopics, parseTopic } from '../../gateway/contracts/topics.ts';
import type { Directive } from '../../gateway/contracts/values/directive.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { intervalStart } from '../../gateway/contracts/values/time.ts';
import type { Broker, Clock } from '../../gateway/ports.ts';
import type { SiteDevices } from '../devices/types.ts';
import type { PlantConfig } from '../plant/plant.ts';
import type { Drive } from '../plant/types.ts';
import { createSiteDevices } from '../servers/site-devices.ts';
import { type Sources, startSources } from '../servers/sources.ts';
import { deviceSettings } from '../sites/bind.ts';
import { demoClimate, demoSiteText, wired } from '../sites/demo.ts';
import {
  type BrokerKind,
  CLOUD_ID,
  JUDGE_ID,
  makeBroker,
  OPERATOR_ID,
  type RunBroker,
  secret,
  writeLogin,
} from './broker.ts';
import { newClaim, type RunDoors, runDoors, signIn } from './doors.ts';
import { makeSecrets, type RunSecrets, writeCloud, writeGateway } from './files.ts';
import { answering, type DemoProcess, freePorts, startProcess } from './processes.ts';
import { type RunningSite, runSite } from './world.ts';

/**
 * A site to run: its file without ports, its plant, what it had recorded before, and recorded input
 * if any.
 */
export interface SiteSetup {
  readonly site: Site;
  readonly plant: PlantConfig;
  readonly comment: string;
  readonly history: (untilMs: number) => string; // CSV
  readonly drive: Drive | undefined;
  readonly ownProfiles?: readonly Profile[]; // of its devices that no catalogue has
}

export interface RunOptions {
  readonly sites: readonly SiteSetup[];
  readonly seed: number;
  readonly speed: number;
  readonly startMs: number; // wall clock at which simulated time begins
  readonly withCloud: boolean;
  readonly broker?: BrokerKind; // with certificates unless named otherwise
  readonly transformerVa: number;
  readonly backgroundW: number;
  /** Each gateway provisions itself by claim, and an operator reaches its shadows and jobs. */
  readonly isFleet?: boolean;
  readonly copies?: { readonly tables?: string; readonly lake?: string }; // of the cloud's books
  readonly notice: (line: string) => void;
}

export interface RunningGateway extends RunningSite {
  readonly dir: string;
  readonly url: string; // signs in once
  readonly doors: RunDoors;
  readonly process: DemoProcess;
}

const ROOT = resolve(import.meta.dirname, '../..');
const READY_MS = 60_000;
const STOP_MS = 20_000;
const SIGN_IN_MS = 12_000;

/** Every process of a run and the world they live in; `start` then `stop`, once. */
export class Run {
  readonly dir: string;
  readonly origin: ClockOrigin;
  readonly clock: Clock;
  gateways: RunningGateway[] = [];
  readonly processes: DemoProcess[] = [];
  broker: RunBroker | undefined;
  private readonly options: RunOptions;
  private sources: Sources | undefined;
  private judge: Broker | undefined;
  private ended = false;

  constructor(options: RunOptions) {
    this.options = options;
    this.dir = mkdtempSync(join(tmpdir(), 'edgewatt-'));
    mkdirSync(join(this.dir, 'logs'));
    this.origin = newOrigin(options.speed, options.startMs);
    this.clock = createClock(this.origin);
  }

  async start(): Promise<void> {
    const { sites, seed } = this.options;
    const secrets = makeSecrets();
    const running = await this.startSites(seed, secrets);
    if (this.options.withCloud) {
      const [brokerPort = 0, controlPort = 0] = await freePorts(2);
      await this.startBroker(running, brokerPort, this.options.isFleet ? controlPort : undefined);
      await this.startCloud(running, secrets);
    }
    // Last of all servers here: none of them may be given a port that is promised to a page.
    const pagePorts = await freePorts(sites.length);
    const claim = newClaim();
    const doors = pagePorts.map((port) =>
      runDoors(`http://127.0.0.1:${port}/`, claim, sites.length),
    );
    for (const [index, site] of running.entries()) {
      const setup = sites[index];
      const own = doors[index];
      if (setup === undefined || own === undefined) continue;
      const peers = sites.map((peer, at) => ({
        id: peer.site.id,
        name: peer.site.name,
        url: doors[at]?.peerUrls[index] ?? '',
      }));
      const port = pagePorts[index] ?? 0;
      const dir = this.writeSite(site, setup, { port, doors: own, peers });
      if (this.options.isFleet) await this.provision(site.site.gateway, dir);
      // As bin/edgewatt.mjs starts it.
      const small = ['--max-semi-space-size=4', '--max-old-space-size=320'];
      const args = [...small, join(ROOT, 'gateway/main.ts'), 'run', dir];
      const gateway = startProcess(site.site.gateway, args, join(this.dir, 'logs'));
      this.processes.push(gateway);
      this.gateways.push({ ...site, dir, url: own.url, doors: own, process: gateway });
    }
  }

  /** As an installer does it, with the command. @throws Fault when it does not work */
  private async provision(gateway: string, dir: string): Promise<void> {
    const args = [join(ROOT, 'gateway/main.ts'), 'provision', dir];
    const command = startProcess(`provision-${gateway}`, args, join(this.dir, 'logs'));
    if ((await command.exited) === 0) return;
    const log = `logs/provision-${gateway}.log in the run's folder (--keep shows it)`;
    throw new Fault('it got no certificate', gateway, `see ${log}`);
  }

  /**
   * Resolves when every page answers and has had its first live picture. @throws Fault when one
   * does not
   */
  async ready(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => firstPicture(gateway, READY_MS)));
  }

  /**
   * Gateways release their devices and drain to the cloud, then the cloud ends, then the broker,
   * then the world.
   * @returns true when every process ended by itself with code 0 and every device was given back
   */
  async stop(): Promise<boolean> {
    if (this.ended) return true;
    this.ended = true;
    const guards = this.gateways.map((gateway) => gateway.process);
    const others = this.processes.filter((one) => !guards.includes(one));
    const codes = [await endAll(guards)];
    for (const gateway of this.gateways) gateway.stop();
    for (const one of others.reverse()) codes.push(await endAll([one]));
    await this.judge?.stop();
    await this.sources?.stop();
    for (const gateway of this.gateways) await gateway.devices.stop();
    const released = this.gateways.every(({ court }) => court.unreleased().length === 0);
    return released && codes.every(Boolean);
  }

  /** Removes the run's folder; call after its databases were read. */
  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async startSites(seed: number, secrets: RunSecrets): Promise<RunningSite[]> {
    const directives = { keyId: 'demo-grid', publicKey: secrets.directiveKeys.publicKey };
    const running: RunningSite[] = [];
    for (const setup of this.options.sites) {
      let site: RunningSite | undefined;
      const devices: SiteDevices = createSiteDevices(setup.site, {
        clock: this.clock,
        settings: deviceSettings(setup.site),
        ownProfiles: setup.ownProfiles,
        onFrame: (frame) => site?.frame(frame),
        onRequest: () => site?.advance(),
        onNotice: (line) => this.options.notice(`${setup.site.name}: ${line}`),
      });
      const buses = await devices.start();
      const file = wired(setup.site, buses, this.options.withCloud ? directives : undefined);
      site = runSite(
        { site: file, plant: setup.plant, devices, seed, drive: setup.drive },
        this.clock,
      );
      running.push(site);
    }
    return running;
  }

  private async startBroker(
    sites: readonly RunningSite[],
    port: number,
    controlPort: number | undefined,
  ): Promise<void> {
    const kind = this.options.broker ?? 'iot-core';
    const dir = join(this.dir, 'broker');
    const files = sites.map(({ site }) => site);
    this.broker = await makeBroker({ kind, dir, port, sites: files, controlPort });
    this.runBroker();
    const { control } = this.broker;
    if (control === undefined) return;
    mkdirSync(this.operatorDir, { mode: 0o700 });
    writeLogin(this.operatorDir, this.broker.login(OPERATOR_ID));
    secret(join(this.operatorDir, 'control.secret'), control.token);
    await answering(port, READY_MS);
  }

  get operatorDir(): string {
    return join(this.dir, 'operator');
  }

  /** The broker's process, first or again; what it keeps on disk it finds there. */
  runBroker(): void {
    if (this.broker === undefined) return;
    const main = join(ROOT, 'simulators/main.ts');
    const args = [main, 'iot-core', '--config', this.broker.configFile, '--with-parent'];
    this.put(startProcess('broker', args, join(this.dir, 'logs'), true));
  }

  /** In the place of the one of that name. */
  private put(started: DemoProcess): void {
    const at = this.processes.findIndex(({ name }) => name === started.name);
    if (at < 0) this.processes.push(started);
    else this.processes[at] = started;
  }

  private async startCloud(sites: readonly RunningSite[], secrets: RunSecrets): Promise<void> {
    const { broker } = this;
    if (broker === undefined) return;
    const logs = join(this.dir, 'logs');
    const files = sites.map((site) => site.site);
    this.sources = await startSources({
      climate: demoClimate(this.options.seed),
      wallMs: () => this.clock.wallMs(),
    });
    const cloud = writeCloud(join(this.dir, 'cloud'), {
      sites: files,
      broker: { url: broker.url, login: broker.login(CLOUD_ID) },
      secrets,
      weatherUrl: this.sources.urls.openMeteo,
      priceUrl: this.sources.urls.energyCharts,
      transformerVa: this.options.transformerVa,
      backgroundW: this.options.backgroundW,
      ...this.options.copies,
    });
    const { realMs, wallMs, speed } = this.origin;
    const args = ['run', '--config', cloud, '--clock-origin', `${realMs},${wallMs},${speed}`];
    const json = ['--with-parent', '--json'];
    this.put(startProcess('cloud', [join(ROOT, 'cloud/main.ts'), ...args, ...json], logs, true));
    this.judge = judgeAt(broker);
    this.judge.onMessage = ({ topic, payload }) => {
      const gateway = parseTopic(topic)?.who;
      const site = sites.find((one) => one.site.gateway === gateway);
      const signed = JSON.parse(Buffer.from(payload).toString()) as { body: string };
      site?.directive(JSON.parse(signed.body) as Directive);
    };
    this.judge.subscribe(files.map((site) => gatewayTopics(site.tenant, site.gateway).directive));
    this.judge.start();
  }

  private writeSite(
    running: RunningSite,
    setup: SiteSetup,
    page: {
      readonly port: number;
      readonly doors: RunDoors;
      readonly peers: readonly { id: string; name: string; url: string }[];
    },
  ): string {
    const { site } = running;
    const { broker } = this;
    return writeGateway(join(this.dir, site.id), {
      siteText: demoSiteText(site, setup.comment),
      site,
      startMs: this.options.startMs,
      history: setup.history(intervalStart(this.options.startMs)),
      ownProfiles: setup.ownProfiles ?? [],
      pagePort: page.port,
      broker: broker && { url: broker.url, login: broker.login(site.gateway) },
      origin: this.origin,
      peers: page.peers,
      doors: { claim: page.doors.claim, tokens: page.doors.tokens },
    });
  }
}

/**
 * SIGTERM, and SIGKILL for what does not end. @returns true when all ended by themselves with code
 * 0
 */
async function endAll(processes: readonly DemoProcess[]): Promise<boolean> {
  for (const one of processes) one.stop();
  const timers = processes.map((one) => setTimeout(() => one.kill(), STOP_MS));
  const codes = await Promise.all(processes.map((one) => one.exited));
  for (const timer of timers) clearTimeout(timer);
  return codes.every((code) => code === 0);
}

/** Who only listens to the grid agent's directives. */
function judgeAt(broker: RunBroker): Broker {
  const login = broker.login(JUDGE_ID);
  if (login.kind === 'claim') throw new RangeError('the judge has a certificate of its own');
  return createMqttBroker({
    url: broker.url,
    clientId: JUDGE_ID,
    ...(login.kind === 'password'
      ? { username: JUDGE_ID, password: login.password }
      : { ca: login.ca, cert: login.cert, key: login.key }),
    minReconnectMs: 100,
    maxReconnectMs: 1_000,
  });
}

/** Waits for the page's first `live` event. */
async function firstPicture(gateway: RunningGateway, withinMs: number): Promise<void> {
  const untilMs = performance.now() + withinMs;
  let inside: Awaited<ReturnType<typeof signIn>> | undefined;
  let last = 'no answer';
  let lost = 0;
  while (gateway.process.running() && performance.now() < untilMs) {
    try {
      // An address signs in once: an answer that is given up, or refused, is an entrance lost.
      if (inside === undefined) {
        const url = gateway.doors.ownUrls[lost % gateway.doors.ownUrls.length] ?? '';
        inside = await signIn(url, AbortSignal.timeout(SIGN_IN_MS));
      }
      const signal = AbortSignal.timeout(10_000);
      const answer = await fetch(`${inside.base}api/live`, { headers: inside.headers, signal });
      for await (const chunk of answer.body ?? []) {
        if (Buffer.from(chunk).includes('event: live')) return;
      }
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      if (inside === undefined && last !== 'fetch failed') lost += 1;
      await new Promise((later) => setTimeout(later, 150));
    }
  }
  const why = gateway.process.running() ? `shows nothing (${last})` : 'ended';
  throw new Fault(
    `its gateway ${why}`,
    gateway.site.name,
    `see logs/${gateway.process.name}.log in the run's folder (--keep shows it)`,
  );
}

/** A file in the run's folder for who wants to look: where everything is. */
export function writeMap(run: Run): void {
  const map = run.gateways.map(({ site, url, dir }) => ({ site: site.id, url, dir }));
  writeFileSync(join(run.dir, 'run.json'), JSON.stringify(map, null, 2));
}
