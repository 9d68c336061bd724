import type { DayAccount } from '../contracts/values/account.ts';
import type { Site } from '../contracts/values/site.ts';
import { DAY_MS, HOUR_MS, localDayStart } from '../contracts/values/time.ts';
import type { Clock, Log, Solver } from '../ports.ts';
import type { Diary } from './diary.ts';
import { withLimit } from './limit.ts';
import type { Mind } from './mind.ts';
import { accountOf } from './savings/account.ts';
import { accountSentence, whyNot } from './savings/words.ts';

const SOLVE_LIMIT_MS = 20_000; // real; nobody waits for it
const RECENT_MS = 45 * DAY_MS;

export interface AccountsDeps {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly mind: Mind;
  readonly diary: Diary;
  readonly solver: Solver;
}

/** Brings back accounts and demand-response events of the last days, and the detectors. */
export async function recallDays({ site, clock, mind, diary }: AccountsDeps): Promise<void> {
  const todayMs = localDayStart(clock.wallMs(), site.place.timeZone);
  mind.past.accounts = await diary.accounts(todayMs - RECENT_MS, todayMs);
  mind.past.reductions.restore(await diary.reductions(todayMs - RECENT_MS, todayMs + 2 * DAY_MS));
  const checkUp = await diary.lastCheckUp();
  if (checkUp !== undefined) mind.past.checkUp.restore(checkUp);
}

/**
 * Closes each day that is over and has no account yet, oldest first, and writes it down: no report
 * needs a solver, and none computes anew what was told before. A day with gaps is looked at again
 * while records may still come.
 */
export async function closeDays(deps: AccountsDeps): Promise<void> {
  const { site, clock, log, mind, diary, solver } = deps;
  const zone = site.place.timeZone;
  const todayMs = localDayStart(clock.wallMs(), zone);
  let untilMs = localDayStart(todayMs - HOUR_MS, zone);
  const known = new Map(mind.past.accounts.map((one) => [one.fromMs, one]));
  for (let fromMs = localDayStart(untilMs - HOUR_MS, zone); fromMs < todayMs; ) {
    const before = known.get(fromMs);
    const previous = [...known.values()].find((one) => one.untilMs === fromMs);
    if (before?.costs === undefined) {
      const found = accountOf(mind.accountInput(fromMs, untilMs, previous));
      if (found !== undefined && !isSame(found.account, before)) {
        const account = found.whole
          ? await withLimit(found.account, found.whole, solver, SOLVE_LIMIT_MS)
          : found.account;
        diary.account(account);
        known.set(fromMs, account);
        const text = `${account.day}: ${accountSentence(account)}`;
        log.info('a day is closed', { text });
        diary.event({ atMs: clock.wallMs(), text }, 'DAY_ACCOUNT');
      }
    }
    [fromMs, untilMs] = [untilMs, todayMs];
  }
  const kept = [...known.values()].filter(({ fromMs }) => fromMs >= todayMs - RECENT_MS);
  mind.past.accounts = kept.sort((a, b) => a.fromMs - b.fromMs);
}

/** A day with the same gaps as before is told once. */
const isSame = (now: DayAccount, before: DayAccount | undefined): boolean =>
  before !== undefined && now.costs === undefined && whyNot(now) === whyNot(before);
