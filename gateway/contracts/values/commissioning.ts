import type { Reading } from './reading.ts';
import type { Instant } from './time.ts';

/**
 * Commissioning: what is asked of one device, what was seen meanwhile, and what that proves. Powers
 * in W, + into the node.
 */

/**
 * quiet: the terminal rests (setpoint 0; a production limit fully open). pulse: it holds `powerW`.
 * letGo: the setpoint stands and nobody renews it, until the device's own timer lets go. release:
 * the release sequence is written, and then nothing.
 */
export type StepKind = 'quiet' | 'pulse' | 'letGo' | 'release';

export interface ProgramStep {
  readonly kind: StepKind;
  readonly terminal: string;
  /** What is asked: a setpoint, or where the terminal takes a limit, its production limit. */
  readonly powerW: number;
  readonly durationMs: number;
}

/** Steps one after the other, for one terminal of one device; nothing else is commanded. */
export interface Program {
  readonly device: string; // that is written to
  readonly terminal: string;
  readonly seed: string; // of the stream that chose the lengths
  readonly steps: readonly ProgramStep[];
}

/** One look, about one a cycle: the newest readings of every device, as its profile signs them. */
export interface TraceSample {
  readonly atMs: number; // monotonic
  readonly step: number; // which one of the program
  /** What the kernel allowed and the writer was told; null = the device's own mode. */
  readonly commandedW: Readonly<Record<string, number | null>>; // by terminal
  /** What was read back from the device's setpoint; null = not known. */
  readonly readBackW: Readonly<Record<string, number | null>>;
  /** By device and point key (`powerW`, `battery.socPct`). Ages are `atMs` less the reading's. */
  readonly readings: Readonly<Record<string, Readonly<Record<string, Reading>>>>;
}

export interface Trace {
  readonly startedAtMs: Instant; // wall clock, of the first sample
  readonly samples: readonly TraceSample[];
  readonly ended: 'complete' | 'stopped'; // stopped: by a person, or because a limit came first
  readonly why: string; // in one sentence where it was stopped, otherwise ''
}

export type Severity = 'proven' | 'wrong' | 'notProven';

/** What a finding is about. Only `proven` of the first group opens active control. */
export const FINDING_KINDS = [
  'write', // the device does what it is told
  'sign', // and in the direction that was meant
  'scale', // and as much as was meant
  'ct-direction', // a current transformer turned round
  'ct-phase', // a phase measured with another phase's voltage
  'phases', // how many the terminal has
  'mapping', // what a meter measures, or whom an address reaches
  'response',
  'losses',
  'limit', // the device does less than it was asked
  'own-limit', // the device's own static limit holds when nobody commands it
  'reversion', // lets go by itself
  'release', // lets go when told
  'stuck', // a value that never changes
  'missing', // a value that never came
  'noise', // too much of it, or something moved at the same time
  'conditions', // night, full battery, no room under a limit
  'nameplate',
  'other-control', // another device answered the pulse
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface FindingNumber {
  readonly name: string; // 'share of the pulse'
  readonly value: number;
  readonly unit: string; // 'W', 's', '%', '' for a pure number
}

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly device: string; // whose wiring or setting it is about
  readonly meter: string | null; // meter id, where it is about one
  readonly numbers: readonly FindingNumber[];
  readonly sentence: string; // for a person: what, and how to mend it
}

export const PHASES = ['L1', 'L2', 'L3'] as const;
export type Phase = (typeof PHASES)[number];

export interface LearnedPhase {
  readonly phase: Phase;
  readonly gainShare: number; // of the pulse, + as expected
  readonly gainErrorShare: number;
  readonly ct: 'right' | 'reversed' | 'other-phase' | 'unknown';
}

export interface LearnedMeter {
  /** Meter id; the terminal's own readings are `own`. */
  readonly meter: string;
  readonly device: string;
  readonly of: string; // connection, edge or terminal
  readonly expectedGainShare: number; // 1, -1, or 0: it should not see the pulse
  readonly gainShare: number; // of the pulse, as measured, in the site's sign
  readonly gainErrorShare: number;
  readonly phases: readonly LearnedPhase[];
  readonly delayMs: number | null; // from the command until it shows
  readonly latencyMs: number | null; // later than the quickest witness
  readonly resolutionW: number | null; // smallest step that was seen
  readonly noiseW: number | null;
}

/** Proven by measurement; null where it was not. Errors are one standard deviation or more. */
export interface Learned {
  readonly terminal: string;
  readonly sign: 1 | -1 | null; // -1: it does the opposite of what it is told
  readonly phases: readonly Phase[]; // that carry the terminal's power
  readonly delayMs: number | null; // dead time, from the command to the first change
  readonly delayErrorMs: number | null;
  readonly lagMs: number | null; // from the first change to 63 % of it
  readonly lagErrorMs: number | null;
  readonly rampWPerS: number | null; // from 10 to 90 %
  readonly inShare: number | null; // of what was asked, into the node, as metered
  readonly outShare: number | null; // and out of it
  readonly limitInW: number | null; // met when asked for more
  readonly limitOutW: number | null;
  readonly reversion: { readonly afterMs: number; readonly toW: number } | null;
  readonly release: { readonly afterMs: number; readonly toW: number } | null;
  readonly meters: readonly LearnedMeter[];
}

export const PLOT_PLACES = ['grid', 'pv', 'battery', 'ev', 'load', 'rest'] as const;
export type PlotPlace = (typeof PLOT_PLACES)[number];

/** One line of the page's plots: what was asked, or what one place measured. */
export interface PlotLine {
  readonly label: string;
  readonly role: 'asked' | 'own' | 'meter';
  readonly place: PlotPlace; // whose verbs its powers take
  readonly atMs: readonly number[]; // from the start
  readonly powerW: readonly (number | null)[]; // null = nothing good was read
}

/** Result for one terminal. Control is opened where `proven` is true. */
export interface TerminalResult {
  readonly terminal: string;
  readonly name: string;
  readonly proven: boolean;
  readonly steps: readonly ProgramStep[];
  readonly seed: string;
  readonly findings: readonly Finding[];
  readonly learned: Learned;
  readonly plot: readonly PlotLine[];
}

export interface Identity {
  readonly maker: string;
  readonly model: string;
  readonly serial: string;
  readonly firmware: string;
}

/** The commissioning record of one device. */
export interface CommissioningRecord {
  readonly version: 1;
  readonly site: string;
  readonly siteName: string;
  readonly timeZone: string; // IANA, for the page
  readonly gateway: string;
  readonly device: string;
  readonly identity: Identity; // '' where the device does not say
  readonly profile: string;
  readonly software: string; // version of Edgewatt
  readonly by: string; // who
  readonly startedAtMs: Instant;
  readonly endedAtMs: Instant;
  readonly proven: boolean; // every terminal
  readonly terminals: readonly TerminalResult[];
}
