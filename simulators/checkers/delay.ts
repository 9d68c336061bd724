import type { Reporter, WireFrame } from './types.ts';

/** Turns that are learnt from before anything is judged. */
const LEARNT = 60;
const SLACK_MS = 250;

interface Pace {
  count: number;
  usualMs: number; // longest pause between two reads while all was well
  lastMs: number;
}

/**
 * L3: who answers is not kept waiting by one who does not. A device that answers, on a wire without
 * a fault, is read again at most a cycle later than it used to be.
 */
export function createDelayJudge(cycleMs: number, report: Reporter) {
  const paces = new Map<string, Pace>();
  let restartedMs = 0;
  return {
    /** The gateway itself began anew, or had to: its pauses are its own. */
    restart: (nowMs: number): void => {
      restartedMs = nowMs;
      for (const pace of paces.values()) pace.lastMs = 0;
    },
    /**
     * @param isWell nothing of its wire or gateway is wrong
     * @param isElsewhere something of another wire is
     */
    frame: (frame: WireFrame, isWell: boolean, isElsewhere: boolean): void => {
      if (frame.write || frame.exception !== 0) return;
      const pace = paces.get(frame.device) ?? { count: 0, usualMs: 0, lastMs: 0 };
      paces.set(frame.device, pace);
      const { lastMs } = pace;
      pace.lastMs = isWell ? frame.atMs : 0;
      if (!isWell || lastMs === 0 || lastMs < restartedMs) return;
      const pauseMs = frame.atMs - lastMs;
      if (pace.count < LEARNT || !isElsewhere) {
        pace.count += 1;
        pace.usualMs = Math.max(pace.usualMs, pauseMs);
        return;
      }
      const mostMs = pace.usualMs + cycleMs + SLACK_MS;
      if (pauseMs <= mostMs) return;
      report('L3', `${frame.device} waited ${Math.round(pauseMs)} ms for its turn`);
    },
  };
}
