import type { LiveView } from '../../../contracts/values/view.ts';

/**
 * A mode is a word and a shape of its own; flags stand beside it. 'silent' is what the page sees
 * without contact.
 */
export type Standing = LiveView['mode'] | LiveView['flags'][number] | 'silent';

const NAMES: Readonly<Record<Standing, string>> = {
  trading: 'Trading',
  planning: 'Planning',
  rules: 'Rules',
  holding: 'Holding',
  safe: 'Safe',
  limited: 'Limited',
  observing: 'Observing',
  islanded: 'Islanded',
  untimed: 'Clock unsure',
  silent: 'Silent',
};

function Shape(props: { readonly standing: Standing }) {
  switch (props.standing) {
    case 'trading':
      return <circle cx="6" cy="6" r="4.5" class="fill-ink-2" fill-opacity=".45" />;
    case 'planning':
      return <circle cx="6" cy="6" r="4.5" class="fill-ink-2" />;
    case 'rules':
      return <path d="M6 1.200 10.800 6 6 10.800 1.200 6z" class="fill-ink-2" />;
    case 'holding':
      return <path d="M3.200 1.500v9M8.800 1.500v9" class="line-alarm" stroke-width="2.6" />;
    case 'limited':
      return (
        <rect x="1.5" y="4" width="9" height="4" rx="1" class="fill-alarm" fill-opacity=".55" />
      );
    case 'safe':
      return <path d="M6 .8 11.500 10.800H.5z" class="fill-alarm" />;
    case 'observing':
      return (
        <>
          <circle cx="6" cy="6" r="4.200" class="fill-none line-ink-3" stroke-width="1.5" />
          <circle cx="6" cy="6" r="1.600" class="fill-ink-3" />
        </>
      );
    case 'islanded':
      return (
        <circle
          cx="6"
          cy="6"
          r="4.200"
          class="fill-none line-ink-2"
          stroke-width="1.6"
          stroke-dasharray="3 2"
        />
      );
    case 'untimed':
      return <path d="M6 1.500v4.500L9 8" class="line-alarm fill-none" stroke-width="1.8" />;
    case 'silent':
      return <circle cx="6" cy="6" r="4.400" class="fill-none line-alarm" stroke-width="1.8" />;
  }
}

export function ModePill(props: { readonly standing: Standing; readonly label?: string }) {
  return (
    <span class="pill">
      <svg width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
        <Shape standing={props.standing} />
      </svg>
      <span class="spoken">{props.label ?? 'Mode'} </span>
      {NAMES[props.standing]}
    </span>
  );
}
