import { z } from 'zod';
import { signedWords } from './signed.ts';
import {
  type CommissioningRecord,
  FINDING_KINDS,
  type Learned,
  PHASES,
  PLOT_PLACES,
  type Program,
} from './values/commissioning.ts';

/**
 * What commissioning asks, and the record that it leaves. The record is a text of its own; the
 * signed words about it carry its hash, and so it can be shown, stored and printed as it stands.
 */
export const COMMISSIONING_DOMAIN = 'edgewatt-commissioning-v1\n';
export const RECORD_BYTES_MAX = 2_097_152;

const id = z.string().min(1).max(64);
const instant = z.int().min(0);
const words = z.string().max(400);
const finite = z.number();
const known = finite.nullable();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const step = z.strictObject({
  kind: z.enum(['quiet', 'pulse', 'letGo', 'release']),
  terminal: id,
  powerW: finite.min(-1e9).max(1e9),
  durationMs: z.int().min(1_000).max(900_000),
});

export const program = z.strictObject({
  device: id,
  terminal: id,
  seed: words,
  steps: z.array(step).min(1).max(40),
});
program satisfies z.ZodType<Program>;

const finding = z.object({
  kind: z.enum(FINDING_KINDS),
  severity: z.enum(['proven', 'wrong', 'notProven']),
  device: id,
  meter: id.nullable(),
  numbers: z.array(z.object({ name: words, value: finite, unit: words })).max(12),
  sentence: words,
});

const phase = z.enum(PHASES);
const letGo = z.object({ afterMs: finite, toW: finite }).nullable();

const learnedMeter = z.object({
  meter: id,
  device: id,
  of: id,
  expectedGainShare: finite,
  gainShare: finite,
  gainErrorShare: finite,
  phases: z
    .array(
      z.object({
        phase,
        gainShare: finite,
        gainErrorShare: finite,
        ct: z.enum(['right', 'reversed', 'other-phase', 'unknown']),
      }),
    )
    .max(3),
  delayMs: known,
  latencyMs: known,
  resolutionW: known,
  noiseW: known,
});

const learned = z.object({
  terminal: id,
  sign: z.union([z.literal(1), z.literal(-1)]).nullable(),
  phases: z.array(phase).max(3),
  delayMs: known,
  delayErrorMs: known,
  lagMs: known,
  lagErrorMs: known,
  rampWPerS: known,
  inShare: known,
  outShare: known,
  limitInW: known,
  limitOutW: known,
  reversion: letGo,
  release: letGo,
  meters: z.array(learnedMeter).max(64),
});
learned satisfies z.ZodType<Learned>;

const plotLine = z.object({
  label: words,
  role: z.enum(['asked', 'own', 'meter']),
  place: z.enum(PLOT_PLACES),
  atMs: z.array(finite).max(2_000),
  powerW: z.array(known).max(2_000),
});

const terminalResult = z.object({
  terminal: id,
  name: words,
  proven: z.boolean(),
  steps: z.array(step).max(40), // none where nothing was asked
  seed: words,
  findings: z.array(finding).max(200),
  learned,
  plot: z.array(plotLine).max(12),
});

export const commissioningRecord = z.object({
  version: z.literal(1),
  site: id,
  siteName: words,
  timeZone: words,
  gateway: id,
  device: id,
  identity: z.object({ maker: words, model: words, serial: words, firmware: words }),
  profile: words,
  software: words,
  by: words,
  startedAtMs: instant,
  endedAtMs: instant,
  proven: z.boolean(),
  terminals: z.array(terminalResult).min(1).max(16),
});
commissioningRecord satisfies z.ZodType<CommissioningRecord>;

/** What the signature is over: enough to judge the record without reading it. */
export const commissioningManifest = z.strictObject({
  v: z.literal(1),
  name: z.literal('edgewatt-commissioning'),
  site: id,
  gateway: id,
  device: id,
  serial: words, // of the device that was proven; another one is not
  profile: words,
  by: words,
  endedAtMs: instant,
  proven: z.boolean(),
  terminals: z.array(id).max(16), // that were proven
  sha256, // of the record's text
  part: sha256, // of what the site file says of it: another wiring is not proven
});
export type CommissioningManifest = z.infer<typeof commissioningManifest>;

/** As it is stored: the record's text, and signed words about it. */
export const signedRecord = z.strictObject({
  manifest: signedWords,
  record: z.string().min(1).max(RECORD_BYTES_MAX),
});
export type SignedRecord = z.infer<typeof signedRecord>;
