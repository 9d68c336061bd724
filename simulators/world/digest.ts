/** A running 64-bit digest (two FNV-1a lanes over UTF-16 units) of everything a run did. */
export interface Digest {
  add(text: string): void;
  /** A whole number of up to 53 bits; others are rounded. */
  count(value: number): void;
  hex(): string;
}

export function createDigest(): Digest {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const mix = (code: number): void => {
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x01000193) ^ (b >>> 13);
  };
  return {
    add: (text) => {
      for (let at = 0; at < text.length; at += 1) mix(text.charCodeAt(at));
    },
    count: (value) => {
      const whole = Math.round(value);
      mix(whole | 0);
      mix(Math.floor(whole / 4_294_967_296));
    },
    hex: () => [a, b].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join(''),
  };
}
