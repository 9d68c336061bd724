import { beforeEach, describe, expect, it } from 'vitest';
import type { TelemetryRecord } from '../../../../gateway/contracts/values/record.ts';
import { EventJournal, keptEvents } from '../../../../gateway/processes/journal.ts';

const event = (seq: number, epoch = 1): TelemetryRecord => ({
  ...{ kind: 'event', epoch, seq, atMs: seq, code: 'MODE', mode: 'safe', text: 'Mode safe' },
});

let saved: (readonly TelemetryRecord[])[];
let journal: EventJournal;
beforeEach(() => {
  saved = [];
  journal = new EventJournal((events) => saved.push(events));
});

describe('events that no agent takes', () => {
  it('are kept after two seconds, and let go once an agent has them on disk', () => {
    journal.step([event(1)], 0);
    journal.step([event(1)], 1_999);
    expect(saved).toEqual([]);
    journal.step([event(1), event(2)], 2_000);
    expect(saved).toEqual([[event(1), event(2)]]);
    journal.step([event(1), event(2)], 60_000);
    expect(saved).toHaveLength(1);
    journal.step([], 61_000);
    journal.step([], 63_000);
    expect(saved.at(-1)).toEqual([]);
  });

  it('cost no write while an agent takes them in time', () => {
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1_000) {
      journal.step(nowMs % 2_000 === 0 ? [event(nowMs)] : [], nowMs);
    }
    expect(saved).toEqual([]);
  });

  it('are kept at the end of the guard without a wait, and are bounded', () => {
    const many = Array.from({ length: 600 }, (_, n) => event(n + 1));
    journal.close(many);
    expect(saved).toEqual([many.slice(-500)]);
  });

  it('come back as they were; what is odd does not', () => {
    expect(keptEvents([event(1), event(2)])).toEqual([event(1), event(2)]);
    const odd = [null, 3, { ...event(1), seq: 'x' }, { ...event(1), kind: 'energy' }, {}];
    expect(keptEvents(odd)).toEqual([]);
    expect(keptEvents({ length: 1 })).toEqual([]);
    expect(keptEvents(undefined)).toEqual([]);
  });
});
