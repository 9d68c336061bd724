import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSigner, newKeyPair } from '../../../gateway/adapters/crypto.ts';
import { installRelease } from '../../../gateway/cli/update.ts';
import { RELEASE_DOMAIN } from '../../../gateway/contracts/release.ts';
import { Fault } from '../../../gateway/contracts/values/fault.ts';
import { Box } from '../../fixtures/update/box.ts';

let box: Box;
beforeEach(() => {
  box = new Box();
});
afterEach(() => box.remove());

/** Refused with this reason, and nothing has changed. */
async function refused(file: string, why: string): Promise<void> {
  const install = installRelease(file, box);
  await expect(install).rejects.toBeInstanceOf(Fault);
  await expect(install).rejects.toThrow(why);
  expect(box.current()).toBe('releases/1.0.0');
  expect(readdirSync(join(box.root, 'releases'))).toEqual(['1.0.0']);
  expect(box.stateOf('trial')).toBeUndefined();
  expect(await box.start()).toBe('runs');
}

describe('a good release', () => {
  it('is made current on trial, proves healthy, stays, and the way back is closed', async () => {
    expect(await box.start()).toBe('runs');
    await installRelease(await box.bundle('1.1.0', 'good'), box);
    expect(box.current()).toBe('releases/1.1.0');
    expect(box.stateOf('trial')).toBe('1.1.0 1.0.0');
    await box.stop();
    expect(await box.start()).toBe('runs');
    expect(box.stateOf('boots')).toBe('1');
    await box.stop();
    expect(await box.start()).toBe('runs'); // its next start keeps it
    expect(box.stateOf('trial')).toBeUndefined();
    expect(box.stateOf('minimum')).toBe('1.1.0');
    const older = installRelease(await box.bundle('1.0.5', 'good'), box);
    await expect(older).rejects.toThrow('version 1.0.5 is not newer than 1.1.0');
    await installRelease(await box.bundle('1.2.0', 'good'), box);
    expect(readdirSync(join(box.root, 'releases')).sort()).toEqual(['1.1.0', '1.2.0']);
    await expect(installRelease(await box.bundle('1.3.0', 'good'), box)).rejects.toThrow(
      'release 1.2.0 is still on trial',
    );
  });
});

describe('a release that must not be', () => {
  it('is refused for a bad signature', async () => {
    const stranger = newKeyPair().privateKey;
    await refused(await box.bundle('1.1.0', 'good', {}, stranger), 'its signature is wrong');
  });

  it('is refused when it is old', async () => {
    await refused(await box.bundle('0.9.0', 'good'), 'version 0.9.0 is not newer than 1.0.0');
  });

  it('is refused when its content was changed, cut or made longer', async () => {
    const file = await box.bundle('1.1.0', 'good');
    const whole = readFileSync(file);
    const changed = Buffer.from(whole);
    changed[whole.length - 9] = (changed[whole.length - 9] ?? 0) ^ 1;
    writeFileSync(file, changed);
    await refused(file, 'its content was changed');
    await box.stop();
    writeFileSync(file, whole.subarray(0, -1));
    await refused(file, 'it is shorter than its manifest says');
    await box.stop();
    writeFileSync(file, whole);
    appendFileSync(file, 'more');
    await refused(file, 'it is larger than its manifest says');
  });

  it('is refused when it is no bundle', async () => {
    const file = join(box.dir, 'x.ewb');
    writeFileSync(file, 'x'.repeat(100_000));
    await refused(file, 'not a release bundle');
  });

  it('is refused when it would write outside its folder, although it is signed', async () => {
    for (const entry of [
      { path: '../../evil', mode: 0o644, text: 'x' },
      { path: '/tmp/evil', mode: 0o644, text: 'x' },
      { path: 'up', mode: 0o777, link: '..' },
      { path: 'far', mode: 0o777, link: '/etc' },
    ]) {
      await refused(await box.bundleOf('1.1.0', [entry]), 'the release is refused: it ');
      await box.stop();
    }
    expect(existsSync(join(box.dir, 'evil'))).toBe(false);
  });

  it('signs a release as the bundle maker does', async () => {
    const pair = newKeyPair();
    const file = await box.bundle('1.1.0', 'good', {}, pair.privateKey);
    const head = JSON.parse(readFileSync(file, 'latin1').split('\n')[0] ?? '');
    const signer = createSigner('test', pair.privateKey);
    expect(head.signature).toBe(signer.sign(RELEASE_DOMAIN + head.body));
  });
});

describe('a release that does not work', () => {
  it('is left after three starts, with the reason, and not taken again', async () => {
    await installRelease(await box.bundle('1.1.0', 'broken'), box);
    for (const boots of ['1', '2', '3']) {
      expect(await box.start()).toBe(1);
      expect(box.stateOf('boots')).toBe(boots);
    }
    expect(await box.start()).toBe('runs');
    expect(box.current()).toBe('releases/1.0.0');
    expect(box.stateOf('failed')).toBe('1.1.0 not healthy after 3 starts');
    expect(box.stateOf('trial')).toBeUndefined();
    await expect(installRelease(await box.bundle('1.1.0', 'good'), box)).rejects.toThrow(
      'it was tried and rolled back: not healthy after 3 starts',
    );
    await box.stop();
    await installRelease(await box.bundle('1.2.0', 'good'), box);
    expect(await box.start()).toBe('runs');
  });

  it('is ended and left when it runs without ever being healthy', async () => {
    await installRelease(await box.bundle('1.1.0', 'hanging'), box);
    expect(await box.start()).toBe('runs');
    await box.ended();
    expect(await box.start()).toBe('runs');
    expect(box.current()).toBe('releases/1.0.0');
    expect(box.stateOf('failed')).toBe('1.1.0 not healthy after 3 s');
  });
});

describe('a cut during the installation', () => {
  it('leaves the old release, whether it came before or after the trial was written', async () => {
    writeFileSync(join(box.state, 'trial'), '1.1.0 1.0.0\n');
    symlinkSync('releases/1.1.0', join(box.root, 'current.new'));
    expect(await box.start()).toBe('runs');
    expect(box.current()).toBe('releases/1.0.0');
    expect(box.stateOf('trial')).toBeUndefined();
    await box.stop();
    await installRelease(await box.bundle('1.1.0', 'good'), box); // what is left is no hindrance
    expect(await box.start()).toBe('runs');
    expect(box.current()).toBe('releases/1.1.0');
  });
});
