import { describe, expect, it } from 'vitest';
import { numberFrom } from '../../fixtures/environment.ts';
import { count } from '../counts.ts';
import { type Order, run, type Sum } from './lives.ts';
import { whyNoPowerCut } from './volume.ts';

/** A run adds as many to what was counted before (test/soak/counts.json). */
const RANGE = { least: 1, most: 100_000, isWhole: true } as const;
const KILLS = numberFrom('SOAK_KILLS', { ...RANGE, usual: 200 });
const CUTS = numberFrom('SOAK_CUTS', { ...RANGE, usual: 100 });
/** Enough of them for a loss to show, were the disk not waited for. */
const CONTROL_CUTS = 20;
const NOT_SYNCHRONOUS = 'database without a synchronous write';

const why = whyNoPowerCut();
if (why !== undefined) process.stdout.write(`No power is cut: ${why}\n`);

const counted = (by: Order['by']): Pick<Order, 'by' | 'onSum'> => ({
  by,
  onSum: ({ problems, ...sum }: Sum) => count(by, { ...sum, problems: problems.length }),
});
const sound = { lostRows: 0, doubleEffects: 0, problems: [] };

describe('outbox, cloud, audit log, guard.state and black box have what was told', () => {
  it('after kill -9 at any instant', async () => {
    const sum = await run({ ...counted('kill'), lives: KILLS });
    expect(sum).toMatchObject({ lives: KILLS, ...sound });
  });

  it.skipIf(why !== undefined)('after a power cut at any instant', async () => {
    const sum = await run({ ...counted('power cut'), lives: CUTS });
    expect(sum).toMatchObject({ lives: CUTS, ...sound });
  });

  it.skipIf(why !== undefined)(
    'and a database that does not wait for the disk is seen',
    async () => {
      const sum = await run({ by: 'power cut', lives: CONTROL_CUTS, planted: NOT_SYNCHRONOUS });
      expect(sum.lostRows).toBeGreaterThan(0);
    },
  );
});
