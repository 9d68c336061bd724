import type { Image } from '../../gateway/contracts/values/image.ts';
import type { Reporter } from './types.ts';

const WELL: ReadonlySet<string> = new Set(['trading', 'planning', 'rules']);

/**
 * L1: once nothing is wrong any more, a site controls again, with nobody's help. L2: what had to
 * wait has gone out.
 */
export function createRecoveryJudge(report: Reporter) {
  return {
    /** @param sinceS how long ago the last fault ended, to say so */
    judge: (image: Image | undefined, sinceS: number): void => {
      if (image === undefined) {
        report('L1', `no turn ${sinceS} s after the last fault`);
        return;
      }
      const ill = image.devices.filter(({ state }) => state !== 'ok');
      const names = ill.map(({ id, state }) => `${id} ${state}`).join(', ');
      if (names !== '') report('L1', `${sinceS} s after the last fault: ${names}`);
      else if (!WELL.has(image.mode)) {
        report('L1', `${sinceS} s after the last fault the mode is ${image.mode}`);
      }
    },
    /** @param waitingMax what goes out with the next batch */
    backlog: (waiting: number, waitingMax: number): void => {
      if (waiting > waitingMax) report('L2', `${waiting} records wait long after the last fault`);
    },
  };
}
