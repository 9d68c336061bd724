import { openBlackBox, type SegmentFile } from '../adapters/blackbox/files.ts';
import type { Contents } from '../adapters/blackbox/frames.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { difference, type Replayed, read, replay } from '../guard/blackbox/replay.ts';
import type { GuardMemory } from '../guard/decide.ts';

/** A segment by its beginning: when its cycles were, and whose. */
interface Part {
  readonly file: SegmentFile;
  readonly site: Site;
  readonly bootId: string;
  readonly lostCycles: number;
  readonly firstMs: number; // wall clock
}

/** Where the cycle before ended, for a segment that goes on from there. */
interface End {
  readonly bootId: string;
  readonly cycle: number;
  readonly memory: GuardMemory;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** The segments of a black box in their order. */
export class Box {
  /** One line each: what is missing, damaged or of another site; grows while it is read. */
  readonly notes: string[] = [];
  readonly site: Site;
  readonly segments: number;
  private readonly parts: Part[] = [];

  /** @throws Fault when none can be read */
  constructor(path: string) {
    const files = openBlackBox(path);
    for (const [n, file] of files.entries()) {
      const before = files[n - 1];
      const gap = before === undefined ? 0 : file.number - before.number - 1;
      if (gap > 0) this.notes.push(`${count(gap, 'segment')} missing before ${file.name}`);
      this.begin(file, file === files.at(-1));
    }
    const last = this.parts.at(-1);
    if (last === undefined) {
      const [first = 'it has no whole cycle yet'] = this.notes;
      throw new Fault(`nothing can be read: ${first}`, path, 'name another black box');
    }
    this.site = last.site;
    this.segments = this.parts.length;
  }

  /** Wall clock of the newest cycle. */
  lastMs(): number {
    let lastMs = Number.NaN;
    const last = this.parts.at(-1);
    const told = read(last?.file.read()?.blobs ?? []);
    for (const { at } of told?.cycles ?? []) lastMs = at.wallMs;
    return lastMs;
  }

  /**
   * Cycles of a span of wall time, decided again. Each segment is replayed from its start, and its
   * memory compared with what the one before came to.
   */
  *cycles(fromMs: number, toMs: number): Generator<Replayed> {
    let before: End | undefined;
    for (const [n, part] of this.parts.entries()) {
      const next = this.parts[n + 1];
      const isOver = next !== undefined && next.firstMs >= part.firstMs && next.firstMs <= fromMs;
      let last: Replayed | undefined;
      for (const one of isOver || part.firstMs > toMs ? [] : this.replay(part)) {
        const torn: Replayed['differs'] = last === undefined ? unlike(before, one) : undefined;
        last = one;
        const { wallMs } = one.cycle.at;
        if (wallMs < fromMs || wallMs > toMs) continue;
        yield torn === undefined ? one : { ...one, differs: torn };
      }
      before = last && {
        bootId: part.bootId,
        cycle: last.cycle.cycle,
        memory: last.turn.memory,
      };
    }
  }

  private *replay({ file }: Part): Generator<Replayed> {
    const contents = file.read();
    if (contents === undefined) return;
    this.end(file, contents, file === this.parts.at(-1)?.file);
    try {
      yield* replay(contents.blobs);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.notes.push(`${file.name} is not of this format: ${error.message}`);
    }
  }

  private begin(file: SegmentFile, isLast: boolean): void {
    const contents = file.begin();
    if (contents === undefined) return;
    try {
      const told = read(contents.blobs);
      const first = told?.cycles.next().value;
      if (told !== undefined && first !== undefined) {
        const { site, bootId, lostCycles } = told.opening;
        this.add({ file, site, bootId, lostCycles, firstMs: first.at.wallMs });
      } else this.end(file, contents, isLast);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.notes.push(`${file.name} is not of this format: ${error.message}`);
    }
  }

  private add(part: Part): void {
    const before = this.parts.at(-1);
    const { name } = part.file;
    this.parts.push(part);
    if (before === undefined) return;
    if (part.site.id !== before.site.id) {
      this.notes.push(`${name} is of another site: ${part.site.id}, not ${before.site.id}`);
    }
    const lost = part.lostCycles - before.lostCycles;
    if (part.bootId === before.bootId && lost > 0) {
      const why = 'the disk was full or fell behind';
      this.notes.push(`${count(lost, 'cycle')} not recorded before ${name}: ${why}`);
    }
  }

  /** The newest may end anywhere: it is being written, or the power went. */
  private end({ name, bytes }: SegmentFile, { end, goodBytes }: Contents, isLast: boolean): void {
    if (end === 'whole' || (end === 'torn' && isLast)) return;
    const what = end === 'torn' ? 'ends inside a frame' : 'is damaged';
    this.notes.push(`${name} ${what} at byte ${goodBytes} of ${bytes}: the rest of it is lost`);
  }
}

/** A segment that goes on where the one before ended must begin with the same memory. */
function unlike(before: End | undefined, { opening, cycle }: Replayed): Replayed['differs'] {
  const follows = before?.bootId === opening.bootId && before.cycle + 1 === cycle.cycle;
  if (!follows) return undefined;
  const { memory } = opening;
  const past = cycle.grid === undefined ? before.memory : { ...before.memory, grid: memory.grid };
  return difference({ memory }, { memory: past });
}
