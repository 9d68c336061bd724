import type { BusSpec } from '../../contracts/values/site.ts';
import type { Wire } from '../../ports.ts';
import { createAsciiWire, createUdpWire } from './frame-wire.ts';
import { createSerialWire } from './serial-wire.ts';
import { createTcpWire } from './tcp-wire.ts';

/** The real wire of a bus; nothing is opened yet. */
export function makeWire(bus: BusSpec): Wire {
  if (bus.kind === 'serial') {
    return bus.framing === 'ascii' ? createAsciiWire(bus) : createSerialWire(bus);
  }
  return bus.kind === 'udp' ? createUdpWire(bus.host, bus.port) : createTcpWire(bus.host, bus.port);
}
