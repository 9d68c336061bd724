import { useEffect, useRef, useState } from 'preact/hooks';
import type { LiveView } from '../../contracts/values/view.ts';
import { age, clockSeconds, dayName } from '../../contracts/values/words.ts';
import { Chevron, Mark, type Target, TargetIcon, ThemeIcon } from './parts/icons.tsx';
import { ModePill } from './parts/mode.tsx';
import { offline, sinceContactMs } from './state/feed.ts';
import { changeTheme, theme } from './state/theme.ts';

const TARGETS: readonly { readonly target: Target; readonly label: string }[] = [
  { target: 'now', label: 'Now' },
  { target: 'day', label: 'Day' },
  { target: 'money', label: 'Money' },
  { target: 'events', label: 'Events' },
  { target: 'devices', label: 'Devices' },
];

/** The part of the page in view, for the marked target. */
function useTargetInView(): Target {
  const [inView, setInView] = useState<Target>('now');
  useEffect(() => {
    const find = (): void => {
      let found: Target = 'now';
      for (const { target } of TARGETS) {
        const top = document.getElementById(target)?.getBoundingClientRect().top;
        if (top !== undefined && top < innerHeight * 0.4) found = target;
      }
      const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      setInView(atEnd && scrollY > 0 ? 'devices' : found);
    };
    addEventListener('scroll', find, { passive: true });
    return () => removeEventListener('scroll', find);
  }, []);
  return inView;
}

/** Sites of the demo, in one list under the name of this one. */
function SiteSwitcher(props: { readonly live: LiveView }) {
  const { site, peers } = props.live;
  const box = useRef<HTMLDetailsElement>(null);
  const close = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || box.current?.open !== true) return;
    box.current.open = false;
    box.current.querySelector('summary')?.focus();
  };
  return (
    <details class="switcher" ref={box} onKeyDown={close}>
      <summary>
        <span class="spoken">Site </span>
        {site.name}
        <Chevron />
      </summary>
      <ul>
        {peers.map((peer) => (
          <li key={peer.id}>
            <a
              href={peer.url}
              {...(peer.id === site.id ? { 'aria-current': 'true' as const } : {})}
            >
              {peer.name}
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Contact() {
  const since = sinceContactMs.value;
  if (since === undefined) return <span class="age age-unknown">no picture yet</span>;
  if (!offline.value) {
    return (
      <span class="age age-fresh">
        <i aria-hidden="true" />
        <span>
          live<span class="wide">, {age(Math.max(1_000, since))} ago</span>
        </span>
      </span>
    );
  }
  return (
    <span class="age age-stale">
      <i aria-hidden="true" />
      no contact for {age(since)}
    </span>
  );
}

function Cloud(props: { readonly live: LiveView }) {
  const { cloud, atMs } = props.live;
  if (cloud.connected) return <span class="wide small note whole">cloud connected</span>;
  return <span class="small note whole">no cloud for {age(atMs - cloud.sinceMs)}</span>;
}

export function Header(props: { readonly live: LiveView | undefined }) {
  const { live } = props;
  const inView = useTargetInView();
  const zone = live?.site.timeZone ?? 'UTC';
  return (
    <header class="top">
      <div class="brand">
        <Mark />
        <span class="word">Edgewatt</span>
        {live === undefined ? null : live.peers.length > 1 ? (
          <SiteSwitcher live={live} />
        ) : (
          <span class="site">{live.site.name}</span>
        )}
      </div>
      <nav class="tabs" aria-label="Parts of the page">
        {TARGETS.map(({ target, label }) => (
          <a
            key={target}
            href={`#${target}`}
            {...(target === inView ? { 'aria-current': 'true' as const } : {})}
          >
            {label}
          </a>
        ))}
      </nav>
      <div class="right">
        {live === undefined ? null : (
          <>
            <ModePill standing={offline.value ? 'silent' : live.mode} />
            {live.flags.map((flag) => (
              <ModePill key={flag} standing={flag} label="also" />
            ))}
          </>
        )}
        <Contact />
        {live === undefined || offline.value ? null : <Cloud live={live} />}
        {live === undefined ? null : (
          <time class="rows second whole wide clock">
            {dayName(live.atMs, zone, 'short')}, {clockSeconds(live.atMs, zone)}
          </time>
        )}
        <button
          type="button"
          class="quiet"
          onClick={changeTheme}
          aria-label={theme() === 'dark' ? 'Change to light theme' : 'Change to dark theme'}
        >
          <ThemeIcon />
        </button>
      </div>
    </header>
  );
}

/** Phone: five targets at the bottom, under the thumb. */
export function BottomTargets() {
  const inView = useTargetInView();
  return (
    <nav class="bottom" aria-label="Parts of the page, bottom">
      {TARGETS.map(({ target, label }) => (
        <a
          key={target}
          class="target"
          href={`#${target}`}
          {...(target === inView ? { 'aria-current': 'true' as const } : {})}
        >
          <TargetIcon target={target} />
          {label}
        </a>
      ))}
    </nav>
  );
}
