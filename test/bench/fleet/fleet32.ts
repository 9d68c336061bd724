import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClock } from '../../../gateway/adapters/clock.ts';
import { createVerifier } from '../../../gateway/adapters/crypto.ts';
import { makeWire } from '../../../gateway/adapters/modbus/wire.ts';
import { DiskWriter } from '../../../gateway/adapters/writer/writer.ts';
import { composeGuard, superviseAgent } from '../../../gateway/compose.ts';
import { encodeFrame } from '../../../gateway/contracts/values/frames.ts';
import type { Image } from '../../../gateway/contracts/values/image.ts';
import { timing } from '../../../gateway/contracts/values/timing.ts';
import type { Guard } from '../../../gateway/guard/tick.ts';
import type { AgentProcess } from '../../../gateway/processes/supervisor.ts';
import { round, started, stop } from '../modbus/parts.ts';
import { fleetSite, POINTS } from './site.ts';

const SETTLE_MS = 15_000;
const BOX_BYTES = 64 * 1_048_576;
/** The load moves by at most 2 kW a second, and the batteries can carry all of it. */
const FAR_W = 6_000;

const lines: string[] = [];
const note = (text: string): void => {
  lines.push(text);
};
const LOG = { info: () => undefined, warn: note, error: note };

/** An agent that takes what it is given and does nothing else. */
class QuietAgent implements AgentProcess {
  readonly exited = new Promise<void>(() => undefined);
  taken = { cycle: 0, epoch: 0, seq: 0 };
  readonly pipe: AgentProcess['pipe'] = {
    send: () => {
      setImmediate(() => {
        const { cycle, epoch, seq } = this.taken;
        this.pipe.onBytes?.(encodeFrame({ t: 'image-ack', cycle }));
        this.pipe.onBytes?.(encodeFrame({ t: 'records-ack', epoch, seq }));
      });
      return true;
    },
    onBytes: undefined,
    onClose: undefined,
    onDrain: undefined,
    close: () => undefined,
    nextTurn: () => undefined,
  };
  kill(): void {
    // Nothing to end.
  }
}

interface Seen {
  images: number;
  records: number;
  farFromZero: number; // cycles with the connection where it should not be
  last: Image | undefined;
}

/** Joins the guard to a quiet agent and counts what it hands over. */
function watched(guard: Guard, clock: ReturnType<typeof createClock>): Seen {
  const seen: Seen = { images: 0, records: 0, farFromZero: 0, last: undefined };
  const agent = new QuietAgent();
  const supervisor = superviseAgent(guard, {
    clock,
    log: LOG,
    startAgent: () => agent,
    restart: () => undefined,
  });
  const { onImage, onRecords } = guard;
  guard.onRecords = (records) => {
    seen.records += records.length;
    const last = records.at(-1);
    if (last !== undefined) agent.taken = { ...agent.taken, epoch: last.epoch, seq: last.seq };
    onRecords?.(records);
  };
  guard.onImage = (image) => {
    seen.images += 1;
    seen.last = image;
    agent.taken = { ...agent.taken, cycle: image.cycle };
    const grid = image.points['grid.powerW'];
    if (grid?.quality !== 'good' || Math.abs(grid.value) > FAR_W) seen.farFromZero += 1;
    onImage?.(image);
  };
  supervisor.launch();
  return seen;
}

/**
 * `npm run bench -- fleet32 [--minutes N]`: a meter and 31 batteries of 60 points each at 1 Hz, a
 * TCP connection each, through the whole guard: reading, site, control, kernel, writing and reading
 * back, telemetry, black box, frames for the agent. The load swings, so that every battery gets a
 * new setpoint in nearly every cycle. The devices are another process, and not in the figure.
 */
export async function benchFleet32(minutes = 1): Promise<object> {
  const server = await started(process.execPath, [new URL('server.ts', import.meta.url).pathname]);
  const { site, profiles } = fleetSite(Number(server.line));
  const clock = createClock();
  const disk = new DiskWriter();
  const dir = mkdtempSync(join(tmpdir(), 'bench-fleet-'));
  const guard = composeGuard(
    {
      site,
      profiles,
      times: timing(1),
      saved: undefined,
      commissioned: new Set(site.devices.map(({ id }) => id)),
      bootId: 'bench',
    },
    {
      clock,
      log: LOG,
      verifier: createVerifier(),
      wire: makeWire,
      save: (state) => disk.replace(join(dir, 'guard.state'), state),
      blackBox: {
        put: disk.blackBox(join(dir, 'blackbox'), { bytes: BOX_BYTES, days: 1 }),
        siteSha256: '',
        program: 'bench',
      },
    },
  );
  const seen = watched(guard, clock);
  try {
    await guard.start();
    await pause(SETTLE_MS);
    const before = { cpu: process.cpuUsage(), ...seen, atMs: clock.realMs() };
    const { missedCycles: missed = 0, writes = 0 } = seen.last?.counters ?? {};
    await pause(minutes * 60_000);
    const { user, system } = process.cpuUsage(before.cpu);
    const tookMs = clock.realMs() - before.atMs;
    const { counters, reason, mode } = seen.last ?? {};
    return {
      devices: site.devices.length,
      pointsEach: POINTS,
      measuredS: round(tookMs / 1_000, 0),
      cpuPct: round((user + system) / 10 / tookMs, 2),
      cycles: seen.images - before.images,
      missedCycles: (counters?.missedCycles ?? 0) - missed,
      cyclesOutOfControl: seen.farFromZero - before.farFromZero,
      turnP50Ms: counters?.tickP50Ms,
      turnP99Ms: counters?.tickP99Ms,
      records: seen.records - before.records,
      rssMb: round(process.memoryUsage().rss / 2 ** 20, 0),
      mode,
      reason: reason?.code,
      writes: (counters?.writes ?? 0) - writes,
      warnings: lines.slice(0, 5),
    };
  } finally {
    await guard.stop();
    await disk.close();
    await stop(server.child);
    rmSync(dir, { recursive: true });
  }
}
