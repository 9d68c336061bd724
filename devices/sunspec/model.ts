import { WORDS } from '../codec.ts';
import type { PointClass, PointSpec, Unit, WireType } from '../profile.ts';

/**
 * SunSpec models as data: names, offsets, types, units and scale factors as in the SunSpec model
 * definitions (github.com/sunspec/models, Apache-2.0, see NOTICE). Offsets count from the model id
 * register.
 */
export interface SunspecModel {
  readonly id: number;
  readonly name: string;
  /** Registers after id and length, without the repetitions of the groups. */
  readonly length: number;
  readonly points: readonly ModelPoint[];
  /** Behind the fixed part, one after the other; named 'module1.DCW', 'Crv2.MustTrip.Pt3.V'. */
  readonly groups?: readonly ModelGroup[];
}

export interface ModelGroup {
  readonly name: string;
  /** Registers of its own points; the groups inside follow them, repetition by repetition. */
  readonly length: number;
  /** Point of the fixed part that says how often; 1: once; 0: as often as the model has room. */
  readonly count: string | 0 | 1;
  readonly points: readonly ModelPoint[];
  readonly groups?: readonly ModelGroup[];
}

export type ModelPoint = readonly [name: string, at: number, as: WireType, detail?: ModelDetail];

export interface ModelDetail {
  readonly unit?: Unit;
  readonly sf?: string; // name of the scale factor point
  readonly rw?: 1;
  readonly words?: number; // text
}

/** What a profile adds to a model's point. */
export interface Use {
  readonly class?: PointClass; // default 'slow'
  readonly sign?: -1;
  readonly scale?: number;
  readonly unit?: Unit; // where ours differs: a power factor that the model gives in percent
  readonly min?: number;
  readonly max?: number;
  readonly states?: Readonly<Record<string, number>>;
  readonly unproven?: true;
  readonly position?: number; // of several such models in the chain; default 1
}

/** One point of a profile: our key, and which point of which model it is. */
export type Row = readonly [key: string, model: number, name: string, use?: Use];

/** Value of a count point of the fixed part; undefined where it is not known. */
export type Counts = (point: string) => number | undefined;

/** Registers of one repetition, with the groups inside; those need their counts. */
const sizeOf = (group: ModelGroup, counts: Counts): number =>
  (group.groups ?? []).reduce(
    (sum, inner) => sum + timesInside(inner, counts) * sizeOf(inner, counts),
    group.length,
  );

const timesInside = ({ count }: ModelGroup, counts: Counts): number =>
  typeof count === 'string' ? (counts(count) ?? 0) : count;

/** Never more often than the model has room for. */
function timesOf(group: ModelGroup, room: number, counts: Counts): number {
  const most = Math.floor(room / Math.max(1, sizeOf(group, counts)));
  const told = typeof group.count === 'string' ? counts(group.count) : group.count || most;
  return Math.max(0, Math.min(told ?? most, most));
}

function* repeated(
  groups: readonly ModelGroup[],
  place: { readonly prefix: string; readonly from: number; readonly end: number },
  counts: Counts,
): Iterable<ModelPoint> {
  let at = place.from;
  for (const group of groups) {
    const times =
      place.prefix === '' ? timesOf(group, place.end - at, counts) : timesInside(group, counts);
    for (let n = 1; n <= times; n += 1) {
      const prefix = `${place.prefix}${group.name}${group.count === 1 ? '' : n}.`;
      for (const [name, offset, as, detail = {}] of group.points) {
        yield [prefix + name, at + offset, as, detail];
      }
      const inside = { prefix, from: at + group.length, end: place.end };
      yield* repeated(group.groups ?? [], inside, counts);
      at += sizeOf(group, counts);
    }
  }
}

/**
 * Every point that a device of this length has: the fixed part, then repetition by repetition.
 * Points beyond the length are left out.
 * @param length registers after id and length, as the device says
 */
export function pointsOf(model: SunspecModel, length: number, counts: Counts): ModelPoint[] {
  const end = length + 2;
  const place = { prefix: '', from: model.length + 2, end };
  const all = [...model.points, ...repeated(model.groups ?? [], place, counts)];
  return all.filter((point) => point[1] + sizeOfPoint(point) <= end);
}

const sizeOfPoint = ([, , as, detail]: ModelPoint): number =>
  as === 'str' ? (detail?.words ?? 1) : WORDS[as];

/** Registers after id and length where every group, and each inside one, stands `times` times. */
export function lengthWith(model: SunspecModel, times: number): number {
  const groups = model.groups ?? [];
  return groups.reduce(
    (sum, group) => sum + (group.count === 1 ? 1 : times) * sizeOf(group, () => times),
    model.length,
  );
}

/** Where a point of a model stands, repetitions of its first group included. */
export function findPoint(model: SunspecModel, name: string): ModelPoint | undefined {
  const fixed = model.points.find(([own]) => own === name);
  const [group] = model.groups ?? [];
  if (fixed !== undefined || group === undefined || group.groups !== undefined) return fixed;
  const match = /^([A-Za-z]+)(\d+)\.(.+)$/.exec(name);
  const repetition = Number(match?.[2]);
  if (match?.[1] !== group.name || !(repetition >= 1)) return undefined;
  const point = group.points.find(([own]) => own === match[3]);
  if (point === undefined) return undefined;
  const at = model.length + 2 + (repetition - 1) * group.length + point[1];
  return [name, at, point[2], point[3] ?? {}];
}

/** Key of a scale factor among a profile's points. */
const scaleKey = (model: number, name: string, position = 1): string =>
  position === 1 ? `m${model}.${name}` : `m${model}n${position}.${name}`;

/**
 * Profile points from rows; scale factors come along.
 * @throws Error when a model has no such point: a profile's mistake, found by its test
 */
export function sunspecPoints(
  models: readonly SunspecModel[],
  rows: readonly Row[],
): Record<string, PointSpec> {
  const points: Record<string, PointSpec> = {};
  for (const [key, id, name, use = {}] of rows) {
    const model = models.find((candidate) => candidate.id === id);
    const found = model && findPoint(model, name);
    if (model === undefined || found === undefined) throw new Error(`no ${name} in model ${id}`);
    const [, at, as, detail = {}] = found;
    const { sf } = detail;
    const scaleFrom = sf === undefined ? undefined : scaleKey(id, sf, use.position);
    points[key] = {
      at,
      model: id,
      space: 'holding',
      as,
      unit: detail.unit ?? 'none',
      class: 'slow',
      ...(detail.words === undefined ? {} : { words: detail.words }),
      ...(detail.rw === undefined ? {} : { writable: true }),
      ...(scaleFrom === undefined ? {} : { scaleFrom }),
      ...use,
    };
    if (sf === undefined || scaleFrom === undefined || points[scaleFrom] !== undefined) continue;
    const scale = findPoint(model, sf);
    if (scale === undefined) throw new Error(`no ${sf} in model ${id}`);
    points[scaleFrom] = {
      at: scale[1],
      model: id,
      ...(use.position === undefined ? {} : { position: use.position }),
      space: 'holding',
      as: 'sf',
      unit: 'none',
      class: 'slow',
    };
  }
  return points;
}
