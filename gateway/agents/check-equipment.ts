import type { Clock } from '../ports.ts';
import type { CheckUp } from './check-up.ts';
import type { Diary } from './diary.ts';
import type { QuarterBook } from './quarters.ts';

export interface CheckingDeps {
  readonly clock: Clock;
  readonly diary: Diary;
  readonly mind: { readonly past: { readonly checkUp: CheckUp }; readonly quarters: QuarterBook };
}

/** Feeds the detectors, keeps what they remember, and tells what is new. */
export async function checkEquipment({ clock, diary, mind }: CheckingDeps): Promise<void> {
  const nowMs = clock.wallMs();
  const before = new Set(mind.past.checkUp.alarms().map(({ code }) => code));
  const document = mind.past.checkUp.feed(nowMs, mind.quarters);
  if (document === undefined) return;
  diary.checkUp(document, nowMs);
  for (const { code, text, mend } of mind.past.checkUp.alarms()) {
    if (before.has(code)) continue;
    diary.event({ atMs: nowMs, text, detail: mend, kind: 'alarm' }, 'EQUIPMENT');
  }
}
