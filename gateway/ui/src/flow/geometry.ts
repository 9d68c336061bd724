import type { Flow } from '../../../contracts/values/view.ts';
import { REST_W } from '../../../contracts/values/words.ts';
import { type Freshness, freshness } from '../parts/freshness.ts';

/**
 * The flow to scale: length is power, in and out meet at one bar. A figure that nobody renews keeps
 * the length it had, hatched; one that was never known has no length at all.
 */
export interface Place {
  readonly flow: Flow;
  readonly state: Freshness;
  readonly side: 'in' | 'out';
  readonly lengthW: number; // >= 0; 0 = no ribbon
  readonly hue: 'sun' | 'battery' | 'grid' | 'export' | 'load';
}

/** Where a place stands on the picture, pixels along the axis of the bar. */
export interface Span {
  readonly place: Place;
  readonly at: number; // of its node
  readonly length: number;
  readonly busAt: number; // of its end at the bar
  readonly labelAt: number; // middle of its label
}

export interface FlowLayout {
  readonly inSpans: readonly Span[];
  readonly outSpans: readonly Span[];
  readonly busAt: number;
  readonly busLength: number;
  readonly extent: number;
}

export interface Room {
  readonly busMax: number; // pixels of the bar at a full scale
  readonly gap: number; // between nodes
  readonly label: number; // least distance between the middles of two labels
  readonly edge: number; // room for half a label before the first and behind the last node's middle
  readonly margin: number; // before and behind the bar, for its own label
  readonly extentMax?: number; // shrink the scale until it fits
}

const ORDER: readonly Flow['kind'][] = ['pv', 'load', 'ev', 'rest', 'loss', 'battery', 'grid'];

function hueOf(kind: Flow['kind'], side: 'in' | 'out'): Place['hue'] {
  if (kind === 'pv') return 'sun';
  if (kind === 'battery') return 'battery';
  if (kind === 'grid') return side === 'in' ? 'grid' : 'export';
  return 'load';
}

/**
 * Sorts flows to the two sides: by their sign, and at rest to where they belong by nature. States
 * are those of the picture: lost contact with the gateway makes no meter silent.
 */
export function places(flows: readonly Flow[], cycleMs: number): Place[] {
  const all = flows.map((flow): Place => {
    const shownW = flow.powerW ?? flow.lastW ?? 0;
    const source = flow.kind === 'pv' || flow.kind === 'battery' || flow.kind === 'grid';
    const side = Math.abs(shownW) < REST_W ? (source ? 'in' : 'out') : shownW > 0 ? 'in' : 'out';
    return {
      flow,
      state: freshness(flow, flow.ageMs, cycleMs),
      side,
      lengthW: Math.abs(shownW) < REST_W ? 0 : Math.abs(shownW),
      hue: hueOf(flow.kind, side),
    };
  });
  const rank = ({ side, flow }: Place): number =>
    (side === 'in' ? 0 : ORDER.length) + ORDER.indexOf(flow.kind);
  return all.sort((a, b) => rank(a) - rank(b));
}

const STEPS = [1, 1.1, 1.2, 1.35, 1.5, 1.75, 2, 2.25, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10];

/** Next round number: the scale stands still while powers move a little. */
export function niceCeil(value: number): number {
  if (value <= 0) return 1;
  let decade = 1;
  while (decade * 10 < value) decade *= 10;
  while (decade >= value && decade > 1e-6) decade /= 10;
  return decade * (STEPS.find((step) => step * decade >= value) ?? 10);
}

const sumW = (side: readonly Place[]): number =>
  side.reduce((sum, { lengthW }) => sum + lengthW, 0);

interface Row {
  readonly place: Place;
  readonly at: number;
  readonly length: number;
}

/** Nodes one after the other, far enough apart for their labels; starts at 0. */
function line(side: readonly Place[], pxPerW: number, room: Room): { rows: Row[]; extent: number } {
  const rows: Row[] = [];
  let end = 0;
  let middle = room.edge - room.label;
  for (const place of side) {
    const length = place.lengthW * pxPerW;
    const first = rows.length === 0;
    // Without room at the edges the outer labels lean inwards: keep their neighbours off.
    const outer = rows.length === 1 || rows.length === side.length - 1;
    const apart = room.edge === 0 && outer && !first ? room.label * 1.35 : room.label;
    const at = Math.max(first ? 0 : end + room.gap, middle + apart - length / 2);
    rows.push({ place, at, length });
    end = at + length;
    middle = at + length / 2;
  }
  return { rows, extent: Math.max(end, middle + room.edge, 0) };
}

function spans(rows: readonly Row[], offset: number, busAt: number): Span[] {
  let port = busAt;
  return rows.map(({ place, at, length }) => {
    const span = { place, at: at + offset, length, busAt: port, labelAt: at + offset + length / 2 };
    port += length;
    return span;
  });
}

function layoutAt(
  ins: readonly Place[],
  outs: readonly Place[],
  pxPerW: number,
  room: Room,
): FlowLayout {
  const left = line(ins, pxPerW, room);
  const right = line(outs, pxPerW, room);
  const busLength = Math.max(sumW(ins), sumW(outs)) * pxPerW;
  const extent = Math.max(left.extent, right.extent, busLength + 2 * room.margin);
  const busAt = (extent - busLength) / 2;
  return {
    inSpans: spans(left.rows, (extent - left.extent) / 2, busAt),
    outSpans: spans(right.rows, (extent - right.extent) / 2, busAt),
    busAt,
    busLength,
    extent,
  };
}

/** @param all  from `places`; both sides share one scale in pixels per W */
export function layoutFlow(all: readonly Place[], room: Room): FlowLayout {
  const ins = all.filter(({ side }) => side === 'in');
  const outs = all.filter(({ side }) => side === 'out');
  const fullW = niceCeil(Math.max(sumW(ins), sumW(outs)));
  let pxPerW = room.busMax / fullW;
  let layout = layoutAt(ins, outs, pxPerW, room);
  for (let step = 0; step < 40 && layout.extent > (room.extentMax ?? Infinity); step += 1) {
    pxPerW *= 0.95;
    layout = layoutAt(ins, outs, pxPerW, room);
  }
  return layout;
}

const px = (value: number): string => String(Math.round(value * 10) / 10);

/**
 * Ribbon from x0 to x1 with its edges at y0 and y1, `length` wide; `turn` swaps the axes for the
 * phone.
 */
export function ribbon(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  length: number,
  turn = false,
): string {
  const middle = (from.x + to.x) / 2;
  const at = (x: number, y: number): string => (turn ? `${px(y)} ${px(x)}` : `${px(x)} ${px(y)}`);
  return (
    `M${at(from.x, from.y)}C${at(middle, from.y)} ${at(middle, to.y)} ${at(to.x, to.y)}` +
    `L${at(to.x, to.y + length)}C${at(middle, to.y + length)} ${at(middle, from.y + length)} ` +
    `${at(from.x, from.y + length)}Z`
  );
}
