import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { Request } from '../../../../../gateway/guard/bus/pdu.ts';
import type { BusHandle, BusResult } from '../../../../../gateway/guard/bus/types.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, servePeer } from '../../../../../simulators/wires/peer.ts';

export const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface RigOptions {
  readonly kind?: 'tcp' | 'rtu';
  readonly units?: readonly number[];
  readonly answering?: readonly number[];
  readonly timeoutMs?: number;
  readonly lateMs?: number;
  readonly pauseMs?: number;
  readonly connectDelayMs?: number;
  readonly settleMs?: number;
  readonly maxRegisters?: number;
  readonly depth?: number;
  readonly depths?: readonly number[]; // of each unit
  readonly lax?: boolean;
  readonly log?: Log;
}

export async function rig(options: RigOptions = {}) {
  const kind = options.kind ?? 'tcp';
  const units = options.units ?? [1];
  const clock = createVirtualClock();
  const wire = createMemoryWire(clock, 'memory', 1);
  const peer = createPeer(kind, options.answering ?? units);
  for (let at = 0; at < 1_000; at += 1) peer.registers.set(at, (at * 7) & 0xffff);
  servePeer(peer, wire.far);
  const bus = createBus({
    bus:
      kind === 'tcp'
        ? { id: 'b', kind: 'tcp', host: 'h', port: 502 }
        : { id: 'b', kind: 'serial', path: '/dev/x', baud: 19_200, parity: 'none', stopBits: 1 },
    wire,
    clock,
    log: options.log ?? QUIET,
    stretch: 1,
    random: () => 0.5,
    unitsOnBus: units.length,
  });
  const handles = units.map((unit, index) =>
    bus.attach({
      unit,
      timeoutMs: options.timeoutMs ?? 200,
      pauseMs: options.pauseMs ?? 0,
      lateMs: options.lateMs ?? 150,
      connectDelayMs: options.connectDelayMs ?? 0,
      settleMs: options.settleMs ?? 0,
      depth: options.depths?.[index] ?? options.depth ?? 1,
      maxRegisters: options.maxRegisters ?? 125,
      ...(options.lax === undefined ? {} : { lax: options.lax }),
    }),
  );
  bus.start();
  await clock.advance(10);
  const handle = handles[0]!;
  const ask = async (request: Request, who: BusHandle = handle): Promise<BusResult> => {
    let result: BusResult | undefined;
    void who.request(request, 'control').then((answer) => {
      result = answer;
    });
    await clock.until(() => result !== undefined, 120_000);
    if (result === undefined) throw new Error('never settled');
    return result;
  };
  return { clock, wire, peer, bus, handle, handles, ask };
}

export const read = (at: number, count = 2): Request => ({ fc: 3, at, count });
export const truth = (at: number, count = 2): number[] =>
  Array.from({ length: count }, (_, index) => ((at + index) * 7) & 0xffff);
