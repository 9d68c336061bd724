import { Fault } from '../contracts/values/fault.ts';
import type { Replayed } from '../guard/blackbox/replay.ts';
import { print, printJson, tell } from './output.ts';
import { Box } from './replay-box.ts';
import { instantOf } from './replay-when.ts';
import { differing, explained, Summary } from './replay-words.ts';

export interface ReplayOptions {
  readonly from?: string;
  readonly to?: string;
  readonly at?: string;
  readonly verify?: boolean;
  readonly json?: boolean;
}

/** Before the instant asked for: a cycle may be late. */
const LOOK_BACK_MS = 60_000;

/**
 * `edgewatt replay BLACKBOX`: decides recorded cycles again with the very same steps.
 * @returns exit code: 1 when a cycle comes out otherwise
 */
export function replayBox(path: string, options: ReplayOptions): number {
  if (options.at !== undefined && (options.from ?? options.to) !== undefined) {
    throw new Fault('--at is an instant, --from and --to a span', 'replay', 'give one of them');
  }
  const box = new Box(path);
  const zone = box.site.place.timeZone;
  const read = (text: string, option: string): number =>
    instantOf(text, zone, box.lastMs(), `--${option}`);
  if (options.at !== undefined) return one(box, read(options.at, 'at'), path, options);
  const fromMs = options.from === undefined ? Number.NEGATIVE_INFINITY : read(options.from, 'from');
  const toMs = options.to === undefined ? Number.POSITIVE_INFINITY : read(options.to, 'to');
  if (fromMs > toMs) {
    throw new Fault(
      `'${options.from}' is after '${options.to}'`,
      '--from',
      'give the earlier first',
    );
  }
  const code = span(box, [fromMs, toMs], path, options);
  return code;
}

/** The last cycle that had begun by then. */
function one(box: Box, atMs: number, path: string, { json, verify }: ReplayOptions): number {
  let found: Replayed | undefined;
  for (const cycle of box.cycles(atMs - LOOK_BACK_MS, atMs)) found = cycle;
  note(box);
  if (found === undefined) {
    throw new Fault('no cycle of that minute is recorded', path, 'see without --at what there is');
  }
  if (json === true) printJson({ ...plain(found), points: found.turn.site.points });
  else print(explained(found));
  return verify === true && found.differs !== undefined ? 1 : 0;
}

function span(box: Box, [fromMs, toMs]: [number, number], path: string, options: ReplayOptions) {
  const summary = new Summary();
  const cycles: object[] = [];
  let [count, lastMs]: number[] = [0, 0];
  let first: Replayed | undefined;
  for (const cycle of box.cycles(fromMs, toMs)) {
    count = (count ?? 0) + 1;
    lastMs = cycle.cycle.at.wallMs;
    if (cycle.differs !== undefined) first ??= cycle;
    if (first !== undefined && options.verify === true) break;
    if (options.verify !== true && options.json === true) cycles.push(plain(cycle));
    if (options.json !== true) summary.add(cycle);
  }
  note(box);
  if (count === 0)
    throw new Fault('no cycle of that time is recorded', path, 'widen --from and --to');
  const { site, notes, segments } = box;
  const differs = first === undefined ? null : { ...first.differs, cycle: first.cycle.cycle };
  if (options.json === true) {
    const head = { site: site.id, segments, cycles: count, differs, notes };
    printJson(options.verify === true ? head : { ...head, recorded: cycles });
  } else if (options.verify === true) {
    const same = `${count} cycles of ${site.id} decided again: every bit is the same`;
    print(first === undefined ? same : differing(first));
  } else print(`${site.name}\n${summary.text(lastMs ?? 0)}`);
  return options.verify === true && first !== undefined ? 1 : 0;
}

function note({ notes }: Box): void {
  for (const line of notes) tell(`replay: ${line}`);
}

function plain({ opening, cycle, differs }: Replayed): object {
  return {
    cycle: cycle.cycle,
    bootId: opening.bootId,
    program: opening.program,
    atMs: cycle.at.wallMs,
    ...cycle.outcome,
    differs: differs ?? null,
  };
}
