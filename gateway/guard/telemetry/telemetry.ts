import type { Image, Mode } from '../../contracts/values/image.ts';
import type {
  AggregateRecord,
  EnergyRecord,
  EventRecord,
  TelemetryRecord,
} from '../../contracts/values/record.ts';
import type { Site } from '../../contracts/values/site.ts';
import { MinuteBook } from './aggregates.ts';
import { EnergyBook } from './energy.ts';

export interface Telemetry {
  /** One image in, the records that it completes out. */
  step(image: Image): TelemetryRecord[];
  event(code: string, text: string, image: Image): TelemetryRecord;
  /**
   * What is complete only in part: the running minute and quarter-hour, for a guard that stops.
   * Partial energies of one interval from two epochs add up; they never overlap.
   */
  flush(image: Image): TelemetryRecord[];
  /** Records made so far; the last one's sequence. */
  produced(): number;
}

/** Down the ladder it is said why; up again it is enough that it is so. */
function turned(before: Mode | undefined, { mode, reason }: Image): string {
  const up = before !== undefined && LADDER.indexOf(mode) < LADDER.indexOf(before);
  return up ? `Back in mode ${mode}` : `Mode ${mode}: ${reason.sentence}`;
}

const LADDER: readonly Mode[] = ['trading', 'planning', 'rules', 'holding', 'safe'];

type Body = AggregateRecord | EnergyRecord | EventRecord;

/**
 * Images in, records out, each with its key; nothing else. @param epoch rises with each start of
 * the guard
 */
export function createTelemetry(site: Site, epoch: number): Telemetry {
  const minutes = new MinuteBook();
  const energy = new EnergyBook(site);
  let seq = 0;
  let mode: Mode | undefined;

  const key = (body: Body): TelemetryRecord => {
    seq += 1;
    return { epoch, seq, ...body };
  };
  const eventOf = (code: string, text: string, image: Image): EventRecord => ({
    kind: 'event',
    atMs: image.wallMs,
    code: code.slice(0, 64),
    mode: image.mode,
    text: text.slice(0, 512),
  });

  return {
    step: (image) => {
      const bodies: Body[] = [...minutes.step(image)];
      const { records, newEpochs } = energy.step(image);
      bodies.push(...records);
      for (const place of newEpochs) {
        const text = `A counter of ${place} went back or jumped: it was reset or exchanged`;
        bodies.push(eventOf('COUNTER_EPOCH', text, image));
      }
      if (image.mode !== mode) bodies.push(eventOf('MODE', turned(mode, image), image));
      mode = image.mode;
      return bodies.map(key);
    },
    event: (code, text, image) => key(eventOf(code, text, image)),
    flush: () => [...minutes.flush(), ...energy.flush()].map(key),
    produced: () => seq,
  };
}
