import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Fault } from '../../contracts/values/fault.ts';

const WAIT_MS = 10_000;
const LOOK_MS = 100;

/** Start time of a process since boot, so that a reused pid is not taken for the old owner. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

const fileOf = (dataDir: string): string => join(dataDir, 'guard.lock');

/** Process that holds a data folder's lock; undefined when nobody who lives does. */
export function lockOwner(dataDir: string): number | undefined {
  let content: string;
  try {
    content = readFileSync(fileOf(dataDir), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const mend = 'run this as the user of the gateway';
    throw new Fault(`the lock cannot be read (${code})`, fileOf(dataDir), mend);
  }
  const [pid = '0', start = ''] = content.split(' ');
  return start !== '' && startOf(Number(pid)) === start ? Number(pid) : undefined;
}

/**
 * One guard a data folder: two would be two masters on one bus. A held lock is waited for, then
 * refused; one left behind by a dead process is taken over.
 * @throws Fault when another guard holds it
 */
export async function takeLock(dataDir: string): Promise<() => void> {
  mkdirSync(dataDir, { recursive: true });
  const file = fileOf(dataDir);
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}`;
  for (let waitedMs = 0; ; waitedMs += LOOK_MS) {
    try {
      const fd = openSync(file, 'wx', 0o600);
      writeSync(fd, mine);
      closeSync(fd);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new Fault(
          `the lock cannot be made (${(error as NodeJS.ErrnoException).code})`,
          file,
          'make the data folder writable for this user',
        );
      }
    }
    const [pid = '0', start = ''] = readFileSync(file, 'utf8').split(' ');
    if (startOf(Number(pid)) !== start) {
      rmSync(file, { force: true });
      continue;
    }
    if (waitedMs >= WAIT_MS) {
      throw new Fault(`another guard (process ${pid}) owns this site`, file, 'stop it first');
    }
    await wait(LOOK_MS);
  }
}
