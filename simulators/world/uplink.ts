import type { Broker, BrokerMessage, Clock, PublishOptions, Random } from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import type { VirtualProcess } from './process.ts';

const LOST_SHARE = 0.3;
const REPEATED_AFTER_MS = 700; // behind what came since
const FLAP_MS = 1_000;
const SLOT_MS = 1_000;

export interface UplinkDeps {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly random: Random;
  /** Topics of directives, and who hears what really arrived. */
  readonly directiveTopic: string;
  readonly onDirective: (message: BrokerMessage) => void;
}

/** The way of one gateway to the broker. It outlives the agents that use it. */
export class VirtualUplink {
  stallUntilMs = 0; // real ms, as below
  losesUntilMs = 0;
  repeatsUntilMs = 0;
  muteUntilMs = 0; // directives do not arrive
  slowUntilMs = 0; // the broker takes one message after the other
  slotMs = 0; // when it takes the next one
  private cutUntilMs = 0;
  private line: Line | undefined;
  readonly deps: UplinkDeps;

  constructor(deps: UplinkDeps) {
    this.deps = deps;
  }

  get isCut(): boolean {
    return this.deps.clock.realMs() < this.cutUntilMs;
  }

  cut(untilMs: number): void {
    const { clock } = this.deps;
    this.cutUntilMs = Math.max(this.cutUntilMs, untilMs);
    this.line?.turn();
    clock.realAt(this.cutUntilMs, () => this.line?.turn());
  }

  flap(untilMs: number): void {
    const nowMs = this.deps.clock.realMs();
    if (nowMs >= untilMs) return;
    this.cut(nowMs + FLAP_MS);
    this.deps.clock.realAt(nowMs + 2 * FLAP_MS, () => this.flap(untilMs));
  }

  /** Gives the gateway what nobody has published. */
  inject(message: BrokerMessage): void {
    this.line?.hear(message);
  }

  /** As from the broker. @returns whether it could come */
  deliver(message: BrokerMessage): boolean {
    if (this.line?.connected !== true) return false;
    this.line.arrive(message);
    return true;
  }

  /** The client of one life of the agent. */
  client(process: VirtualProcess): Broker {
    const line = new Line(this, process);
    this.line = line;
    return line;
  }
}

/** A client of one process: after its end it hears and says nothing. */
class Line implements Broker {
  onMessage: Broker['onMessage'];
  onState: Broker['onState'];
  private readonly inner: Broker;
  private readonly uplink: VirtualUplink;
  private readonly process: VirtualProcess;
  private wanted = false;

  constructor(uplink: VirtualUplink, process: VirtualProcess) {
    this.uplink = uplink;
    this.process = process;
    this.inner = uplink.deps.hub.client();
    this.inner.onMessage = (message) => this.arrive(message);
    this.inner.onState = (state, why) => process.run(() => this.onState?.(state, why));
    process.onKill(() => {
      this.onMessage = undefined;
      this.onState = undefined;
      void this.stop();
    });
  }

  get connected(): boolean {
    return this.inner.connected;
  }

  start(): void {
    this.wanted = true;
    this.turn();
  }

  /** Connected while it may be. */
  turn(): void {
    if (this.wanted && !this.uplink.isCut) this.inner.start();
    else void this.inner.stop();
  }

  subscribe(filters: readonly string[]): void {
    this.inner.subscribe(filters);
  }

  async publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void> {
    const { clock, random } = this.uplink.deps;
    const nowMs = clock.realMs();
    const { stallUntilMs, losesUntilMs, repeatsUntilMs } = this.uplink;
    if (nowMs < stallUntilMs) {
      await new Promise<void>((resolve) => clock.realAt(stallUntilMs, resolve));
      if (!this.process.alive) return new Promise(() => undefined);
    }
    if (nowMs < this.uplink.slowUntilMs) {
      this.uplink.slotMs = Math.max(this.uplink.slotMs, nowMs) + SLOT_MS;
      await new Promise<void>((resolve) => clock.realAt(this.uplink.slotMs, resolve));
      if (!this.process.alive) return new Promise(() => undefined);
    }
    if (this.connected && nowMs < losesUntilMs && random.next() < LOST_SHARE) return;
    await this.inner.publish(topic, payload, options);
    if (nowMs < repeatsUntilMs) await this.inner.publish(topic, payload, options);
  }

  async stop(): Promise<void> {
    this.wanted = false;
    await this.inner.stop();
  }

  hear(message: BrokerMessage): void {
    this.process.run(() => this.onMessage?.(message));
  }

  arrive(message: BrokerMessage): void {
    const { clock, directiveTopic, onDirective } = this.uplink.deps;
    const nowMs = clock.realMs();
    const isDirective = message.topic === directiveTopic;
    if (isDirective && nowMs < this.uplink.muteUntilMs) return;
    this.process.run(() => {
      if (isDirective) onDirective(message);
      this.onMessage?.(message);
    });
    if (nowMs >= this.uplink.repeatsUntilMs) return;
    clock.realAt(nowMs + REPEATED_AFTER_MS, () => this.hear(message));
  }
}
