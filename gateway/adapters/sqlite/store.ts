import { Worker } from 'node:worker_threads';
import { Fault } from '../../contracts/values/fault.ts';
import type { AgentStore, StoreOpened } from '../../ports.ts';
import {
  type Answer,
  apply,
  type Call,
  DEFAULTS,
  isRead,
  type Read,
  type StoreSettings,
  type Write,
} from './calls.ts';
import { StoreCore } from './core.ts';
import { openDatabase } from './schema.ts';

type Ask = (name: Call['name'], args: readonly unknown[], urgent?: boolean) => Promise<unknown>;

/** The port over anything that answers calls. */
function face(opened: () => StoreOpened, ask: Ask): AgentStore {
  const write = async (name: Write, args: readonly unknown[], urgent = false): Promise<void> => {
    await ask(name, args, urgent);
  };
  const read = async <T>(name: Read, args: readonly unknown[]): Promise<T> =>
    (await ask(name, args)) as T; // the core's own type for that name
  return {
    get opened() {
      return opened();
    },
    addRecords: (records) => write('addRecords', [records]),
    readRecords: (maxBytes, without) => read('readRecords', [maxBytes, without]),
    removeRecords: (ranges) => write('removeRecords', [ranges]),
    setAside: (ranges, why) => write('setAside', [ranges, why]),
    outbox: () => read('outbox', []),
    addHistory: (rows) => write('addHistory', [rows]),
    history: (fromMs, untilMs) => read('history', [fromMs, untilMs]),
    put: (kind, documents, urgent) => write('put', [kind, documents], urgent === true),
    get: (kind, key) => read('get', [kind, key]),
    list: (kind, fromMs, untilMs) => read('list', [kind, fromMs, untilMs]),
    forget: (kind, beforeMs) => write('forget', [kind, beforeMs]),
    close: async () => {
      await ask('close', []);
    },
  };
}

/**
 * The store in its own thread, the only connection that writes.
 * @param told  when it was opened anew, one sentence
 * @throws Fault, one line, when the file is of a newer release or cannot be opened
 */
export async function openStore(
  path: string,
  settings: Partial<StoreSettings> = {},
  told: (text: string) => void = () => undefined,
): Promise<AgentStore> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    workerData: { path, settings: { ...DEFAULTS, ...settings } },
  });
  const open = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (why: Error) => void }
  >();
  const first = Promise.withResolvers<StoreOpened>();
  let opened: StoreOpened;
  // The epoch stays: it is this process's.
  const reopen = ({ state, detail }: StoreOpened): void => {
    if (state === 'replaced') opened = { ...opened, state, detail };
    told(state === 'replaced' ? detail : 'the database was opened anew after its disk had failed');
  };
  let nextId = 1;
  let ended: Error | undefined;
  const fail = (why: Error): void => {
    ended = why;
    first.reject(why);
    for (const call of open.values()) call.reject(why);
    open.clear();
  };
  thread.on('message', (answer: Answer) => {
    if ('opened' in answer) first.resolve(answer.opened);
    else if ('reopened' in answer) reopen(answer.reopened);
    else if ('failed' in answer) fail(new Fault(answer.failed, answer.where, answer.mend));
    else {
      const call = open.get(answer.id);
      open.delete(answer.id);
      if (answer.error === undefined) call?.resolve(answer.value);
      else call?.reject(new Error(answer.error));
    }
  });
  thread.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))));
  thread.on('exit', () => fail(ended ?? new Error('the store is closed')));
  opened = await first.promise;
  return face(
    () => opened,
    (name, args, urgent = false) => {
      if (ended) return Promise.reject(ended);
      const call: Call = { id: nextId++, name, args, urgent };
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      open.set(call.id, { resolve, reject });
      thread.postMessage(call);
      return promise;
    },
  );
}

/**
 * The same SQLite in process, every write its own transaction: for the virtual world and for tests.
 */
export function openStoreInProcess(
  path = ':memory:',
  nowMs = 0,
  bounds = DEFAULTS.bounds,
): AgentStore {
  const { db, opened } = openDatabase(path, nowMs);
  const core = new StoreCore(db, bounds);
  let isOpen = true;
  return face(
    () => opened,
    async (name, args) => {
      if (!isOpen) throw new Error('the store is closed');
      if (name === 'close') {
        isOpen = false;
        return core.close();
      }
      if (isRead(name)) return apply(core, name, args);
      core.together(() => apply(core, name, args));
      return undefined;
    },
  );
}
