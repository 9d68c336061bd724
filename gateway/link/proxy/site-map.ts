import type { Image, Mode, ModeFlag } from '../../contracts/values/image.ts';
import type { BadQuality, Reading } from '../../contracts/values/reading.ts';
import type { Site, TerminalKind } from '../../contracts/values/site.ts';

/**
 * A site's readings as registers (docs/proxy.md). Big-endian words, signed values as two's
 * complement, powers + into the node. The version stays while addresses and meanings stay; the
 * fingerprint tells whether connections and terminals stand where a client believes.
 */
export const MAP_VERSION = 1;

const MAGIC = 0x4557; // 'EW'
const FIRST_BLOCK = 100;
const BLOCK_WORDS = 100;
const ID_WORDS = 16;
const SLOTS_AT = 20;
const SLOT_WORDS = 4;
const NONE_I32 = -0x80000000;
const NONE_U16 = 0xffff;
const AGE_STEP_MS = 100;

/** Quantities of a block in order, and raw steps per unit. */
export const QUANTITIES = [
  ['powerW', 1],
  ['powerL1W', 1],
  ['powerL2W', 1],
  ['powerL3W', 1],
  ['currentL1A', 100],
  ['currentL2A', 100],
  ['currentL3A', 100],
  ['voltageL1V', 10],
  ['voltageL2V', 10],
  ['voltageL3V', 10],
  ['frequencyHz', 1_000],
  ['reactiveVar', 1],
  ['apparentVa', 1],
  ['inWh', 0.1],
  ['outWh', 0.1],
  ['socPct', 10],
  ['temperatureC', 10],
] as const;

const KINDS: Readonly<Record<'connection' | TerminalKind, number>> = {
  connection: 0,
  pv: 1,
  battery: 2,
  load: 3,
  ev: 4,
  generator: 5,
  converter: 6,
};
const MODES: Readonly<Record<Mode, number>> = {
  trading: 0,
  planning: 1,
  rules: 2,
  holding: 3,
  safe: 4,
};
const FLAGS: Readonly<Record<ModeFlag, number>> = {
  limited: 1,
  observing: 2,
  islanded: 4,
  untimed: 8,
};
const QUALITIES: Readonly<Record<'good' | BadQuality, number>> = {
  good: 0,
  stale: 1,
  timeout: 2,
  implausible: 3,
  unavailable: 4,
};
/** The site has no such point. */
const ABSENT = 5;

/** Words of the whole map; a place of a site is one block. */
export interface SiteMap {
  readonly words: number;
  readonly hash: number;
  readonly blocks: readonly Block[];
  readonly connections: number;
}

export interface Block {
  readonly id: string;
  readonly kind: keyof typeof KINDS;
  readonly at: number;
}

export function siteMap(site: Pick<Site, 'id' | 'connections' | 'terminals'>): SiteMap {
  const places = [
    ...site.connections.map(({ id }) => ({ id, kind: 'connection' as const })),
    ...site.terminals.map(({ id, kind }) => ({ id, kind })),
  ];
  const blocks = places.map((place, n) => ({ ...place, at: FIRST_BLOCK + n * BLOCK_WORDS }));
  return {
    words: FIRST_BLOCK + BLOCK_WORDS * blocks.length,
    hash: crc(`${site.id}/${places.map(({ id, kind }) => `${id}:${kind}`).join('/')}`),
    blocks,
    connections: site.connections.length,
  };
}

/** CRC-16 of Modbus over ASCII text. */
function crc(text: string): number {
  let sum = 0xffff;
  for (let n = 0; n < text.length; n += 1) {
    sum ^= text.charCodeAt(n) & 0xff;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
  }
  return sum;
}

/** @param monoMs the monotonic clock now, for ages */
export function siteRegisters(map: SiteMap, image: Image | undefined, monoMs: number): Uint16Array {
  const words = new Uint16Array(map.words);
  const view = new Words(words);
  words.set([MAGIC, MAP_VERSION, map.words, map.hash]);
  words[4] = image === undefined ? NONE_U16 : MODES[image.mode];
  words[5] = (image?.flags ?? []).reduce((bits, flag) => bits | FLAGS[flag], 0);
  view.long(6, image?.cycle ?? 0);
  const ageMs = image === undefined ? 0xffffffff : Math.max(0, Math.round(monoMs - image.monoMs));
  view.long(8, Math.min(ageMs, 0xffffffff));
  view.huge(10, image?.wallMs ?? 0);
  view.value(14, image?.limits.importLimitW);
  view.value(16, image?.limits.exportLimitW);
  words[18] = map.connections;
  words[19] = map.blocks.length - map.connections;
  for (const block of map.blocks) fill(view, block, image, monoMs);
  return words;
}

