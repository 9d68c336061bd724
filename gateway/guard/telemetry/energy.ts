import type { Image } from '../../contracts/values/image.ts';
import { NOMINAL_V } from '../../contracts/values/phases.ts';
import type { EnergyRecord } from '../../contracts/values/record.ts';
import type { Site } from '../../contracts/values/site.ts';
import { intervalStart, QUARTER_MS } from '../../contracts/values/time.ts';
import { type Booked, PlaceEnergy, type PlaceSpec } from './place.ts';

/** An interval is closed when every place is known beyond its end, or this many cycles later. */
const GRACE_CYCLES = 6;
/** From here on an interval counts as measured. */
const MEASURED_PCT = 99;

/** A fuse is taken to be on three phases: the most that it may let through. */
const PHASES = 3;
/**
 * Turns that are looked back at for the length of a cycle: early turns are shorter and must not set
 * it.
 */
const TURNS = 15;

function placesOf(site: Site): PlaceSpec[] {
  const residuals = new Set(site.residuals.map((residual) => residual.terminal));
  return [
    ...site.connections.map((connection) => ({
      id: connection.id,
      ratedW: Math.max(
        connection.contractedImportW,
        connection.contractedExportW,
        PHASES * NOMINAL_V * connection.fuseA,
      ),
      residual: false,
    })),
    ...site.terminals.map((terminal) => ({
      id: terminal.id,
      ratedW: Math.max(terminal.ratedInW, terminal.ratedOutW),
      residual: residuals.has(terminal.id),
    })),
  ];
}

export interface EnergyStep {
  readonly records: readonly EnergyRecord[];
  readonly newEpochs: readonly string[]; // places whose counter began anew
}

/**
 * Quarter-hour energies of every connection and terminal; the residual closes the sum of its node.
 */
export class EnergyBook {
  private readonly site: Site;
  private readonly places: readonly PlaceEnergy[];
  private fromMs: number | undefined; // wall clock, of the running interval
  private readonly turnsMs: number[] = [];
  private cycleMs = 0;
  private lastMonoMs: number | undefined;

  constructor(site: Site) {
    this.site = site;
    this.places = placesOf(site).map((spec) => new PlaceEnergy(spec));
  }

  step(image: Image): EnergyStep {
    this.measureCycle(image.monoMs);
    this.fromMs ??= intervalStart(image.wallMs);
    const records: EnergyRecord[] = [];
    const newEpochs: string[] = [];
    const endWallMs = this.fromMs + QUARTER_MS;
    // Boundaries are on the wall clock, readings on the monotonic one.
    const endMonoMs = image.monoMs - (image.wallMs - endWallMs);
    if (image.wallMs < endWallMs) {
      this.take(image, newEpochs);
      return { records, newEpochs };
    }
    this.take(image, newEpochs, endMonoMs);
    const late = image.monoMs > endMonoMs + GRACE_CYCLES * this.cycleMs;
    const known = this.places.every((place) => !place.seen || place.knownUntilMs >= endMonoMs);
    if (known || late) {
      records.push(...this.close(this.fromMs));
      this.fromMs = Math.max(intervalStart(image.wallMs), endWallMs);
      this.take(image, newEpochs);
    }
    return { records, newEpochs };
  }

  private measureCycle(monoMs: number): void {
    const turnMs = monoMs - (this.lastMonoMs ?? monoMs);
    this.lastMonoMs = monoMs;
    if (turnMs <= 0) return;
    const { turnsMs } = this;
    turnsMs.push(turnMs);
    // The same again instead of the oldest: the middle one stays.
    if (turnsMs.length > TURNS && turnsMs.shift() === turnMs) return;
    const sorted = [...turnsMs].sort((a, b) => a - b);
    this.cycleMs = sorted[sorted.length >> 1] ?? turnMs;
  }

  /** The running interval as far as it is known: what a stopping guard leaves behind. */
  flush(): EnergyRecord[] {
    return this.fromMs === undefined ? [] : this.close(this.fromMs);
  }

  private take(image: Image, newEpochs: string[], untilMs?: number): void {
    for (const place of this.places) {
      const { id } = place.spec;
      const isNew = place.take(image, this.cycleMs, untilMs);
      if (isNew && !newEpochs.includes(id)) newEpochs.push(id);
    }
  }

  private close(fromMs: number): EnergyRecord[] {
    const booked = new Map<string, Booked>();
    for (const place of this.places) {
      if (place.seen) booked.set(place.spec.id, place.book(QUARTER_MS));
    }
    for (const { node, terminal } of this.site.residuals) this.balance(node, terminal, booked);
    return [...booked].map(([place, energy]) => ({
      kind: 'energy',
      place,
      fromMs,
      durationMs: QUARTER_MS,
      ...energy,
      quality: energy.coveragePct >= MEASURED_PCT ? 'measured' : 'partial',
      version: 1,
    }));
  }

  /** What is not metered is what the node's sum leaves, in energy as in power. */
  private balance(node: string, terminal: string, booked: Map<string, Booked>): void {
    const own = booked.get(terminal);
    if (own === undefined || this.site.edges.length > 0) return;
    const others = [
      ...this.site.connections.filter((one) => one.node === node),
      ...this.site.terminals.filter((one) => one.node === node && one.id !== terminal),
    ].map((one) => booked.get(one.id));
    let netWh = 0;
    for (const other of others) {
      if (other === undefined || other.coveragePct < MEASURED_PCT) return;
      netWh += other.inWh - other.outWh;
    }
    // Its own net must be -netWh; the smaller of its two directions is kept as integrated.
    const inWh = own.inWh < own.outWh ? own.inWh : Math.max(0, own.outWh - netWh);
    const outWh = inWh + netWh;
    const whole = outWh >= 0 ? { inWh, outWh } : { inWh: -netWh, outWh: 0 };
    booked.set(terminal, { ...own, ...whole });
  }
}
