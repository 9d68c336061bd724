import { composeGuard } from '../../gateway/compose.ts';
import type { BusSpec } from '../../gateway/contracts/values/site.ts';
import { timing } from '../../gateway/contracts/values/timing.ts';
import { createVirtualClock } from '../../simulators/clock.ts';
import { createStream } from '../../simulators/random.ts';
import { createMemoryWire } from '../../simulators/wires/memory.ts';
import { createPeer, type Peer } from '../../simulators/wires/peer.ts';
import { fleetSite, type Size } from './fleet/site.ts';

const STEPS = 300;
const SETTLE_MS = 20_000;
const CYCLE_MS = 1_000;
const CHARACTER_BITS = 10;
const SET_W_AT = 120;
const ENABLE_AT = 123;

/** What a device takes to think, and the network's way there and back. */
const TURNAROUND_MS = { line: 20, network: 5 } as const;
/** More or less than that, where devices take their time as they please. */
const SPREAD_MS = 10;

interface Case extends Size {
  readonly isUneven?: boolean;
}

const SIZES: readonly (Case & { readonly name: string })[] = [
  { name: 'TCP, 1 battery', batteries: 1, points: 60 },
  { name: 'TCP, 8 batteries', batteries: 8, points: 60 },
  { name: 'TCP, 31 batteries', batteries: 31, points: 60 },
  { name: 'RTU 115200, 1 battery', batteries: 1, points: 10, baud: 115_200 },
  { name: 'RTU 115200, 3 batteries', batteries: 3, points: 10, baud: 115_200 },
  { name: 'RTU 19200, 1 battery', batteries: 1, points: 10, baud: 19_200 },
  { name: 'RTU 19200, 3 batteries', batteries: 3, points: 10, baud: 19_200 },
  { name: 'RTU 9600, 1 battery', batteries: 1, points: 10, baud: 9_600 },
  { name: 'RTU 9600, 3 batteries', batteries: 3, points: 10, baud: 9_600 },
  { name: 'RTU 19200, 3, uneven', batteries: 3, points: 10, baud: 19_200, isUneven: true },
  { name: 'RTU 9600, 3, uneven', batteries: 3, points: 10, baud: 9_600, isUneven: true },
];

const long = ({ registers }: Peer, at: number): number =>
  ((registers.get(at) ?? 0) << 16) | (registers.get(at + 1) ?? 0);

function put({ registers }: Peer, at: number, value: number): void {
  registers.set(at, (value >> 16) & 0xffff);
  registers.set(at + 1, value & 0xffff);
}

/** The devices of a site, each with the time that its bytes take; they obey at once. */
class Plant {
  loadW = 2_000;
  changedAtMs = Number.NaN;
  readonly reactionsMs: number[] = [];
  private readonly clock: ReturnType<typeof createVirtualClock>;
  private readonly peers: Peer[];
  private readonly size: Case;
  private readonly random = createStream(1, 'turnaround');

  constructor(clock: Plant['clock'], size: Case) {
    this.clock = clock;
    this.size = size;
    const kind = size.baud === undefined ? 'tcp' : 'rtu';
    this.peers = Array.from({ length: size.batteries + 1 }, (_, n) => createPeer(kind, [n + 1]));
    for (const { registers } of this.peers) {
      for (let at = 0; at < 2 * size.points + 16; at += 1) registers.set(at, 0);
      registers.set(126, 10_000);
      registers.set(127, 50);
    }
  }

  wire(bus: BusSpec) {
    const { size, clock } = this;
    const wire = createMemoryWire(clock, bus.id, 0);
    const number = Number(bus.id.replace('lan', ''));
    const here = size.baud === undefined ? [this.peers[number - 1]] : this.peers;
    const characterMs = size.baud === undefined ? 0 : (1_000 * CHARACTER_BITS) / size.baud;
    const usualMs = size.baud === undefined ? TURNAROUND_MS.network : TURNAROUND_MS.line;
    const turnMs = (): number =>
      size.isUneven === true ? usualMs + SPREAD_MS * (2 * this.random.next() - 1) : usualMs;
    wire.far.onBytes = (bytes) => {
      // The last byte of the request arrives when the line has carried it.
      clock.realAt(clock.realMs() + bytes.length * characterMs, () => {
        this.flow();
        for (const peer of here) {
          const before = peer && long(peer, SET_W_AT);
          peer?.heard(bytes, (reply) => {
            wire.far.send(reply, reply.length * characterMs + turnMs());
          });
          if (peer !== undefined && long(peer, SET_W_AT) !== before) this.commanded();
        }
      });
    };
    return wire;
  }

  private flow(): void {
    let gridW = this.loadW;
    this.peers.slice(1).forEach((peer) => {
      const powerW = peer.registers.get(ENABLE_AT) === 1 ? long(peer, SET_W_AT) : 0;
      put(peer, 0, powerW);
      gridW -= powerW;
    });
    const [meter] = this.peers;
    if (meter !== undefined) put(meter, 0, gridW);
  }

  private commanded(): void {
    if (!Number.isFinite(this.changedAtMs)) return;
    this.reactionsMs.push(this.clock.monoMs() - this.changedAtMs);
    this.changedAtMs = Number.NaN;
  }
}

const quantile = (sorted: readonly number[], q: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN);

async function reactions(size: Case): Promise<number[]> {
  const clock = createVirtualClock({});
  const plant = new Plant(clock, size);
  const { site, profiles } = fleetSite(502, size);
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const guard = composeGuard(
    {
      ...{ site, profiles, times: timing(1), saved: undefined, bootId: 'bench' },
      commissioned: new Set(site.devices.map(({ id }) => id)),
    },
    {
      ...{ clock, log, save: () => undefined, verifier: { verify: () => false } },
      wire: (bus) => plant.wire(bus),
    },
  );
  let isStarted = false;
  void guard.start().then(() => {
    isStarted = true;
  });
  await clock.until(() => isStarted, 20_000);
  await clock.advance(SETTLE_MS);
  const random = createStream(1, 'steps');
  for (let n = 0; n < STEPS; n += 1) {
    plant.loadW = n % 2 === 0 ? 6_000 : 2_000;
    plant.changedAtMs = clock.monoMs();
    await clock.advance(8_000 + CYCLE_MS * random.next());
  }
  return plant.reactionsMs.sort((a, b) => a - b);
}

/**
 * `npm run bench -- reaction`: from a meter's register change to the changed setpoint in the first
 * battery, over the whole guard, in virtual time: wires as slow as their baud rate, devices that
 * take 20 ms (line; 10 to 30 where they are uneven) or 5 ms (network) to answer. Steps of 4 kW at
 * instants anywhere in the cycle.
 */
export async function benchReaction(): Promise<object> {
  const sizes: object[] = [];
  for (const { name, ...size } of SIZES) {
    const found = await reactions(size);
    sizes.push({
      ...{ name, steps: STEPS, answered: found.length },
      ...{ p50Ms: quantile(found, 0.5), p99Ms: quantile(found, 0.99), mostMs: quantile(found, 1) },
      isWithinCycleAnd50Ms: quantile(found, 0.99) <= CYCLE_MS + 50,
    });
    process.stderr.write(`${name}: p99 ${quantile(found, 0.99)} ms\n`);
  }
  return { cycleMs: CYCLE_MS, sizes };
}
