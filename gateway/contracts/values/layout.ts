/**
 * Records that have the same keys turn after turn. Put together key by key, one of a hundred points
 * becomes a hash table and costs more than all that is in it; a copy of a blank one has a fixed
 * shape and costs next to nothing.
 */
export class Layout<T> {
  readonly keys: readonly string[];
  private readonly blank: Record<string, T | undefined>;

  /** @param keys  in the order that the records shall have */
  constructor(keys: readonly string[]) {
    this.keys = keys;
    // What is parsed has a fixed shape, whatever its size.
    this.blank = JSON.parse(JSON.stringify(Object.fromEntries(keys.map((key) => [key, null]))));
    for (const key of keys) this.blank[key] = undefined;
  }

  /** One with nothing in it yet: every key is there, undefined. */
  empty(): Record<string, T | undefined> {
    return { ...this.blank };
  }
}
