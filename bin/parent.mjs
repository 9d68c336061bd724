// Loaded before the program when launch.mjs stays as its parent: notices that the parent is gone,
// also when it was killed outright. The parent holds the other end of a pipe and never writes; the
// end of the pipe is the end of the parent.
import { Socket } from 'node:net';
import process from 'node:process';

const GRACE_MS = 15_000;
const fd = process.env.EDGEWATT_PARENT_FD;

if (fd !== undefined) {
  delete process.env.EDGEWATT_PARENT_FD;
  const at = process.execArgv.indexOf('--import');
  if (at >= 0) process.execArgv.splice(at, 2); // children of the program have another parent
  const pipe = new Socket({ fd: Number(fd), readable: true, writable: false });
  pipe.on('error', () => undefined);
  pipe.on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  });
  pipe.resume();
  pipe.unref();
}
