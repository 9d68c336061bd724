import { expect, it } from 'vitest';
import { openStoreInProcess } from '../../../../gateway/adapters/sqlite/store.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { createVirtualDisk } from '../../../../simulators/world/disk.ts';
import { startVirtualProcess } from '../../../../simulators/world/process.ts';

const DAY_MS = 86_400_000;

it.each([0.99, 1, 1.01])(
  'a disk is full until the world says so, its clock at speed %d',
  async (speed) => {
    const world = createVirtualClock();
    const disk = createVirtualDisk(openStoreInProcess(':memory:', world.wallMs()), world);
    await world.advance(DAY_MS); // by now the clocks are minutes apart
    const store = disk.open(startVirtualProcess(world, { aheadMs: 0, speed }));
    disk.trouble = { kind: 'full', untilMs: DAY_MS + 60_000 };
    const early = store.addHistory([]).then(
      () => 'kept',
      () => 'refused',
    );
    await world.advance(59_000);
    expect(await early).toBe('refused');
    await world.advance(1_000);
    const late = store.addHistory([]).then(() => 'kept');
    await world.advance(1_000);
    expect(await late).toBe('kept');
    const closed = store.close();
    await world.advance(1_000);
    await closed;
  },
);
