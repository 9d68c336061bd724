import { MODELS } from './models.ts';

/** Models of a device in the order of its registers. */
export interface SunspecChain {
  readonly base: number; // address of the marker
  readonly models: readonly SunspecModelAt[];
  /** Where the device's own lengths were off by one, one line each. */
  readonly odd?: readonly string[];
}

export interface SunspecModelAt {
  readonly id: number;
  readonly at: number; // address of the model id register, 0-based
  readonly length: number; // registers after id and length
  /** Its registers from the id on as the walk saw them, where they were asked for and answered. */
  readonly words?: readonly number[];
}

export type ChainStep =
  | { readonly read: { readonly at: number; readonly count: number } }
  | { readonly chain: SunspecChain }
  | { readonly error: string };

/**
 * The walk as a stepper that does no I/O: ask `next()` once, make the read it wants (holding
 * registers), hand over the answer, or nothing when the read failed, until it gives the chain or an
 * error.
 */
export interface ChainWalk {
  next(words?: ArrayLike<number>): ChainStep;
}

type Words = ArrayLike<number> | undefined;
type Walk<Result> = Generator<ChainStep, Result, Words>;

const BASES = [40_000, 50_000, 0] as const;
const MARKER = [0x5375, 0x6e53] as const; // "SunS"
const END = 0xffff;
const MOST_MODELS = 64;
const ADDRESSES = 65_536;
const MOST_PER_READ = 125;
/** From here on model numbers belong to makers. */
const MAKERS_OWN = 64_001;

/** @param surveyed models whose registers are read as well, to see what the device makes of them */
export function walkChain(surveyed: ReadonlySet<number> = new Set()): ChainWalk {
  const steps = walk(surveyed);
  return { next: (words) => steps.next(words).value };
}

function* walk(surveyed: ReadonlySet<number>): Walk<ChainStep> {
  for (const base of BASES) {
    const words: Words = yield { read: { at: base, count: 2 } };
    if (words?.[0] === MARKER[0] && words[1] === MARKER[1]) return yield* modelsOf(base, surveyed);
  }
  return { error: `no SunSpec device: no marker at ${BASES.join(', ')}` };
}

interface Header {
  readonly id: number;
  readonly at: number;
  readonly length: number;
}

function* modelsOf(base: number, surveyed: ReadonlySet<number>): Walk<ChainStep> {
  const models: SunspecModelAt[] = [];
  const odd: string[] = [];
  let at = base + 2;
  for (;;) {
    const header = yield* headerAt(at, models.length > 0);
    if (typeof header === 'string') return { error: header };
    const before = models.at(-1);
    if (before !== undefined && header.at !== at) {
      const length = before.length + header.at - at;
      models[models.length - 1] = { ...before, length };
      odd.push(`model ${before.id} says ${before.length} registers and has ${length}`);
    }
    if (header.id === END) break;
    if (models.length === MOST_MODELS) {
      return { error: `the SunSpec chain has more than ${MOST_MODELS} models` };
    }
    const words = surveyed.has(header.id) ? yield* contentOf(header) : undefined;
    models.push(words === undefined ? header : { ...header, words });
    at = header.at + 2 + header.length;
  }
  return { chain: odd.length === 0 ? { base, models } : { base, models, odd } };
}

/**
 * The header that should be at `at`. Some devices leave a register of padding out of a model's
 * length, or count one that is not there: where no header makes sense, its neighbours are looked
 * at.
 */
function* headerAt(at: number, hasBefore: boolean): Walk<Header | string> {
  if (at + 2 > ADDRESSES) return `the SunSpec chain runs beyond register ${ADDRESSES - 1}`;
  const words: Words = yield { read: { at, count: 2 } };
  const [id, length] = [words?.[0], words?.[1]];
  if (id !== undefined && length !== undefined && isLikely(id)) return { id, at, length };
  if (hasBefore) {
    for (const near of [at + 1, at - 1]) {
      const around: Words = yield { read: { at: near, count: 2 } };
      const [nearId, nearLength] = [around?.[0], around?.[1]];
      if (nearId === undefined || nearLength === undefined) continue;
      if (fits(nearId, nearLength)) return { id: nearId, at: near, length: nearLength };
    }
  }
  if (id === undefined || length === undefined) {
    return `the SunSpec chain breaks off at register ${at}: no answer`;
  }
  const isPadding = id === 0 || id === 0x8000;
  return isPadding
    ? `the SunSpec chain breaks off at register ${at}: ${id} is no model`
    : { id, at, length };
}

const known = (id: number) => MODELS.find((model) => model.id === id);
const isLikely = (id: number): boolean => id >= MAKERS_OWN || known(id) !== undefined;

/** A header that cannot be two values by chance: a model that we know, of a length that it has. */
function fits(id: number, length: number): boolean {
  if (id === END) return length === 0;
  const model = known(id);
  if (model === undefined) return false;
  return model.groups === undefined
    ? Math.abs(length - model.length) <= 1
    : length >= model.length && length < 2_000;
}

/** Undefined where the device does not answer for a part of it. */
function* contentOf({ at, length }: Header): Walk<number[] | undefined> {
  const content: number[] = [];
  const end = Math.min(at + 2 + length, ADDRESSES);
  for (let from = at; from < end; from += MOST_PER_READ) {
    const count = Math.min(MOST_PER_READ, end - from);
    const words: Words = yield { read: { at: from, count } };
    if (words === undefined || words.length < count) return undefined;
    content.push(...Array.from(words));
  }
  return content;
}
