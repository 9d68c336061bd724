import type { BusSpec } from '../../contracts/values/site.ts';
import { characterBits, silenceMs } from './line.ts';
import { answerLength, isWrite, type Request, requestLength } from './pdu.ts';
import type { Unit } from './unit.ts';

/** Until a unit has answered: what a meter on a line takes to think, and a device on a network. */
const TURNAROUND_MS = { line: 20, network: 10 } as const;
/** Share that a new measurement has in the smoothed one. */
const SHARE = 0.2;
/** An answer this much faster than its line's baud rate comes from a line that has none. */
const FASTER = 0.8;

/** Unit and check sum of an RTU frame; ASCII sends each byte as two characters between three. */
const RTU_EXTRA = 3;
const charactersOf = (ascii: boolean, pdu: number): number =>
  ascii ? 3 + 2 * (pdu + 2) : pdu + RTU_EXTRA;

/** What of a unit counts here. */
interface Timed {
  readonly settings: Pick<Unit['settings'], 'pauseMs'>;
  readonly turnaroundMs: number | undefined;
}

/** What a request takes of a wire whose units nobody has asked yet, milliseconds. */
export const expectedMs = (bus: BusSpec, pauseMs: number, request: Request): number =>
  new WireTime(bus, silenceMs(bus)).costMs(
    { settings: { pauseMs }, turnaroundMs: undefined },
    request,
  );

/**
 * What requests take up of a wire: on a line with a baud rate computed from their characters and
 * the unit's measured turnaround, elsewhere as measured. Real milliseconds.
 */
export class WireTime {
  private readonly gapMs: number;
  private readonly ascii: boolean;
  private readonly assumedMs: number;
  private characterMs: number;

  constructor(bus: BusSpec, gapMs: number) {
    const serial = bus.kind === 'serial' ? bus : undefined;
    this.gapMs = gapMs;
    this.ascii = serial?.framing === 'ascii';
    this.assumedMs = serial === undefined ? TURNAROUND_MS.network : TURNAROUND_MS.line;
    this.characterMs = serial === undefined ? 0 : (1_000 * characterBits(serial)) / serial.baud;
  }

  private charactersMs(request: Request): number {
    if (this.characterMs === 0) return 0;
    const sent = charactersOf(this.ascii, requestLength(request));
    return (sent + charactersOf(this.ascii, answerLength(request))) * this.characterMs;
  }

  /** @param tookMs from the first byte of the request to the last one of the answer */
  observe(unit: Unit, request: Request, tookMs: number): void {
    const wireMs = this.charactersMs(request);
    if (tookMs < FASTER * wireMs) this.characterMs *= tookMs / wireMs;
    const turnaroundMs = Math.max(0, tookMs - wireMs);
    const before = unit.turnaroundMs ?? turnaroundMs;
    unit.turnaroundMs = before + SHARE * (turnaroundMs - before);
    (isWrite(request) ? unit.writing : unit.patience).answered(turnaroundMs);
  }

  /**
   * How long an answer is waited for. Less than the profile says only on a serial line, from a unit
   * that a proof read can tell from its late answers; for a write by what its writes took, and what
   * became of one that was not answered is looked up before the next.
   */
  timeoutMs(unit: Unit, request: Request): number {
    const { settings, patience, writing, proof } = unit;
    if (this.characterMs === 0 || proof === undefined) return settings.timeoutMs;
    const wireMs = this.charactersMs(request);
    if (isWrite(request)) return writing.timeoutMs(wireMs, settings.timeoutMs);
    if (unit.breaker.open) return patience.probeMs(wireMs, settings.timeoutMs);
    return patience.timeoutMs(wireMs, settings.timeoutMs);
  }

  /** From a request to the end of its answer, by the unit's slowest turnaround lately. */
  answerMs({ patience, turnaroundMs = this.assumedMs }: Unit, request: Request): number {
    const slowestMs = Math.max(turnaroundMs, patience.slowestTurnMs);
    return this.gapMs + this.charactersMs(request) + slowestMs;
  }

  costMs(unit: Timed, request: Request): number {
    const pauseMs = Math.max(this.gapMs, unit.settings.pauseMs);
    return this.charactersMs(request) + (unit.turnaroundMs ?? this.assumedMs) + pauseMs;
  }
}
