import { describe, expect, it } from 'vitest';
import { places } from '../../../../../../gateway/ui/src/flow/geometry.ts';
import {
  balance,
  clause,
  described,
  origin,
  title,
} from '../../../../../../gateway/ui/src/flow/words.ts';
import { FACTORY, STALE, UNKNOWN_STORE } from '../../../../../fixtures/view/live.ts';

const N = '\u202f';
const place = (live: typeof FACTORY, id: string) => {
  const found = places(live.flows, live.cycleMs).find(({ flow }) => flow.id === id);
  if (found === undefined) throw new Error(`no flow ${id}`);
  return found;
};

describe('words of the flow', () => {
  it('names the place and its verb', () => {
    expect(title(place(FACTORY, 'pv1'))).toBe('Sun, producing');
    expect(title(place(FACTORY, 'press1'))).toBe('Press line');
    expect(title(place(STALE, 'battery1'))).toBe('Battery');
  });

  it('says where a figure comes from and how old it is', () => {
    expect(origin(place(FACTORY, 'grid'), 1_000)).toEqual({
      text: `grid meter · 1${N}s ago`,
      alarm: false,
    });
    expect(origin(place(FACTORY, 'battery1'), 1_000).text).toBe(`64${N}% full · 1${N}s ago`);
    expect(origin(place(FACTORY, 'rest'), 1_000).text).toBe(`calculated · 1${N}s ago`);
    expect(origin(place(STALE, 'battery1'), 240_000)).toEqual({
      text: `battery inverter silent for 4${N}min`,
      alarm: true,
    });
    expect(origin(place(UNKNOWN_STORE, 'battery1'), 0)).toEqual({
      text: 'never read',
      alarm: true,
    });
  });

  it('says what a silent place was', () => {
    expect(clause(place(STALE, 'battery1'))).toBe(`Battery, was 9.0${N}kW`);
    expect(clause(place(UNKNOWN_STORE, 'battery1'))).toBe('Battery, unknown');
  });

  it('states what is unexplained', () => {
    expect(balance(FACTORY)).toBe(`in and out agree, 0${N}W unexplained`);
    expect(balance({ ...FACTORY, unexplainedW: -2_300 })).toBe(`2.3${N}kW unexplained`);
    expect(balance({ ...FACTORY, unexplainedW: null })).toBe('in and out cannot be compared');
  });

  it('reads the whole picture', () => {
    const text = described(places(FACTORY.flows, 1_000), FACTORY);
    expect(text).toContain(
      `In: Sun, producing 41.8${N}kW; Battery, discharging 9.0${N}kW; Grid, buying 12.4${N}kW.`,
    );
    expect(text).toContain(`Out: Press line, using 28.4${N}kW;`);
  });
});
