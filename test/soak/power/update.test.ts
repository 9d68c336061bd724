import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ROOT } from '../../architecture/source.ts';
import { numberFrom } from '../../fixtures/environment.ts';
import { Box } from '../../fixtures/update/box.ts';
import { count } from '../counts.ts';
import { Volume, whyNoPowerCut } from './volume.ts';

/** Cuts in one installation, one after the other a little later in it. */
const RANGE = { usual: 30, least: 3, most: 100_000, isWhole: true } as const;
const CUTS = numberFrom('SOAK_UPDATE_CUTS', RANGE);
const BIG_BYTES = 3_000_000;
const OLD = 'releases/1.0.0';
const NEW = 'releases/1.1.0';
const NOBODY = '/dev/null'; // what is told does not matter here

const why = whyNoPowerCut();
if (why !== undefined) process.stdout.write(`No update is cut: ${why}\n`);

let volume: Volume;
let box: Box;

/** A disk with one release on it, and a bundle beside it that takes a while to unpack. */
async function begin(program: 'good' | 'broken' = 'good'): Promise<string> {
  volume.begin();
  box = new Box(volume.mount);
  const ours = join(ROOT, 'bin/package/edgewatt.sh');
  const plain = await box.bundle('1.1.0', program);
  if (program === 'broken') return plain;
  const main = join(box.root, 'releases/1.0.0/app/gateway/main.js');
  return box.bundleOf('1.1.0', [
    { path: 'app', mode: 0o755 },
    { path: 'app/gateway', mode: 0o755 },
    { path: 'app/gateway/main.js', mode: 0o644, file: main },
    { path: 'app/large', mode: 0o644, text: randomBytes(BIG_BYTES / 2).toString('hex') },
    { path: 'edgewatt', mode: 0o755, file: ours },
    { path: 'node', mode: 0o755, file: join(box.root, 'releases/1.0.0/node') },
  ]);
}

const toDisk = (): void => void execFileSync('sync', ['-f', volume.mount]);
const offer = (bundle: string): void => copyFileSync(bundle, join(box.marks, 'offered.ewb'));

/** The power goes; what is there then is there when it is back. */
async function cut(): Promise<void> {
  await volume.cut(NOBODY);
  await box.stop();
}

function powerIsBack(): void {
  execFileSync('umount', ['-l', volume.mount]);
  volume.again();
}

/** Starts as often as it takes. @returns after how many starts it runs */
async function startsUntilItRuns(): Promise<number> {
  for (let starts = 1; starts <= 6; starts += 1) {
    if ((await box.start()) === 'runs') return starts;
  }
  throw new Error('it does not run after six starts');
}

describe.skipIf(why !== undefined)('a power cut', () => {
  beforeEach(() => {
    volume = new Volume();
  });
  afterEach(async () => {
    await box.stop();
    volume.remove();
  });

  it('at any step of an installation leaves the old release whole, or the new one', async () => {
    let bundle = await begin();
    offer(bundle);
    const fromMs = performance.now();
    await box.installOffered();
    const takesMs = performance.now() - fromMs;
    expect(box.current()).toBe(NEW);
    const seen = new Set<string>();
    for (let n = 0; n < CUTS; n += 1) {
      bundle = await begin();
      offer(bundle);
      toDisk();
      const installing = box.installOffered();
      await later((takesMs * (n + 1)) / CUTS);
      await cut();
      await installing;
      powerIsBack();
      const current = box.current();
      seen.add(current);
      expect([OLD, NEW]).toContain(current);
      expect(await box.start(), `cut ${n}`).toBe('runs');
      await box.stop();
      if (current === OLD) {
        expect(box.stateOf('trial')).toBeUndefined();
        offer(bundle);
        await box.installOffered();
        expect(await box.start()).toBe('runs');
        await box.stop();
      }
      await box.start(); // keeps what has proven healthy
      await box.stop();
      expect([box.current(), box.stateOf('minimum')]).toEqual([NEW, '1.1.0']);
    }
    count('power cut in an update', { cuts: CUTS, broken: 0 });
    expect([...seen].sort()).toEqual([OLD, NEW]);
  });

  it('while a bad release is tried and left: the old one runs again', async () => {
    for (let n = 0; n < CUTS / 3; n += 1) {
      offer(await begin('broken'));
      await box.installOffered();
      toDisk();
      const starting = (async () => {
        for (let starts = 0; starts < 4; starts += 1) await box.start();
      })();
      await later(Math.random() * 600);
      await cut();
      await starting;
      powerIsBack();
      expect(await startsUntilItRuns(), `cut ${n}`).toBeLessThanOrEqual(4);
      expect(box.current()).toBe(OLD);
      await box.stop();
    }
  });
});

describe.skipIf(why !== undefined)('a disk that is full while a release is installed', () => {
  it('leaves the old one running, and the next try installs it', async () => {
    volume = new Volume();
    try {
      for (const freeKb of [0, 64, 1_024, 3_072, 4_096]) {
        const bundle = await begin();
        offer(bundle);
        const room = join(volume.mount, 'room');
        if (freeKb > 0) execFileSync('fallocate', ['-l', `${freeKb}K`, room]);
        const filler = join(volume.mount, 'filler');
        const dd = spawn('dd', ['if=/dev/zero', `of=${filler}`, 'bs=4k'], { stdio: 'ignore' });
        expect((await once(dd, 'exit'))[0]).toBe(1); // no space left
        rmSync(room, { force: true });
        await box.installOffered();
        expect(box.current()).toBe(OLD);
        expect(await box.start()).toBe('runs');
        await box.stop();
        rmSync(filler);
        offer(bundle);
        await box.installOffered();
        expect(box.current(), `${freeKb} KB were free`).toBe(NEW);
        expect(await box.start()).toBe('runs');
        await box.stop();
      }
    } finally {
      volume.remove();
    }
  });
});
