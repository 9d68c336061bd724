/** Models of a device in the order of its registers. */
export interface SunspecChain {
  readonly base: number; // address of the marker
  readonly models: readonly SunspecModelAt[];
}

export interface SunspecModelAt {
  readonly id: number;
  readonly at: number; // address of the model id register, 0-based
  readonly length: number; // registers after id and length
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

const BASES = [40_000, 50_000, 0] as const;
const MARKER = [0x5375, 0x6e53] as const; // "SunS"
const END = 0xffff;
const MOST_MODELS = 64;

export function walkChain(): ChainWalk {
  let tried = -1; // index of the base under trial
  let base: number | undefined;
  let header = 0; // address of the header that is being read
  const models: SunspecModelAt[] = [];

  const tryNext = (): ChainStep => {
    tried += 1;
    const at = BASES[tried];
    if (at !== undefined) return { read: { at, count: 2 } };
    return { error: `no SunSpec device: no marker at ${BASES.join(', ')}` };
  };
  const readHeader = (at: number): ChainStep => {
    header = at;
    if (at + 2 > 65_536) return { error: `the SunSpec chain runs beyond register 65535` };
    return { read: { at, count: 2 } };
  };

  return {
    next(words) {
      const first = words?.[0];
      const second = words?.[1];
      if (base === undefined) {
        const at = BASES[tried];
        if (at === undefined || first !== MARKER[0] || second !== MARKER[1]) return tryNext();
        base = at;
        return readHeader(at + 2);
      }
      if (first === undefined || second === undefined) {
        return { error: `the SunSpec chain breaks off at register ${header}: no answer` };
      }
      if (first === END) return { chain: { base, models } };
      if (models.length === MOST_MODELS) {
        return { error: `the SunSpec chain has more than ${MOST_MODELS} models` };
      }
      models.push({ id: first, at: header, length: second });
      return readHeader(header + 2 + second);
    },
  };
}
