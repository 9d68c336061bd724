import type { LiveView } from '../../contracts/values/view.ts';
import { age, clockTime, figure, NARROW } from '../../contracts/values/words.ts';
import { offline, sinceContactMs, waiting } from './state/feed.ts';

/** '96', '1.5': a factor as a person writes it. */
function times(speed: number): string {
  return Number.isInteger(speed) ? figure(speed) : figure(speed, 1);
}

function cycleWords(cycleMs: number): string {
  return `${figure(cycleMs / 1_000, cycleMs % 1_000 === 0 ? 0 : 1)}${NARROW}s`;
}

function Speed(props: { readonly live: LiveView }) {
  const { speed, cycleMs } = props.live;
  if (speed <= 1) return null;
  return (
    <p class="speed rows note">
      time runs {times(speed)} times faster; a cycle is {cycleWords(cycleMs)}
    </p>
  );
}

/** Why the mode is not the best one, and since when. */
function modeWords(live: LiveView): string {
  const { mode, modeSinceMs, cloud, site } = live;
  if (mode === 'trading') return '';
  const since = `since ${clockTime(modeSinceMs, site.timeZone)}`;
  if (mode === 'planning' && !cloud.connected) return `Planning without the cloud ${since}.`;
  return `In mode ${mode} ${since}.`;
}

/** A sentence first: what is true now, in words. */
export function Lede(props: { readonly live: LiveView | undefined }) {
  const { live } = props;
  if (live === undefined) {
    return (
      <div class="lede">
        <h1>Edgewatt</h1>
        <p class="second">{waiting.value ? 'waiting for the gateway' : '\u00a0'}</p>
      </div>
    );
  }
  const lost = offline.value
    ? `No contact for ${age(sinceContactMs.value)}: this is the last picture. `
    : '';
  const sub = [lost.trim(), live.subline ?? '', modeWords(live)].filter((part) => part !== '');
  return (
    <div class="lede">
      <div>
        <h1>{live.headline}</h1>
        {sub.length === 0 ? null : <p class="second sub">{sub.join(' ')}</p>}
      </div>
      <Speed live={live} />
    </div>
  );
}
