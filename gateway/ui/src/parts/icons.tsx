import type { ComponentChildren } from 'preact';
import type { Flow } from '../../../contracts/values/view.ts';

function Icon(props: { readonly size?: number; readonly children: ComponentChildren }) {
  const size = props.size ?? 16;
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
      {props.children}
    </svg>
  );
}

const PEN = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': 1.6,
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

const INKS: Readonly<Record<Flow['kind'], string>> = {
  pv: 'ink-sun',
  battery: 'ink-battery',
  grid: 'ink-grid',
  load: 'ink-load',
  ev: 'ink-load',
  rest: 'ink-load',
  loss: 'ink-load',
};

function Shape(props: { readonly kind: Flow['kind'] }) {
  switch (props.kind) {
    case 'pv':
      return (
        <g {...PEN}>
          <circle cx="8" cy="8" r="2.6" fill="currentColor" />
          <path d="M8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15" />
          <path d="M3.1 3.1l1 1M11.9 11.9l1 1M3.1 12.9l1-1M11.9 4.1l1-1" />
        </g>
      );
    case 'battery':
      return (
        <g fill="currentColor">
          <rect x="3" y="2.6" width="10" height="12.4" rx="1.5" />
          <rect x="6" y="1" width="4" height="2" />
        </g>
      );
    case 'grid':
      return (
        <g {...PEN}>
          <path d="M5.4 15 7 1h2l1.6 14M2.5 5h11M3.5 8.5h9" />
          <path d="M6.1 10.5l4.2 4M9.9 10.5l-4.2 4" />
        </g>
      );
    case 'ev':
      return (
        <g {...PEN}>
          <path d="M3 15V3c0-.8.7-1.5 1.5-1.5h4c.8 0 1.5.7 1.5 1.5v12M2 15h9M5 5.5h3" />
          <path d="M10 8.5h1.5v3c0 1.6 2.5 1.6 2.5 0V6l-2-2" />
        </g>
      );
    case 'loss':
      return (
        <path
          {...PEN}
          d="M5 14c-1.500-2 1.500-3 0-5s1.500-3 0-5M10.500 14c-1.500-2 1.500-3 0-5s1.500-3 0-5"
        />
      );
    default:
      return (
        <path
          fill="currentColor"
          d="M1 15V7.600l4.200 2.200V7.600l4.200 2.200V2h2.400l.6 7.800L15 8.500V15z"
        />
      );
  }
}

/** What a place is, as a shape in its hue. */
export function PlaceIcon(props: { readonly kind: Flow['kind']; readonly size?: number }) {
  return (
    <span class={`place ${INKS[props.kind]}`}>
      <Icon size={props.size ?? 18}>
        <Shape kind={props.kind} />
      </Icon>
    </span>
  );
}

export function Mark(props: { readonly size?: number }) {
  const size = props.size ?? 26;
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="7" class="fill-ink" />
      <path
        d="M5 16.5h4.200v-4.200h4.600V8H19"
        fill="none"
        stroke="var(--sun)"
        stroke-width="2.6"
        stroke-linejoin="round"
        stroke-linecap="round"
      />
    </svg>
  );
}

export function ThemeIcon() {
  return (
    <Icon>
      <path fill="currentColor" d="M13.500 10.200A6 6 0 0 1 5.800 2.500a6 6 0 1 0 7.700 7.700z" />
    </Icon>
  );
}

export function Chevron() {
  return (
    <Icon size={12}>
      <path {...PEN} d="M3 6l5 5 5-5" />
    </Icon>
  );
}

export type Target = 'now' | 'day' | 'money' | 'events' | 'devices';

const TARGETS: Readonly<Record<Target, string>> = {
  now: 'M5.5 1.5v3M10.5 1.5v3M3.5 4.5h9v3a4.500 4.500 0 0 1-9 0zM8 12v3',
  day: 'M8 1.5a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13M8 4.5V8l2.4 1.6',
  money: 'M11.5 4.2a4.800 4.800 0 1 0 0 7.6M2.5 6.8h6M2.5 9.2h6',
  events: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  devices: 'M2 2.500h12v4.500H2zM2 9h12v4.500H2z',
};

export function TargetIcon(props: { readonly target: Target }) {
  return (
    <Icon size={20}>
      <path {...PEN} d={TARGETS[props.target]} />
    </Icon>
  );
}
