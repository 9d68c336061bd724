import {
  DEPTH_MAX,
  DIGITS_MAX,
  isPlain,
  origin,
  type Plain,
  TAG,
  TEXT_COUNT_MAX,
  whole,
} from './tags.ts';

const FIRST_BYTES = 4_096;
const utf8 = new TextEncoder();

/** Bytes that grow, and can be taken back to a mark. */
class Sink {
  at = 0;
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);

  byte(value: number): void {
    this.room(1);
    this.bytes[this.at++] = value;
  }

  /** Unsigned, up to 2^53. */
  varint(value: number): void {
    let rest = value;
    this.room(8);
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.at++] = rest;
  }

  float(value: number): void {
    this.room(8);
    this.view.setFloat64(this.at, value);
    this.at += 8;
  }

  put(part: Uint8Array): void {
    this.room(part.length);
    this.bytes.set(part, this.at);
    this.at += part.length;
  }

  /** Since `start` only a patch without a change: both are the same, though not one object. */
  isEmptyPatch(start: number): boolean {
    return this.at === start + 2 && this.bytes[start] === TAG.patch && this.bytes[start + 1] === 0;
  }

  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.at);
    this.at = 0;
    return taken;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + bytes));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** One side of the tables; a new one begins with each segment. */
export class Encoder {
  private readonly sink = new Sink();
  private readonly texts = new Map<string, number>();
  private readonly shapes = new Map<string, number>();

  /**
   * @param before  the value that the reader has, unchanged since it was written
   * @throws TypeError for what is not plain: a function, a Map, a ring
   */
  encode(value: unknown, before: unknown): Uint8Array {
    this.sink.at = 0;
    this.any(value, before, 0);
    return this.sink.take();
  }

  private any(value: unknown, before: unknown, depth: number): void {
    if (depth > DEPTH_MAX) throw new TypeError('too deep to be recorded');
    if (typeof value === 'number') this.number(value, before);
    else if (typeof value === 'string') this.text(value);
    else if (value === undefined) this.sink.byte(TAG.undef);
    else if (value === null) this.sink.byte(TAG.nul);
    else if (typeof value === 'boolean') this.sink.byte(value ? TAG.yes : TAG.no);
    else if (typeof value === 'bigint') this.big(value);
    else if (Array.isArray(value)) this.array(value, before, depth);
    else if (isPlain(value)) this.object(value, before, depth);
    else throw new TypeError(`a ${typeof value} is not recorded`);
  }

  private number(value: number, before: unknown): void {
    if (Object.is(value, -0)) this.sink.byte(TAG.negZero);
    else if (Number.isNaN(value)) this.sink.byte(TAG.nan);
    else if (value === Number.POSITIVE_INFINITY) this.sink.byte(TAG.inf);
    else if (value === Number.NEGATIVE_INFINITY) this.sink.byte(TAG.negInf);
    else {
      for (let digits = 0; digits <= DIGITS_MAX; digits++) {
        const digitsOf = whole(value, digits);
        if (Number.isNaN(digitsOf)) continue;
        const more = digitsOf - origin(before, digits);
        this.sink.byte(TAG.decimal + digits);
        this.sink.varint(more < 0 ? -2 * more - 1 : 2 * more);
        return;
      }
      this.sink.byte(TAG.raw);
      this.sink.float(value);
    }
  }

  private text(value: string): void {
    const known = this.texts.get(value);
    if (known !== undefined) {
      this.sink.byte(TAG.known);
      this.sink.varint(known);
      return;
    }
    if (this.texts.size < TEXT_COUNT_MAX) this.texts.set(value, this.texts.size);
    this.sink.byte(TAG.text);
    this.letters(value);
  }

  private big(value: bigint): void {
    this.sink.byte(TAG.big);
    this.letters(String(value));
  }

  private letters(value: string): void {
    const letters = utf8.encode(value);
    this.sink.varint(letters.length);
    this.sink.put(letters);
  }

  private array(value: readonly unknown[], before: unknown, depth: number): void {
    const past: readonly unknown[] = Array.isArray(before) ? before : [];
    if (past.length === value.length && value.length > 0) {
      this.patch(
        value.length,
        (n) => value[n],
        (n) => past[n],
        depth,
      );
      return;
    }
    this.sink.byte(TAG.array);
    this.sink.varint(value.length);
    value.forEach((one, n) => void this.any(one, past[n], depth + 1));
  }

  private object(value: Plain, before: unknown, depth: number): void {
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto !== Object.prototype && proto !== null) {
      throw new TypeError(`a ${value.constructor.name} is not recorded`);
    }
    const keys = Object.keys(value);
    if (keys.length > 0 && isPlain(before) && sameKeys(keys, before)) {
      this.patch(
        keys.length,
        (n) => value[keys[n] ?? ''],
        (n) => before[keys[n] ?? ''],
        depth,
      );
      return;
    }
    const name = keys.join('\n');
    const known = this.shapes.get(name);
    if (known === undefined) {
      this.shapes.set(name, this.shapes.size);
      this.sink.byte(TAG.shape);
      this.sink.varint(keys.length);
      for (const key of keys) this.letters(key);
    } else {
      this.sink.byte(TAG.keyed);
      this.sink.varint(known);
    }
    for (const key of keys) this.any(value[key], undefined, depth + 1);
  }

  /** What changed, each with how many places it is further on; a 0 ends it. */
  private patch(
    count: number,
    now: (n: number) => unknown,
    past: (n: number) => unknown,
    depth: number,
  ): void {
    this.sink.byte(TAG.patch);
    let last = -1;
    for (let n = 0; n < count; n++) {
      const [value, before] = [now(n), past(n)];
      if (Object.is(value, before)) continue;
      const mark = this.sink.at;
      this.sink.varint(n - last);
      const start = this.sink.at;
      this.any(value, before, depth + 1);
      if (this.sink.isEmptyPatch(start)) this.sink.at = mark;
      else last = n;
    }
    this.sink.varint(0);
  }
}

function sameKeys(keys: readonly string[], before: Plain): boolean {
  const past = Object.keys(before);
  return past.length === keys.length && past.every((key, n) => key === keys[n]);
}
