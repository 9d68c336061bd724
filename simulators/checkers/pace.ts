import type { Timing } from '../../gateway/contracts/values/timing.ts';
import type { Pace } from './types.ts';

const KEPT = 128; // turns; the longest rule in cycles is 60

export function createPace(times: Timing, wallOf: (monoMs: number) => number): Pace {
  const seen = new Map<string, number[]>(); // newest last
  return {
    frame: (frame) => {
      if (times.stretch === 1 || frame.write || frame.exception !== 0) return;
      const key = `${frame.device}/${frame.fc}/${frame.address}`;
      const ring = seen.get(key) ?? [];
      seen.set(key, ring);
      ring.push(wallOf(frame.atMs));
      if (ring.length > KEPT) ring.shift();
    },
    elapsedMs: (fromMs, untilMs) => {
      const timeMs = untilMs - fromMs;
      if (times.stretch === 1 || timeMs <= times.cycleMs) return timeMs;
      let turns = 0;
      for (const ring of seen.values()) {
        if ((ring[0] ?? untilMs) > fromMs && ring.length === KEPT) return timeMs; // forgotten
        const count = ring.filter((atMs) => atMs > fromMs && atMs <= untilMs).length;
        turns = Math.max(turns, count);
      }
      return Math.min(timeMs, turns * times.cycleMs);
    },
  };
}
