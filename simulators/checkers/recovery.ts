import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Reporter } from './types.ts';

const WELL: ReadonlySet<string> = new Set(['trading', 'planning', 'rules']);
/** Faults of a device are forgotten after half a minute, those of the cloud after two. */
export const BACK_MS = { device: 30_000, cloud: 120_000 } as const;
/** What does not follow is left alone so long at first, then as long again and this. */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 30 * 60_000;
/** The last try in the fault may end just behind it. */
const TRY_MS = 10_000;

/** A device that does not follow. Real ms. */
interface Deaf {
  readonly sinceMs: number;
  readonly seenMs: number;
}

/** By when it has been tried again after a fault, and is as any other. */
function backByMs(deaf: Deaf | undefined, endedMs: number): number {
  if (deaf === undefined || deaf.sinceMs > endedMs + TRY_MS) return endedMs;
  const waitMs = FIRST_WAIT_MS + Math.max(0, endedMs - deaf.sinceMs);
  return endedMs + Math.min(waitMs, LONGEST_WAIT_MS) + BACK_MS.device;
}

/**
 * L1: once nothing is wrong any more, a site controls again, with nobody's help. What took orders
 * without following them is tried again after a doubling wait (fault 12): for it the time counts
 * from that try, which is due, after the fault, within as long as it did not follow in it and the
 * first wait. L2: what had to wait has gone out.
 */
export function createRecoveryJudge(report: Reporter) {
  const deaf = new Map<string, Deaf>();
  return {
    image: ({ devices }: Image, nowMs: number): void => {
      for (const { id, follows } of devices) {
        const before = deaf.get(id);
        if (follows === false) deaf.set(id, { sinceMs: before?.sinceMs ?? nowMs, seenMs: nowMs });
        else if (before !== undefined && nowMs > before.seenMs + BACK_MS.device) deaf.delete(id);
      }
    },
    /**
     * @param endedMs  when the last fault was over
     * @returns when to look again, where a device is not tried again yet
     */
    judge: (image: Image | undefined, nowMs: number, endedMs: number): number | undefined => {
      const sinceS = Math.round((nowMs - endedMs) / 1_000);
      if (image === undefined) {
        report('L1', `no turn ${sinceS} s after the last fault`);
        return undefined;
      }
      const waits = image.devices.flatMap(({ id, follows }) => {
        const byMs = follows === false ? backByMs(deaf.get(id), endedMs) : endedMs;
        return byMs > nowMs ? [{ id, byMs }] : [];
      });
      const left = new Set(waits.map(({ id }) => id));
      const ill = image.devices.filter(({ id, state }) => state !== 'ok' && !left.has(id));
      const names = ill.map(({ id, state }) => `${id} ${state}`).join(', ');
      if (names !== '') report('L1', `${sinceS} s after the last fault: ${names}`);
      else if (!WELL.has(image.mode)) {
        report('L1', `${sinceS} s after the last fault the mode is ${image.mode}`);
      }
      return waits.length === 0 ? undefined : Math.max(...waits.map(({ byMs }) => byMs));
    },
    /** @param waitingMax what goes out with the next batch */
    backlog: (waiting: number, waitingMax: number): void => {
      if (waiting > waitingMax) report('L2', `${waiting} records wait long after the last fault`);
    },
  };
}
