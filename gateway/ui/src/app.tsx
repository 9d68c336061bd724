import { clockTime } from '../../contracts/values/words.ts';
import { AlarmList } from './alarms.tsx';
import { DeviceCard } from './devices.tsx';
import { EventCard } from './events.tsx';
import { FlowCard } from './flow/card.tsx';
import { BottomTargets, Header } from './header.tsx';
import { Lede } from './lede.tsx';
import { SignOut } from './login.tsx';
import { MoneyCard } from './money.tsx';
import { NowCard } from './now.tsx';
import { announced } from './state/announce.ts';
import { day, live } from './state/feed.ts';
import { StripCard } from './strip/card.tsx';

function Footer() {
  const view = live.value;
  const since =
    view?.startedAtMs === undefined
      ? ''
      : `, running since ${clockTime(view.startedAtMs, view.site.timeZone)}`;
  return (
    <footer>
      <div>
        Edgewatt{view?.version === undefined ? '' : ` ${view.version}`} on this gateway{since}.
        Works without internet.
      </div>
      <div>
        {view === undefined ? 'All times local.' : `All times local (${view.site.timeZone}).`}{' '}
        Amounts as the tariff has them. <SignOut />
      </div>
    </footer>
  );
}

/**
 * The page: a sentence first, then the figures that prove it. The frame stands before the first
 * picture.
 */
export function App() {
  return (
    <div class="page">
      <Header live={live.value} />
      <Lede live={live.value} />
      <AlarmList live={live.value} />
      <main class="grid">
        <FlowCard live={live.value} />
        <NowCard live={live.value} day={day.value} />
        <StripCard live={live.value} day={day.value} />
        <MoneyCard live={live.value} day={day.value} />
        <EventCard live={live.value} day={day.value} />
        <DeviceCard live={live.value} />
      </main>
      <Footer />
      <BottomTargets />
      <div class="spoken" role="status">
        {announced}
      </div>
    </div>
  );
}
