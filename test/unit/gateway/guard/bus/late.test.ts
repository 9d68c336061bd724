import { expect, test } from 'vitest';
import { createBus } from '../../../../../gateway/guard/bus/owner.ts';
import type { BusResult } from '../../../../../gateway/guard/bus/types.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../../simulators/wires/memory.ts';
import { createPeer, servePeer } from '../../../../../simulators/wires/peer.ts';
import { QUIET, read, truth } from './rig.ts';

const READS = 50_000; // of each kind: 100 000 together
const TIMEOUT_MS = 100;

/** Nothing here awaits more than a few promises in a row. */
const settled = async (then: () => void): Promise<void> => {
  for (let turn = 0; turn < 6; turn += 1) await undefined;
  then();
};

/**
 * The experiment that other clients fail: every 7th answer comes 30 ms after its time-out. RTU has
 * no ids, and every request here has the same shape.
 */
test.each(['tcp', 'rtu'] as const)(
  '%s: 50 000 reads, every 7th answer late: none is wrong',
  async (kind) => {
    const clock = createVirtualClock({ settled: (then) => void settled(then) });
    const wire = createMemoryWire(clock, 'memory', 1);
    const peer = createPeer(kind, [1]);
    for (let at = 0; at < 1_000; at += 1) peer.registers.set(at, (at * 7) & 0xffff);
    servePeer(peer, wire.far);
    peer.faults.late = { every: 7, byMs: TIMEOUT_MS + 30 };
    const bus = createBus({
      bus:
        kind === 'tcp'
          ? { id: 'b', kind, host: 'h', port: 502 }
          : { id: 'b', kind: 'serial', path: '/dev/x', baud: 19_200, parity: 'none', stopBits: 1 },
      wire,
      clock,
      log: QUIET,
      stretch: 1,
      random: () => 0.5,
      unitsOnBus: 1,
    });
    const times = { timeoutMs: TIMEOUT_MS, pauseMs: 0, lateMs: 60, connectDelayMs: 0 };
    const handle = bus.attach({ unit: 1, ...times });
    handle.prove(read(999, 1), truth(999, 1));
    bus.start();
    await clock.advance(10);
    const counts = { right: 0, wrong: 0, failed: 0 };
    const judge = (at: number, result: BusResult): void => {
      const [high, low] = truth(at);
      if (!result.ok) counts.failed += 1;
      else if (result.words[0] === high && result.words[1] === low) counts.right += 1;
      else counts.wrong += 1;
    };
    const next = async (): Promise<void> => {
      for (let turn = 0; turn < READS; turn += 1) {
        const at = (turn * 13) % 500;
        judge(at, await handle.request(read(at), 'control'));
        peer.asked.length = 0;
      }
    };
    let done = false;
    void next().then(() => {
      done = true;
    });
    expect(await clock.until(() => done, 1e9)).toBe(true);
    expect(counts.wrong).toBe(0);
    expect(counts.right).toBeGreaterThan(0.65 * READS);
    expect(counts.failed).toBeGreaterThan(0.05 * READS);
    expect(bus.late).toBeGreaterThan(0);
  },
  60_000,
);
