import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlackBox } from '../../gateway/adapters/blackbox/files.ts';
import { FrameWriter } from '../../gateway/adapters/blackbox/frames.ts';
import { Encoder } from '../../gateway/guard/blackbox/encoder.ts';
import { read, replay } from '../../gateway/guard/blackbox/replay.ts';
import { recordFiles } from '../fixtures/blackbox/files.ts';

const MINUTES = 30;
const DAY_CYCLES = 86_400;
const BOX_BYTES = 512 * 1_048_576;
const FRAME_BLOBS = 10;
const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Milliseconds of CPU that this takes. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Encodes all cycles of a segment again. */
function encode(blobs: readonly Uint8Array[]): Uint8Array[] {
  const told = read(blobs);
  const cycles = [...(told?.cycles ?? [])];
  const encoder = new Encoder();
  const out = [encoder.encode(told?.opening, undefined)];
  let before: object | undefined;
  spentMs += cpuMs(() => {
    for (const cycle of cycles) {
      out.push(encoder.encode(cycle, before));
      before = cycle;
    }
  });
  return out;
}
let spentMs = 0;

function compress(blobs: readonly Uint8Array[]): void {
  const writer = new FrameWriter();
  for (let n = 0; n < blobs.length; n += FRAME_BLOBS) writer.frame(blobs.slice(n, n + FRAME_BLOBS));
}

/**
 * The black box of each demo site over half an hour with faults: bytes a cycle, CPU a cycle on the
 * guard's thread and on the writer's, days that fit into 512 MB.
 */
export async function benchBlackBox(): Promise<object> {
  const sites: object[] = [];
  for (const site of [0, 1, 2]) {
    const dir = mkdtempSync(join(tmpdir(), 'box-'));
    try {
      const run = { site, minutes: MINUTES, seed: 6, micros: true };
      const { cycles } = await recordFiles(dir, run);
      const files = openBlackBox(dir);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      const segments = files.map((file) => file.read()?.blobs ?? []);
      const raw = segments.flat().reduce((sum, blob) => sum + blob.length, 0);
      spentMs = 0;
      for (const blobs of segments) encode(blobs);
      const writeMs = cpuMs(() => segments.forEach(compress));
      let differing = 0;
      const replayMs = cpuMs(() => {
        for (const blobs of segments) {
          for (const { differs } of replay(blobs)) if (differs !== undefined) differing += 1;
        }
      });
      sites.push({
        site: read(segments[0] ?? [])?.opening.site.id,
        devices: read(segments[0] ?? [])?.opening.site.devices.length,
        cycles,
        encodedBytesPerCycle: round(raw / cycles),
        diskBytesPerCycle: round(bytes / cycles),
        daysIn512Mb: round(BOX_BYTES / (bytes / cycles) / DAY_CYCLES),
        guardCpuUsPerCycle: round((1_000 * spentMs) / cycles),
        writerCpuUsPerCycle: round((1_000 * writeMs) / cycles),
        replayTimesRealTime: round(cycles / (replayMs / 1_000), 0),
        differing,
      });
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  return { minutes: MINUTES, sites };
}
