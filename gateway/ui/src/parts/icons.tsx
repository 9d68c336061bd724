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
          <path d="M8 1v1.4M8 13.6V15M1 8h1.4M13.6 8H15M3.1 3.1l1 1M11.9 11.9l1 1M3.1 12.9l1-1M11.900 4.100l1-1" />
        </g>
      );
    case 'battery':
      return (
        <path
          fill="currentColor"
          d="M6 1h4v1.600h1.500c.8 0 1.500.7 1.500 1.500v9.400c0 .8-.7 1.500-1.500 1.500h-7c-.8 0-1.500-.7-1.500-1.500V4.100c0-.8.7-1.500 1.500-1.500H6z"
        />
      );
    case 'grid':
      return (
        <path
          {...PEN}
          d="M5.400 15 7 1h2l1.600 14M2.500 5h11M3.500 8.500h9M6.100 10.500l4.200 4M9.900 10.500l-4.200 4"
        />
      );
    case 'ev':
      return (
        <path
          {...PEN}
          d="M3 15V3c0-.8.7-1.500 1.500-1.500h4c.8 0 1.500.7 1.500 1.500v12M2 15h9M5 5.500h3M10 8.500h1.500v3c0 1.600 2.500 1.600 2.500 0V6l-2-2"
        />
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
  now: 'M5.500 1.500v3M10.500 1.500v3M3.500 4.500h9v3a4.500 4.500 0 0 1-9 0zM8 12v3',
  day: 'M8 1.500a6.500 6.500 0 1 0 0 13 6.500 6.500 0 0 0 0-13M8 4.500V8l2.400 1.600',
  money: 'M11.500 4.200a4.800 4.800 0 1 0 0 7.600M2.500 6.800h6M2.500 9.200h6',
  events: 'M2.500 4h11M2.500 8h11M2.500 12h7',
  devices:
    'M3.300 2.500h9.400a1.300 1.300 0 0 1 1.300 1.300v1.900a1.300 1.300 0 0 1-1.300 1.300H3.300A1.300 1.300 0 0 1 2 5.700V3.800a1.300 1.300 0 0 1 1.300-1.300M3.300 9h9.400a1.300 1.300 0 0 1 1.300 1.300v1.900a1.300 1.300 0 0 1-1.300 1.300H3.300A1.300 1.300 0 0 1 2 12.200v-1.900A1.300 1.300 0 0 1 3.300 9',
};

export function TargetIcon(props: { readonly target: Target }) {
  return (
    <Icon size={20}>
      <path {...PEN} d={TARGETS[props.target]} />
    </Icon>
  );
}
