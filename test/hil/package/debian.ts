import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ROOT } from '../../architecture/source.ts';

const MIRROR = process.env['DEBIAN_MIRROR'] ?? 'http://deb.debian.org/debian';
const SUITE = 'bookworm';
const BOOT_MS = 60_000;

export const has = (name: string): boolean => spawnSync('which', [name]).status === 0;
export const notice = (text: string): boolean => process.stderr.write(`skipped: ${text}\n`);
export const canInstall = process.getuid?.() === 0 && has('debootstrap') && process.arch === 'x64';

/** The package that `npm run package` has just made. */
export function deb(arch: string): string {
  const name = readdirSync(join(ROOT, 'dist')).find((file) => file.endsWith(`_${arch}.deb`));
  return join(ROOT, 'dist', name ?? 'missing');
}

/** @returns standard output  @throws AssertionError unless it ends with 0 */
export function must(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1e8 });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** A clean Debian in a folder, with these packages beside the smallest set. */
export function makeDebian(root: string, packages: readonly string[] = []): void {
  const more = packages.length > 0 ? [`--include=${packages.join(',')}`] : [];
  must('debootstrap', ['--variant=minbase', ...more, SUITE, root, MIRROR]);
}

const NAMESPACES = ['--pid', '--mount', '--cgroup', '--uts', '--ipc'];
/** As a container manager does it (systemd.io/CONTAINER_INTERFACE); the network is the host's. */
const BOOT = `
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do
  touch "dev/$name"
  mount --bind "/dev/$name" "dev/$name"
done
mkdir dev/pts dev/shm run/host-root
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t cgroup2 cgroup2 sys/fs/cgroup
hostname edgewatt-test
pivot_root . run/host-root
umount -l /run/host-root
exec env -i container=edgewatt-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
  /lib/systemd/systemd --system --show-status=no
`;

/** Where this machine's unified control groups are; systemd needs a branch of its own. */
function groups(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1];
}

export const canBoot = canInstall && has('unshare') && has('nsenter') && groups() !== undefined;

/** A Debian that systemd runs as process 1. */
export interface Machine {
  /** @returns standard output; must end with 0 */
  run(...words: string[]): string;
  /** The same for what needs this process meanwhile. @returns its exit code and all it said */
  begin(...words: string[]): Promise<{ readonly code: number | null; readonly out: string }>;
  /** One property of a unit, as systemd tells it. */
  property(unit: string, name: string): string;
  stop(): Promise<void>;
}

/** Removes a branch of control groups, the innermost first. */
function prune(dir: string): void {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isDirectory()) prune(join(dir, entry.name));
  }
  rmdirSync(dir);
}

/** Boots a Debian of `makeDebian`, which must have systemd and dbus. */
export async function boot(root: string): Promise<Machine> {
  const group = join(groups() ?? '', `edgewatt-test-${process.pid}`);
  mkdirSync(group, { recursive: true });
  const words = ['-c', BOOT, 'boot', root];
  const enter = `echo $$ > ${group}/cgroup.procs && exec "$@"`;
  const child = spawn(
    'sh',
    ['-c', enter, 'enter', 'unshare', ...NAMESPACES, '--fork', '--kill-child', 'sh', ...words],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const entering = (words: readonly string[]): string[] => {
    const pid = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim();
    return ['-t', pid, '-a', 'env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', ...words];
  };
  const inside = (words: readonly string[]) =>
    spawnSync('nsenter', entering(words), { encoding: 'utf8' });
  const run = (...words: string[]): string => {
    const { status, stdout, stderr } = inside(words);
    assert.equal(status, 0, `${words.join(' ')}: ${stdout}${stderr}${said}`);
    return stdout;
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL'); // and with it, by --kill-child, everything in there
    await gone;
    while (!isEmpty(group)) await pause(50);
    prune(group);
  };
  await booted(child, inside, () => said).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    run,
    begin: (...words) => ended(spawn('nsenter', entering(words))),
    property: (unit, name) => run('systemctl', 'show', '--value', '-p', name, unit).trim(),
    stop,
  };
}

function ended(child: ChildProcess): Promise<{ code: number | null; out: string }> {
  let out = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (out += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out })));
}

const isEmpty = (group: string): boolean =>
  /^populated 0$/m.test(readFileSync(join(group, 'cgroup.events'), 'utf8'));

async function booted(
  child: ChildProcess,
  inside: (words: readonly string[]) => { stdout: string },
  said: () => string,
): Promise<void> {
  const untilMs = performance.now() + BOOT_MS;
  for (;;) {
    const state = inside(['systemctl', 'is-system-running']).stdout.trim();
    if (state === 'running' || state === 'degraded') return;
    if (child.exitCode !== null || performance.now() > untilMs) {
      throw new Error(`systemd does not start: ${state} ${said()}`);
    }
    await pause(500);
  }
}
