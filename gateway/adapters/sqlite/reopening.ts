import type { StoreOpened } from '../../ports.ts';
import type { StoreCore } from './core.ts';

const PAUSE_MS = 1_000; // real, between attempts to open it anew

interface Opened<Core> {
  readonly core: Core;
  readonly opened: StoreOpened;
}

/**
 * A database that is never trusted after its disk failed. When a sync fails the system may hold
 * pages as written that are not on the disk, and the next sync says nothing of them: so the
 * connection is closed, nothing of the failed write counts, and the file is opened anew and checked
 * before anything else is read or written. Whoever had no acknowledgement brings its rows again.
 */
export class Reopening<Core extends Pick<StoreCore, 'abandon' | 'close'> = StoreCore> {
  readonly opened: StoreOpened;
  private core: Core | undefined;
  private triedMs = Number.NEGATIVE_INFINITY;
  private readonly open: () => Opened<Core>;
  private readonly told: (opened: StoreOpened) => void;
  private readonly nowMs: () => number;

  /**
   * @param open  opens and checks the file
   * @param told  each time it was opened anew
   * @param nowMs  real, monotonic
   * @throws as `open`
   */
  constructor(open: () => Opened<Core>, told: (opened: StoreOpened) => void, nowMs: () => number) {
    this.open = open;
    this.told = told;
    this.nowMs = nowMs;
    ({ core: this.core, opened: this.opened } = open());
  }

  /** @throws what the work throws; or why the file is not open */
  use<Result>(work: (core: Core) => Result): Result {
    const core = this.core ?? this.again();
    try {
      return work(core);
    } catch (error) {
      if (hasDiskFailed(error)) this.leave(core);
      throw error;
    }
  }

  close(): void {
    this.core?.close();
  }

  private leave(core: Core): void {
    this.core = undefined;
    this.triedMs = this.nowMs();
    try {
      core.abandon();
    } catch {
      // It has failed already.
    }
  }

  private again(): Core {
    if (this.nowMs() - this.triedMs < PAUSE_MS) {
      throw new Error('the database is closed since its disk failed');
    }
    this.triedMs = this.nowMs();
    const { core, opened } = this.open();
    this.core = core;
    this.told(opened);
    return core;
  }
}

/** A failed read, write or sync of the disk; one that is full has failed at nothing. */
const hasDiskFailed = (error: unknown): boolean =>
  String((error as { code?: unknown } | null)?.code ?? '').startsWith('SQLITE_IOERR');
