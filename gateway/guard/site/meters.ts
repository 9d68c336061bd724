import type { Reading } from '../../contracts/values/reading.ts';
import { type Bounds, boundsOf, type MeterTrack, NO_TRACK, plausible } from './plausible.ts';
import type { Still } from './types.ts';
import type { Wiring } from './wiring.ts';

/** Of a meter in doubt; voltages stay, they tell whether the grid is there. */
const QUANTITIES = ['powerW', 'powerL1W', 'powerL2W', 'powerL3W'] as const;
const CURRENTS = ['currentL1A', 'currentL2A', 'currentL3A'] as const;

const BOUNDS = new WeakMap<Wiring, ReadonlyMap<string, Bounds>>();

function allBounds(wiring: Wiring): ReadonlyMap<string, Bounds> {
  const known = BOUNDS.get(wiring);
  if (known !== undefined) return known;
  const bounds = new Map(wiring.site.connections.map((one) => [one.id, boundsOf(wiring, one)]));
  BOUNDS.set(wiring, bounds);
  return bounds;
}

/** What the meter of a connection shows again and again. */
export function stillOf(wiring: Wiring, id: string, track: MeterTrack | undefined): Still {
  const moveW = allBounds(wiring).get(id)?.stillW ?? Number.NaN;
  return { sinceMs: track?.standstill.sinceMs ?? Number.NaN, moveW };
}

/** Judges the meter of every connection; in `points`, what is doubted becomes implausible. */
export function judgeMeters(
  wiring: Wiring,
  before: Readonly<Record<string, MeterTrack>>,
  points: Record<string, Reading>,
  told: Readonly<Record<string, number>>,
  nowMs: number,
  cycleMs: number,
): Record<string, MeterTrack> {
  const tracks: Record<string, MeterTrack> = {};
  for (const [id, bounds] of allBounds(wiring)) {
    const turn = { bounds, points, told, nowMs, cycleMs };
    const track = plausible(before[id] ?? NO_TRACK, turn);
    tracks[id] = track;
    const { doubt } = track;
    if (doubt === undefined) continue;
    for (const quantity of [...QUANTITIES, ...CURRENTS]) {
      const reading = points[`${id}.${quantity}`];
      if (reading?.quality !== 'good') continue;
      const last = quantity === 'powerW' ? doubt.lastW : reading.value;
      points[`${id}.${quantity}`] = { quality: 'implausible', last, atMs: doubt.atMs };
    }
  }
  return tracks;
}
