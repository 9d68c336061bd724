/** Resident memory of a process, MiB. */
export interface MemoryBounds {
  readonly tellMb: number;
  readonly endMb: number;
}

/**
 * Above the first it is told, above the second the process ends in order and starts anew. The
 * service's own bound (MemoryMax in bin/package/edgewatt.service) has room for both and a planner.
 */
export const MEMORY = {
  guard: { tellMb: 256, endMb: 384 },
  agent: { tellMb: 256, endMb: 384 },
} as const satisfies Record<string, MemoryBounds>;

const LOOK_MS = 10_000; // real
const LOOKS_MAX = 3; // in a row: what a collection would give back is no reason to end
/** Who is over the bound so soon after its start would be so again. */
const RUN_MIN_MS = 600_000; // real
const LOW_SHARE = 0.9; // told again only after it was that far below
const MIB = 1_048_576;

interface Deps {
  readonly bounds: MemoryBounds;
  readonly rssBytes: () => number;
  /** @param text  one sentence */
  readonly tell: (text: string) => void;
  readonly end: () => void;
}

/** A process that keeps an eye on its own memory. */
export class MemoryWatch {
  private readonly deps: Deps;
  private sinceMs: number | undefined;
  private lookedMs = Number.NEGATIVE_INFINITY;
  private isTold = false;
  private looks = 0; // above the second bound, in a row
  private isEnding = false;

  constructor(deps: Deps) {
    this.deps = deps;
  }

  /** As often as is convenient. @param nowMs real */
  step(nowMs: number): void {
    this.sinceMs ??= nowMs;
    if (this.isEnding || nowMs - this.lookedMs < LOOK_MS) return;
    this.lookedMs = nowMs;
    const { bounds, tell, end } = this.deps;
    const mib = Math.round(this.deps.rssBytes() / MIB);
    if (mib > bounds.tellMb && !this.isTold) {
      this.isTold = true;
      tell(`It holds ${mib} MiB of memory, more than ${bounds.tellMb}`);
    } else if (mib < LOW_SHARE * bounds.tellMb) this.isTold = false;
    this.looks = mib > bounds.endMb ? this.looks + 1 : 0;
    if (this.looks < LOOKS_MAX || nowMs - this.sinceMs < RUN_MIN_MS) return;
    this.isEnding = true;
    tell(`It holds ${mib} MiB of memory, more than ${bounds.endMb}, and starts anew`);
    end();
  }
}
