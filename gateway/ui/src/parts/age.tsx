import { age } from '../../../contracts/values/words.ts';
import { agedMs, live } from '../state/feed.ts';
import { ageFreshness, type Freshness } from './freshness.ts';

const WORDS: Readonly<Record<Freshness, string>> = {
  fresh: 'fresh',
  late: 'late',
  stale: 'silent for',
  unknown: 'unknown',
};

/** How old a figure is: a shape for its state, and the span. */
export function Age(props: { readonly ageMs: number; readonly state?: Freshness }) {
  const ageMs = agedMs(props.ageMs);
  const counted = ageFreshness(ageMs, live.value?.cycleMs ?? 1_000, true);
  const state = props.state === undefined || props.state === 'fresh' ? counted : props.state;
  return (
    <span class={`age age-${state}`}>
      <i aria-hidden="true" />
      <span class="spoken">{WORDS[state]} </span>
      {state === 'unknown' ? 'unknown' : age(ageMs)}
    </span>
  );
}
