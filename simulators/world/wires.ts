import type { BusSpec, Site } from '../../gateway/contracts/values/site.ts';
import type { Clock, Wire } from '../../gateway/ports.ts';
import { createFaults, type Faults } from '../devices/faults/rules.ts';
import { type Act, createFaultySession, type FaultyStation } from '../devices/faults/session.ts';
import type { DeviceImage, Frame } from '../devices/types.ts';
import { createStream } from '../random.ts';
import { createMemoryWire, type FarEnd, type MemoryWire } from '../wires/memory.ts';
import type { VirtualProcess } from './process.ts';

/** One way over Ethernet and a device's own answer time, real ms. */
const TCP_WAY_MS = 2;
const TCP_ANSWER_MS = 8;
const RTU_ANSWER_MS = 6;

/** One wire of a site with the devices on it. It outlives the gateway that speaks on it. */
export interface VirtualBus {
  readonly id: string;
  readonly kind: 'tcp' | 'rtu';
  readonly faults: Faults;
  /** The gateway's end, for one life of the gateway. */
  open(process: VirtualProcess): Wire;
}

export interface BusDeps {
  readonly clock: Clock;
  readonly seed: number;
  readonly images: Readonly<Record<string, DeviceImage>>;
  readonly onFrame: (frame: Frame) => void;
  /** After `onFrame`: nothing was sent back. */
  readonly onUnanswered?: (frame: Frame) => void;
  readonly onForeign?: (frame: Frame) => void;
  readonly onRequest: () => void;
}

function unitsOn(bus: string, site: Site, images: BusDeps['images']): Map<number, DeviceImage> {
  const units = new Map<number, DeviceImage>();
  for (const device of site.devices) {
    const image = images[device.id];
    if (device.bus === bus && image !== undefined) units.set(device.unit, image);
  }
  return units;
}

export function createVirtualBus(site: Site, bus: BusSpec, deps: BusDeps): VirtualBus {
  const { clock, seed, images } = deps;
  const kind = bus.kind === 'tcp' ? 'tcp' : 'rtu';
  const units = unitsOn(bus.id, site, images);
  const faults = createFaults(seed, kind);
  const station: FaultyStation = {
    bus: bus.id,
    units,
    clock,
    wire: kind,
    faults,
    random: createStream(seed, `bus ${bus.id}`),
    before: new Map(),
    frozen: new WeakMap(),
    onFrame: (frame) => {
      last = frame;
      deps.onFrame(frame);
    },
    onForeign: deps.onForeign,
    onRequest: deps.onRequest,
  };
  let last: Frame | undefined; // of the bytes that are being heard
  const byteMs = bus.kind === 'serial' ? 11_000 / bus.baud : 0;
  let goneUntilMs = 0;
  const serve = (far: FarEnd): void => {
    let session = createFaultySession(station);
    far.onOpen = () => {
      session = createFaultySession(station);
      if (clock.realMs() < goneUntilMs) far.hangUp('the device is not there');
    };
    const act = (one: Act, bytes: number): void => {
      if ('goneMs' in one) {
        goneUntilMs = clock.realMs() + one.goneMs;
        if (kind === 'tcp') far.hangUp('the device restarts');
      } else if ('end' in one) far.hangUp(one.end === 'reset' ? 'ECONNRESET' : 'closed');
      else {
        const wayMs = kind === 'tcp' ? TCP_ANSWER_MS : RTU_ANSWER_MS;
        far.send(one.send, one.afterMs + wayMs + (bytes + one.send.length) * byteMs);
      }
    };
    far.onBytes = (bytes) => {
      if (clock.realMs() < goneUntilMs) return;
      last = undefined;
      const acts = session.feed(bytes);
      for (const one of acts) act(one, bytes.length);
      if (last !== undefined && !acts.some((one) => 'send' in one)) deps.onUnanswered?.(last);
    };
  };
  let current: MemoryWire | undefined;
  return {
    id: bus.id,
    kind,
    faults,
    open: (process) => {
      current?.close(); // the system closed it with the process that had it
      const wire = createMemoryWire(
        process.clock,
        `${kind} ${bus.id}`,
        kind === 'tcp' ? TCP_WAY_MS : 0,
      );
      current = wire;
      serve(wire.far);
      process.onKill(() => wire.close());
      return wire;
    },
  };
}
