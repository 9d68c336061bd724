import type { LiveView } from '../../../contracts/values/view.ts';
import { NARROW, power, powerParts } from '../../../contracts/values/words.ts';
import { agedMs } from '../state/feed.ts';
import { layoutFlow, type Place, type Room, ribbon, type Span } from './geometry.ts';
import { described, origin, title, was } from './words.ts';

const HEIGHT = 436; // stands still while powers move
const LABEL = 196; // column of the labels on each side
const NODE = 6;
const BAR = 8;

function Figure(props: { readonly place: Place; readonly x: number; readonly y: number }) {
  const { place, x, y } = props;
  const { flow } = place;
  if (flow.powerW === null) {
    return (
      <text x={x} y={y + 8} class="fill-ink-3" font-size="17" font-weight="600">
        {was(flow)}
      </text>
    );
  }
  const { value, unit } = powerParts(flow.powerW);
  const held = place.state === 'stale';
  return (
    <text
      x={x}
      y={y + 9}
      class={held ? 'fill-ink-3' : 'fill-ink'}
      font-size="23"
      font-weight="600"
      letter-spacing="-.4"
    >
      {value}
      <tspan font-size="14" font-weight="500" class="fill-ink-2" letter-spacing="0">
        {NARROW}
        {unit}
      </tspan>
    </text>
  );
}

function Label(props: {
  readonly span: Span;
  readonly x: number;
  readonly anchor: 'start' | 'end';
}) {
  const { span, x } = props;
  const { place } = span;
  const third = origin(place, agedMs(place.flow.ageMs));
  return (
    <g text-anchor={props.anchor}>
      <text x={x} y={span.labelAt - 17} class="fill-ink-2" font-size="13">
        {title(place)}
      </text>
      <Figure place={place} x={x} y={span.labelAt} />
      <text
        x={x}
        y={span.labelAt + 28}
        font-size="12"
        class={third.alarm ? 'fill-alarm' : 'fill-ink-3'}
      >
        {third.text}
      </text>
    </g>
  );
}

function fillOf({ state, hue, side }: Place): Record<string, string | number> {
  if (state === 'stale' || state === 'unknown') return { fill: 'url(#flow-hatch)' };
  if (hue === 'load') return { class: 'fill-load', 'fill-opacity': 0.2 };
  return { fill: `url(#flow-${hue}-${side})` };
}

function Ribbon(props: {
  readonly span: Span;
  readonly node: number;
  readonly bus: number;
  readonly nodeX: number;
}) {
  const { span, node, bus, nodeX } = props;
  const { place } = span;
  const into = place.side === 'in';
  const middleX = (node + bus) / 2;
  const middleY = (span.at + span.busAt + span.length) / 2;
  const silent = place.state === 'stale' || place.state === 'unknown';
  return (
    <g class="ribbon">
      {span.length <= 0 ? null : (
        <path
          d={ribbon({ x: node, y: span.at }, { x: bus, y: span.busAt }, span.length)}
          {...fillOf(place)}
          {...(place.flow.derived && !silent
            ? { stroke: 'var(--ink-3)', 'stroke-dasharray': '2 4', 'stroke-opacity': 0.7 }
            : {})}
        />
      )}
      <rect
        x={nodeX}
        y={span.at - (span.length < 2 ? 1 : 0)}
        width={NODE}
        height={Math.max(span.length, 2)}
        rx={Math.min(3, Math.max(span.length, 2) / 2)}
        class={span.length <= 0 ? 'fill-line-2' : `fill-${place.hue}`}
        fill-opacity={silent ? 0.45 : 1}
      />
      {span.length < 22 ? null : (
        <path
          d={`M${middleX - (into ? 2 : 2)} ${middleY - 5}l5.500 5-5.500 5`}
          class="fill-none"
          stroke="var(--ink)"
          stroke-opacity=".55"
          stroke-width="1.8"
          stroke-linecap="round"
          stroke-linejoin="round"
        />
      )}
    </g>
  );
}

function Fills() {
  return (
    <defs>
      <pattern
        id="flow-hatch"
        width="7"
        height="7"
        patternUnits="userSpaceOnUse"
        patternTransform="rotate(45)"
      >
        <rect width="3" height="7" fill="var(--load)" fill-opacity=".3" />
      </pattern>
      {(['sun', 'battery', 'grid', 'export'] as const).flatMap((hue) =>
        (['in', 'out'] as const).map((side) => (
          <linearGradient key={`${hue}-${side}`} id={`flow-${hue}-${side}`}>
            <stop stop-color={`var(--${hue})`} stop-opacity={side === 'in' ? 0.62 : 0.34} />
            <stop
              offset="1"
              stop-color={`var(--${hue})`}
              stop-opacity={side === 'in' ? 0.34 : 0.62}
            />
          </linearGradient>
        )),
      )}
    </defs>
  );
}

function Uses(props: {
  readonly uses: LiveView['uses'];
  readonly x: number;
  readonly busAt: number;
}) {
  const { uses, x, busAt } = props;
  if (uses === undefined) return null;
  return (
    <g text-anchor="middle">
      <text x={x} y={busAt - 24} font-size="13" class="fill-ink-2">
        {uses.name} uses
      </text>
      <text x={x} y={busAt - 7} font-size="15" font-weight="600" class="fill-ink">
        {power(uses.powerW)}
      </text>
    </g>
  );
}

function room(all: readonly Place[], width: number): Room {
  const most = Math.max(
    all.filter(({ side }) => side === 'in').length,
    all.filter(({ side }) => side === 'out').length,
  );
  return {
    busMax: 330,
    gap: most > 4 ? 20 : most > 3 ? 28 : 44,
    label: 70,
    edge: 35,
    margin: width > 0 ? 50 : 0,
  };
}

/** Left to right, from what gives through one bar to what takes. */
export function WideFlow(props: {
  readonly live: LiveView;
  readonly all: readonly Place[];
  readonly width: number;
}) {
  const { live, all, width } = props;
  const layout = layoutFlow(all, room(all, width));
  const bus = width / 2;
  const height = Math.max(layout.extent + 8, HEIGHT);
  const top = (height - layout.extent) / 2;
  const spans = [...layout.inSpans, ...layout.outSpans];
  return (
    <svg
      class="flow"
      width={width}
      height={height}
      viewBox={`0 ${-top} ${width} ${height}`}
      role="img"
      aria-label={described(all, live)}
    >
      <Fills />
      {spans.map((span) => {
        const into = span.place.side === 'in';
        return (
          <Ribbon
            key={span.place.flow.id}
            span={span}
            nodeX={into ? LABEL : width - LABEL - NODE}
            node={into ? LABEL + NODE : width - LABEL - NODE}
            bus={into ? bus - BAR / 2 : bus + BAR / 2}
          />
        );
      })}
      <rect
        x={bus - BAR / 2}
        y={layout.busAt}
        width={BAR}
        height={Math.max(layout.busLength, 2)}
        rx="3"
        class="fill-ink"
      />
      {spans.map((span) => {
        const into = span.place.side === 'in';
        return (
          <Label
            key={span.place.flow.id}
            span={span}
            x={into ? LABEL - 16 : width - LABEL + 14}
            anchor={into ? 'end' : 'start'}
          />
        );
      })}
      <Uses uses={live.uses} x={bus} busAt={layout.busAt} />
    </svg>
  );
}
