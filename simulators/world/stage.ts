import type { Directive } from '../../gateway/contracts/values/directive.ts';
import type { BrokerMessage, Clock } from '../../gateway/ports.ts';
import type { MemoryBroker } from '../broker-memory.ts';
import type { SourceSide } from '../sources/answer.ts';
import type { VirtualCloud } from './cloud.ts';
import type { PlannedFault } from './faults.ts';
import type { VirtualGateway } from './gateway.ts';
import type { ClockError } from './process.ts';
import type { VirtualUplink } from './uplink.ts';

/** One gateway as faults meet it. */
export interface Target {
  readonly gateway: VirtualGateway;
  readonly uplink: VirtualUplink;
  readonly clockError: ClockError;
  /** Directives that reached it, newest last. */
  readonly heard: readonly BrokerMessage[];
  boot(): void;
  /** A wire of it has a fault until then, real ms. */
  hurt(bus: string, untilMs: number): void;
  /** Where its directives come. */
  readonly topic: string;
  /** An agent that is no more speaks. @returns whether there was one before */
  older(): boolean;
  /** A directive that nobody signed; it names this limit, W. */
  forge(limitW: number): BrokerMessage;
}

export interface Stage {
  readonly clock: Clock;
  readonly hub: MemoryBroker;
  readonly cloud: VirtualCloud;
  readonly sources: SourceSide;
  readonly targets: readonly Target[];
  /** A directive as the cloud would send it next. */
  readonly sign: (directive: Omit<Directive, 'v' | 'sequence' | 'onLost'>) => Uint8Array;
}

/** @returns whether it could happen */
export type Hit = (target: Target, fault: PlannedFault, untilMs: number) => boolean;
