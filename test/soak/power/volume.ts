import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

/**
 * Cuts the power of a mounted ext4: EXT4_IOC_SHUTDOWN with NOLOGFLUSH (fs/ext4/ext4.h), after which
 * nothing more reaches the device, not even the journal. The length of what was told so far is read
 * just before: what is told later may be lost. A request is `TOLD-FILE MOUNT`.
 */
const CUTTER = `
import fcntl, os, struct, sys
for line in sys.stdin:
    told, mount = line.split()
    volume = os.open(mount, os.O_RDONLY)
    size = os.stat(told).st_size
    fcntl.ioctl(volume, 0x8004587D, struct.pack('I', 2))
    os.close(volume)
    print(size, flush=True)
`;

const MEGABYTES = 96;

/** @returns why power cannot be cut here, or undefined */
export function whyNoPowerCut(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root for a loop device';
  for (const tool of ['python3', 'mkfs.ext4', 'mount', 'umount']) {
    try {
      execFileSync('which', [tool], { stdio: 'ignore' });
    } catch {
      return `needs ${tool}`;
    }
  }
  return undefined;
}

/** An ext4 of its own on a loop device over a file in memory. */
export class Volume {
  readonly mount: string;
  private readonly root: string;
  private readonly image: string;
  private readonly cutter: ChildProcess;
  private readonly answers: Interface;

  /** @param at  folder that it stands over; one of its own unless named */
  constructor(at?: string) {
    this.root = mkdtempSync('/dev/shm/edgewatt-power-');
    this.image = join(this.root, 'image');
    this.mount = at ?? join(this.root, 'mount');
    mkdirSync(this.mount, { recursive: true });
    const cutter = spawn('python3', ['-c', CUTTER], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.cutter = cutter;
    this.answers = createInterface({ input: cutter.stdout });
  }

  /** Empty, and mounted. @param options  of ext4, beside the usual */
  begin(options?: string): void {
    this.unmount();
    rmSync(this.image, { force: true });
    execFileSync('truncate', ['-s', `${MEGABYTES}M`, this.image]);
    execFileSync('mkfs.ext4', ['-q', '-F', this.image]);
    this.again(options);
  }

  /** As after a power cut: the journal is played back. */
  again(options = 'noatime'): void {
    execFileSync('mount', ['-o', `loop,${options}`, this.image, this.mount]);
  }

  /** @returns bytes of `told` that were there before the power went */
  async cut(told: string): Promise<number> {
    const answer = new Promise<string>((resolve) => this.answers.once('line', resolve));
    this.cutter.stdin?.write(`${told} ${this.mount}\n`);
    return Number(await answer);
  }

  unmount(): void {
    try {
      execFileSync('umount', [this.mount], { stdio: 'ignore' });
    } catch {
      // It is not mounted.
    }
  }

  remove(): void {
    this.cutter.stdin?.end();
    this.unmount();
    rmSync(this.root, { recursive: true, force: true });
  }
}
