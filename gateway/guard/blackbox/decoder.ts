import {
  DEPTH_MAX,
  DIGITS_MAX,
  decimal,
  isPlain,
  origin,
  type Plain,
  TAG,
  TEXT_COUNT_MAX,
} from './tags.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The other side of the tables. @throws RangeError for bytes that no encoder of ours wrote */
export class Decoder {
  private readonly texts: string[] = [];
  private readonly shapes: (readonly string[])[] = [];
  private bytes: Uint8Array = new Uint8Array();
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  decode(bytes: Uint8Array, before: unknown): unknown {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
    const value = this.any(before, 0);
    if (this.at !== bytes.length) throw new RangeError('more bytes than the value has');
    return value;
  }

  private byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new RangeError('bytes end inside a value');
    return value;
  }

  private varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 56; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number that is too long');
  }

  private count(): number {
    const count = this.varint();
    if (count > this.bytes.length) throw new RangeError('a count beyond the bytes');
    return count;
  }

  private letters(): string {
    const length = this.count();
    if (this.at + length > this.bytes.length) throw new RangeError('bytes end inside a text');
    this.at += length;
    try {
      return utf8.decode(this.bytes.subarray(this.at - length, this.at));
    } catch {
      throw new RangeError('a text that is not UTF-8');
    }
  }

  private any(before: unknown, depth: number): unknown {
    if (depth > DEPTH_MAX) throw new RangeError('too deep');
    const tag = this.byte();
    switch (tag) {
      case TAG.undef:
        return undefined;
      case TAG.nul:
        return null;
      case TAG.no:
      case TAG.yes:
        return tag === TAG.yes;
      case TAG.text:
      case TAG.known:
        return this.text(tag);
      case TAG.big:
        return this.big();
      case TAG.array:
        return this.array(before, depth);
      case TAG.shape:
      case TAG.keyed:
        return this.object(tag, depth);
      case TAG.patch:
        return this.patch(before, depth);
      default:
        return this.number(tag, before);
    }
  }

  private number(tag: number, before: unknown): number {
    switch (tag) {
      case TAG.nan:
        return Number.NaN;
      case TAG.inf:
        return Number.POSITIVE_INFINITY;
      case TAG.negInf:
        return Number.NEGATIVE_INFINITY;
      case TAG.negZero:
        return -0;
      case TAG.raw:
        if (this.at + 8 > this.bytes.length) throw new RangeError('bytes end inside a number');
        this.at += 8;
        return this.view.getFloat64(this.at - 8);
      default: {
        const digits = tag - TAG.decimal;
        if (!(digits >= 0 && digits <= DIGITS_MAX)) throw new RangeError(`no tag ${tag}`);
        const coded = this.varint();
        const more = coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
        return decimal(origin(before, digits) + more, digits);
      }
    }
  }

  private text(tag: number): string {
    if (tag === TAG.known) {
      const known = this.texts[this.varint()];
      if (known === undefined) throw new RangeError('a text that was not told');
      return known;
    }
    const text = this.letters();
    if (this.texts.length < TEXT_COUNT_MAX) this.texts.push(text);
    return text;
  }

  private big(): bigint {
    const digits = this.letters();
    if (!/^-?\d+$/.test(digits)) throw new RangeError('a whole number that is none');
    return BigInt(digits);
  }

  private array(before: unknown, depth: number): unknown[] {
    const past: readonly unknown[] = Array.isArray(before) ? before : [];
    const length = this.count();
    const values: unknown[] = [];
    for (let n = 0; n < length; n++) values.push(this.any(past[n], depth + 1));
    return values;
  }

  private object(tag: number, depth: number): Plain {
    let keys: readonly string[] | undefined;
    if (tag === TAG.keyed) keys = this.shapes[this.varint()];
    else {
      const count = this.count();
      keys = Array.from({ length: count }, () => this.letters());
      this.shapes.push(keys);
    }
    if (keys === undefined) throw new RangeError('keys that were not told');
    return Object.fromEntries(keys.map((key) => [key, this.any(undefined, depth + 1)]));
  }

  private patch(before: unknown, depth: number): unknown {
    if (Array.isArray(before)) {
      const values = [...(before as unknown[])];
      this.changes(values.length, (n) => {
        values[n] = this.any(before[n], depth + 1);
      });
      return values;
    }
    if (!isPlain(before)) throw new RangeError('a change of what is not there');
    const keys = Object.keys(before);
    const values: Plain = { ...before };
    this.changes(keys.length, (n) => {
      const key = keys[n] ?? '';
      values[key] = this.any(before[key], depth + 1);
    });
    return values;
  }

  private changes(length: number, change: (n: number) => void): void {
    let n = -1;
    for (let gap = this.varint(); gap > 0; gap = this.varint()) {
      n += gap;
      if (n >= length) throw new RangeError('a change beyond the end');
      change(n);
    }
  }
}
