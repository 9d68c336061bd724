import { NARROW, powerParts } from '../../../contracts/values/words.ts';
import { layoutFlow, type Place, ribbon, type Span } from './geometry.ts';

const NODE_TOP = 48;
const BAR_TOP = 104;
const NODE_BOTTOM = 151;
const NODE = 5;
const BAR = 6;
const HEIGHT = 196;

/** Names have a column of their own in the list below; here the beginning is enough. */
function short(name: string, letters: number): string {
  return name.length <= letters ? name : `${name.slice(0, letters - 1).trimEnd()}…`;
}

type Anchor = 'start' | 'middle' | 'end';

/**
 * The first name of a row starts with its node, the last ends with it: the row uses the whole
 * width.
 */
function anchorOf(row: readonly Span[], index: number): Anchor {
  if (row.length === 1) return 'middle';
  return index === 0 ? 'start' : index === row.length - 1 ? 'end' : 'middle';
}

function Label(props: { readonly span: Span; readonly anchor: Anchor; readonly letters: number }) {
  const { span, anchor } = props;
  const { flow, side, state } = span.place;
  const into = side === 'in';
  const x = anchor === 'start' ? span.at : anchor === 'end' ? span.at + span.length : span.labelAt;
  const shown = powerParts(flow.powerW ?? flow.lastW ?? 0);
  const held = state === 'stale' || state === 'unknown';
  return (
    <g text-anchor={anchor}>
      <text x={x} y={into ? 16 : 174} font-size="13" class="fill-ink-2">
        {short(flow.name, props.letters)}
      </text>
      <text
        x={x}
        y={into ? 38 : 192}
        font-size={into ? 19 : 15}
        font-weight="600"
        letter-spacing="-.3"
        class={held ? 'fill-ink-3' : 'fill-ink'}
      >
        {held ? 'was ' : ''}
        {shown.value}
        <tspan font-size="12" font-weight="500" class="fill-ink-2" letter-spacing="0">
          {NARROW}
          {shown.unit}
        </tspan>
      </text>
    </g>
  );
}

function Ribbon(props: { readonly span: Span }) {
  const { span } = props;
  const { place } = span;
  const into = place.side === 'in';
  const silent = place.state === 'stale' || place.state === 'unknown';
  const nodeY = into ? NODE_TOP : NODE_BOTTOM;
  return (
    <g>
      <path
        d={ribbon(
          { x: into ? NODE_TOP + NODE : NODE_BOTTOM, y: span.at },
          { x: into ? BAR_TOP : BAR_TOP + BAR, y: span.busAt },
          span.length,
          true,
        )}
        class={silent ? undefined : `fill-${place.hue}`}
        fill={silent ? 'url(#flow-hatch-tall)' : undefined}
        fill-opacity={silent ? 1 : place.hue === 'load' ? 0.22 : 0.45}
      />
      <rect
        x={span.at}
        y={nodeY}
        width={Math.max(span.length, 2)}
        height={NODE}
        rx={2.5}
        class={`fill-${place.hue}`}
        fill-opacity={silent ? 0.45 : 1}
      />
    </g>
  );
}

/** Phone: top to bottom. Places at rest are in the list below only. */
export function TallFlow(props: { readonly all: readonly Place[]; readonly width: number }) {
  const { width } = props;
  const all = props.all.filter(({ lengthW }) => lengthW > 0);
  const most = Math.max(
    all.filter(({ side }) => side === 'in').length,
    all.filter(({ side }) => side === 'out').length,
    1,
  );
  const label = Math.min(78, width / most);
  const layout = layoutFlow(all, {
    busMax: width * 0.92,
    gap: 12,
    label,
    edge: 0,
    margin: 0,
    extentMax: width,
  });
  const left = (width - layout.extent) / 2;
  const moved = (row: readonly Span[]): Span[] =>
    row.map((span) => ({
      ...span,
      at: span.at + left,
      busAt: span.busAt + left,
      labelAt: span.labelAt + left,
    }));
  const rows = [moved(layout.inSpans), moved(layout.outSpans)];
  return (
    <svg
      class="flow"
      width={width}
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label="Power flow drawn to scale; the same figures are in the list below."
    >
      <defs>
        <pattern
          id="flow-hatch-tall"
          width="7"
          height="7"
          patternUnits="userSpaceOnUse"
          patternTransform="rotate(45)"
        >
          <rect width="3" height="7" fill="var(--load)" fill-opacity=".32" />
        </pattern>
      </defs>
      {rows.flat().map((span) => (
        <Ribbon key={span.place.flow.id} span={span} />
      ))}
      <rect
        x={layout.busAt + left}
        y={BAR_TOP}
        width={Math.max(layout.busLength, 2)}
        height={BAR}
        rx="2"
        class="fill-ink"
      />
      {rows.map((row) =>
        row.map((span, index) => (
          <Label
            key={span.place.flow.id}
            span={span}
            anchor={anchorOf(row, index)}
            letters={Math.floor(label / 7)}
          />
        )),
      )}
    </svg>
  );
}
