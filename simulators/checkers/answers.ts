import type { Reporter, WireFrame } from './types.ts';

/**
 * S7: a write that nobody answered may have been applied. The device is read before the same
 * registers are written again.
 */
export function createAnswerJudge(report: Reporter) {
  const open = new Map<string, WireFrame>(); // by device
  const meet = (a: WireFrame, b: WireFrame): boolean =>
    a.address < b.address + b.count && b.address < a.address + a.count;
  return {
    /** Before `unanswered` is told of it. */
    frame: (frame: WireFrame): void => {
      const before = open.get(frame.device);
      if (before === undefined) return;
      if (!frame.write) {
        if (frame.exception === 0) open.delete(frame.device);
        return;
      }
      if (!meet(before, frame)) return;
      open.delete(frame.device);
      report('S7', `${frame.device}: register ${frame.address} written again without a look`);
    },
    unanswered: (frame: WireFrame): void => {
      if (frame.write) open.set(frame.device, frame);
    },
  };
}