function fill(view: Words, { id, kind, at }: Block, image: Image | undefined, monoMs: number) {
  view.text(at, id);
  view.word(at + ID_WORDS, KINDS[kind]);
  const decision = image?.decisions.find(({ terminal }) => terminal === id);
  view.word(at + ID_WORDS + 1, decision === undefined ? 0 : decision.powerW === null ? 1 : 2);
  view.value(at + ID_WORDS + 2, decision?.powerW ?? undefined);
  QUANTITIES.forEach(([name, steps], n) => {
    const from = at + SLOTS_AT + SLOT_WORDS * n;
    const reading = image?.points[`${id}.${name}`];
    view.value(from, reading?.quality === 'good' ? reading.value * steps : undefined);
    view.word(from + 2, ageOf(reading, monoMs));
    view.word(from + 3, reading === undefined ? ABSENT : QUALITIES[reading.quality]);
  });
}

function ageOf(reading: Reading | undefined, monoMs: number): number {
  if (reading === undefined || !Number.isFinite(reading.atMs)) return NONE_U16;
  const steps = Math.round(Math.max(0, monoMs - reading.atMs) / AGE_STEP_MS);
  return Math.min(steps, NONE_U16 - 1);
}

/** Numbers into words, high word first. */
class Words {
  private readonly words: Uint16Array;

  constructor(words: Uint16Array) {
    this.words = words;
  }

  word(at: number, value: number): void {
    this.words[at] = value;
  }

  long(at: number, value: number): void {
    this.words[at] = (value >>> 16) & 0xffff;
    this.words[at + 1] = value & 0xffff;
  }

  huge(at: number, value: number): void {
    this.long(at, Math.floor(value / 4_294_967_296));
    this.long(at + 2, value % 4_294_967_296);
  }

  /** Signed, 32 bits; what is unknown, or does not fit, is "not available", never a number. */
  value(at: number, value: number | undefined): void {
    const whole = value === undefined ? Number.NaN : Math.round(value);
    const fits = Math.abs(whole) <= 0x7fffffff;
    this.long(at, fits ? whole : NONE_I32);
  }

  text(at: number, text: string): void {
    const code = (n: number): number => (n < text.length ? text.charCodeAt(n) & 0x7f : 0);
    for (let n = 0; n < ID_WORDS; n += 1) {
      this.words[at + n] = (code(2 * n) << 8) | code(2 * n + 1);
    }
  }
}

/** One register or value of a map, as a table for people. */
export interface MapRow {
  readonly at: number;
  readonly words: number;
  readonly what: string;
  readonly unit: string;
}

const UNIT_OF: Readonly<Record<string, string>> = {
  W: 'W',
  A: '0.01 A',
  V: '0.1 V',
  Hz: '0.001 Hz',
  Var: 'var',
  Va: 'VA',
  Wh: '10 Wh',
  Pct: '0.1 %',
  C: '0.1 degC',
};

/** The blocks of a site, value by value. */
export function mapRows(map: SiteMap): MapRow[] {
  return map.blocks.flatMap(({ id, at }) => [
    { at, words: ID_WORDS, what: `${id}: id`, unit: 'text' },
    { at: at + ID_WORDS, words: 1, what: `${id}: kind`, unit: '' },
    { at: at + ID_WORDS + 1, words: 1, what: `${id}: 0 none, 1 released, 2 commanded`, unit: '' },
    { at: at + ID_WORDS + 2, words: 2, what: `${id}: commanded power`, unit: 'W' },
    ...QUANTITIES.map(([name], n) => ({
      at: at + SLOTS_AT + SLOT_WORDS * n,
      words: SLOT_WORDS,
      what: `${id}.${name}: value, age, quality`,
      unit: UNIT_OF[/(Hz|Wh|Var|Va|Pct|W|A|V|C)$/.exec(name)?.[0] ?? ''] ?? '',
    })),
  ]);
}
