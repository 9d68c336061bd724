/** A value that stands, and since when. */
export interface Settled {
  readonly value: number;
  readonly sinceMs: number;
}

/**
 * Commands are several registers, written one after the other: what lasts less than `leastMs` is a
 * step on the way. Gives a value as long as it has stood at least that long; undefined forgets.
 */
export function createSettling(
  leastMs: number,
): (key: string, value: number | undefined, atMs: number) => Settled | undefined {
  const standing = new Map<string, Settled>();
  return (key, value, atMs) => {
    if (value === undefined) {
      standing.delete(key);
      return undefined;
    }
    const known = standing.get(key);
    if (known?.value === value) return atMs - known.sinceMs >= leastMs ? known : undefined;
    standing.set(key, { value, sinceMs: atMs });
    return undefined;
  };
}
