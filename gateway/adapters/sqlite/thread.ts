import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../contracts/values/fault.ts';
import {
  type Answer,
  apply,
  type Call,
  type Read,
  type StoreSettings,
  WRITES,
  type Write,
} from './calls.ts';
import { StoreCore } from './core.ts';
import { Reopening } from './reopening.ts';
import { openDatabase } from './schema.ts';

const GROUP_ROWS = 500;

const rowsOf = (call: Call): number => (Array.isArray(call.args[0]) ? call.args[0].length : 1);
const isWrite = (call: Call): boolean => WRITES.includes(call.name as Write);

/**
 * Collects writes and commits them as one transaction: after a moment, at 500 rows, or at once for
 * an urgent one.
 */
class Groups {
  private readonly base: Reopening;
  private readonly groupMs: number;
  private readonly answer: (answer: Answer) => void;
  private waiting: Call[] = [];
  private rows = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(base: Reopening, groupMs: number, answer: (answer: Answer) => void) {
    this.base = base;
    this.groupMs = groupMs;
    this.answer = answer;
  }

  add(call: Call): void {
    this.waiting.push(call);
    this.rows += rowsOf(call);
    if (call.urgent || this.rows >= GROUP_ROWS) this.commit();
    else this.timer ??= setTimeout(() => this.commit(), this.groupMs);
  }

  commit(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const group = this.waiting;
    this.waiting = [];
    this.rows = 0;
    if (group.length === 0) return;
    try {
      this.base.use((core) =>
        core.together(() => {
          for (const call of group) apply(core, call.name as Write, call.args);
        }),
      );
      for (const call of group) this.answer({ id: call.id });
    } catch (error) {
      if (group.length === 1) this.answer({ id: group[0]?.id ?? 0, error: String(error) });
      else for (const call of group) this.commitAlone(call);
    }
  }

  /** One bad write must not undo its neighbours. */
  private commitAlone(call: Call): void {
    try {
      this.base.use((core) => core.together(() => apply(core, call.name as Write, call.args)));
      this.answer({ id: call.id });
    } catch (error) {
      this.answer({ id: call.id, error: String(error) });
    }
  }
}

function serve(port: MessagePort, path: string, settings: StoreSettings): void {
  const answer = (message: Answer): void => port.postMessage(message);
  const open = () => {
    const { db, opened } = openDatabase(path, Date.now());
    return { core: new StoreCore(db, settings.bounds), opened };
  };
  let base: Reopening;
  try {
    base = new Reopening(
      open,
      (reopened) => answer({ reopened }),
      () => performance.now(),
    );
    answer({ opened: base.opened });
  } catch (error) {
    const fault = error instanceof Fault ? error : undefined;
    const text = error instanceof Error ? error.message : String(error);
    answer({
      failed: fault?.what ?? text,
      where: fault?.where ?? path,
      mend: fault?.mend ?? 'report this',
    });
    port.close();
    return;
  }
  const groups = new Groups(base, settings.groupMs, answer);
  port.on('message', (call: Call) => {
    if (isWrite(call)) {
      groups.add(call);
      return;
    }
    try {
      if (call.name === 'close') {
        groups.commit();
        base.close();
        answer({ id: call.id });
        port.close();
      } else {
        const { name, args } = call;
        answer({ id: call.id, value: base.use((core) => apply(core, name as Read, args)) });
      }
    } catch (error) {
      answer({ id: call.id, error: String(error) });
    }
  });
}

if (parentPort) serve(parentPort, workerData.path, workerData.settings);
