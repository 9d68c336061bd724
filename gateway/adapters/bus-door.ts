import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  type BusDoorRequest,
  busDoorAnswer,
  busDoorRequest,
  type DoorAlarm,
} from '../contracts/bus-door.ts';
import { Fault } from '../contracts/values/fault.ts';
import { encodeValue, FRAME_BYTES_MAX, FrameReader } from '../contracts/values/frames.ts';
import type { OverrideAnswer, OverrideRequest } from '../contracts/values/override.ts';
import type { TrialAnswer, TrialRequest } from '../contracts/values/trial.ts';

const NAME = 'bus.sock';
const MODE = 0o600; // who may read the data folder's secrets, and nobody else
const CLIENTS = 2;
const IDLE_MS = 60_000;
const BYTES_MAX = 4_096; // of a request
const ANSWER_MS = 15_000;

/** What stands behind the door. */
export interface BehindDoor {
  ask(device: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** @returns undefined when the guard does not answer */
  trial(request: unknown): Promise<TrialAnswer | undefined>;
  /** @returns undefined likewise */
  override(request?: unknown): Promise<OverrideAnswer | undefined>;
  /** What is wrong now; undefined before the guard has spoken. */
  alarms(): readonly DoorAlarm[] | undefined;
}

const doorOf = (dataDir: string): string => join(dataDir, NAME);

function serve(socket: Socket, behind: BehindDoor): void {
  const reader = new FrameReader(BYTES_MAX);
  let busy = false;
  const answerOf = async (request: BusDoorRequest): Promise<object> => {
    if ('alarms' in request) return { alarms: behind.alarms() ?? null };
    if ('trial' in request) return { trial: (await behind.trial(request.trial)) ?? null };
    if ('override' in request) {
      return { override: (await behind.override(request.override ?? undefined)) ?? null };
    }
    return { bytes: [...(await behind.ask(request.device, Uint8Array.from(request.bytes)))] };
  };
  const answer = async (request: BusDoorRequest): Promise<void> => {
    busy = true;
    const answered = await answerOf(request);
    busy = false;
    if (socket.writable) socket.write(encodeValue({ v: 1, id: request.id, ...answered }));
  };
  socket.on('data', (chunk) => {
    try {
      for (const value of reader.push(chunk)) {
        if (busy) throw new RangeError('one request at a time');
        void answer(busDoorRequest.parse(value));
      }
    } catch {
      socket.destroy(); // who does not keep to the form is none of ours
    }
  });
}

/**
 * Lets commands on this machine ask devices through the running gateway: a socket in the data
 * folder, for its user alone.
 * @throws Fault when the socket cannot be had
 */
export async function openBusDoor(
  dataDir: string,
  behind: BehindDoor,
): Promise<{ stop(): Promise<void> }> {
  const path = doorOf(dataDir);
  rmSync(path, { force: true }); // of a gateway that was killed: this one has the lock
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    if (sockets.size >= CLIENTS) return void socket.destroy();
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    serve(socket, behind);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Fault(error.message, path, 'choose a shorter dataDir that this user may write'));
    });
    const mask = process.umask(0o177); // never open to others, not for a moment
    server.listen(path, resolve);
    process.umask(mask);
  });
  chmodSync(path, MODE);
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

type Answer = ReturnType<typeof busDoorAnswer.parse>;

export interface BusDoor {
  /** @throws Error when the gateway is gone */
  ask(device: string, bytes: Uint8Array): Promise<readonly number[]>;
  /** @throws Error when the gateway is gone, or its guard does not answer */
  trial(request: TrialRequest): Promise<TrialAnswer>;
  /** Without a request: what is in force. @throws Error likewise */
  override(request?: OverrideRequest): Promise<OverrideAnswer>;
  /** What is wrong now. @throws Error likewise */
  alarms(): Promise<readonly DoorAlarm[]>;
  close(): void;
}

/** One request at a time. @throws Error when nobody listens, or this user may not */
export async function knock(dataDir: string): Promise<BusDoor> {
  const socket = connect(doorOf(dataDir));
  const reader = new FrameReader(FRAME_BYTES_MAX);
  let waiting: { id: number; done: (answer: Answer) => void; fail: (e: Error) => void } | undefined;
  let count = 0;
  const gone = (): void => waiting?.fail(new Error('the gateway ended the connection'));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.on('error', gone);
  socket.on('close', gone);
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  socket.on('data', (chunk) => {
    for (const value of reader.push(chunk)) {
      const answer = busDoorAnswer.parse(value);
      if (waiting?.id === answer.id) waiting.done(answer);
    }
  });
  const send = (asked: object): Promise<Answer> => {
    count += 1;
    const id = count;
    return new Promise((done, fail) => {
      waiting = { id, done, fail };
      if (socket.destroyed) return gone();
      socket.write(encodeValue({ v: 1, id, ...asked }));
    });
  };
  return {
    async ask(device, bytes) {
      const answer = await send({ device, bytes: [...bytes] });
      return 'bytes' in answer ? answer.bytes : [];
    },
    async trial(request) {
      const answer = await send({ trial: request });
      if ('trial' in answer && answer.trial !== null) return answer.trial;
      throw new Error('the guard does not answer');
    },
    async override(request) {
      const answer = await send({ override: request ?? null });
      if ('override' in answer && answer.override !== null) return answer.override;
      throw new Error('the guard does not answer');
    },
    async alarms() {
      const answer = await send({ alarms: true });
      if ('alarms' in answer && answer.alarms !== null) return answer.alarms;
      throw new Error('the guard does not answer');
    },
    close: () => socket.destroy(),
  };
}
