import type { BusSpec } from '../../contracts/values/site.ts';
import type { Wire } from '../../ports.ts';
import { createSerialWire } from './serial-wire.ts';
import { createTcpWire } from './tcp-wire.ts';

/** The real wire of a bus; nothing is opened yet. */
export function makeWire(bus: BusSpec): Wire {
  return bus.kind === 'serial' ? createSerialWire(bus) : createTcpWire(bus.host, bus.port);
}
