import type { GuardPorts } from './compose.ts';
import type { BusSpec } from './contracts/values/site.ts';
import { createBus } from './guard/bus/owner.ts';
import type { Bus } from './guard/bus/types.ts';

/**
 * The guard's owner of one wire without a guard around it, for who looks at devices before a site
 * has them. Nothing is opened yet.
 */
export function composeLine(bus: BusSpec, ports: Pick<GuardPorts, 'clock' | 'log' | 'wire'>): Bus {
  const { clock, log, wire } = ports;
  // Who asks here is alone with the wire: nobody reconnects at the same time.
  const random = (): number => 0.5;
  return createBus({ bus, wire: wire(bus), clock, log, stretch: 1, random, unitsOnBus: 2 });
}
