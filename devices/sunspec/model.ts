import type { PointClass, PointSpec, Unit, WireType } from '../profile.ts';

/**
 * SunSpec models as data: names, offsets, types, units and scale factors as in the SunSpec model
 * definitions (github.com/sunspec/models, Apache-2.0, see NOTICE). Offsets count from the model id
 * register.
 */
export interface SunspecModel {
  readonly id: number;
  readonly name: string;
  /** Registers after id and length, without repetitions of the group. */
  readonly length: number;
  readonly points: readonly ModelPoint[];
  /** Repeats behind the fixed part; named 'module1.DCW', 'module2.DCW' ... */
  readonly group?: ModelGroup;
}

export interface ModelGroup {
  readonly name: string;
  readonly length: number;
  readonly count: string; // point of the fixed part that says how often
  readonly points: readonly ModelPoint[];
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
}

/** Where a point of a model stands, repetitions of its group included. */
export function findPoint(model: SunspecModel, name: string): ModelPoint | undefined {
  const fixed = model.points.find(([own]) => own === name);
  if (fixed !== undefined || model.group === undefined) return fixed;
  const { group } = model;
  const match = /^([A-Za-z]+)(\d+)\.(.+)$/.exec(name);
  const repetition = Number(match?.[2]);
  if (match?.[1] !== group.name || !(repetition >= 1)) return undefined;
  const point = group.points.find(([own]) => own === match[3]);
  if (point === undefined) return undefined;
  const at = model.length + 2 + (repetition - 1) * group.length + point[1];
  return [name, at, point[2], point[3] ?? {}];
}

/** Key of a scale factor among a profile's points. */
export const scaleKey = (model: number, name: string): string => `m${model}.${name}`;

/**
 * Profile points from a list of [key, model, name of the model's point, what to add]; scale factors
 * come along.
 * @throws Error when a model has no such point: a profile's mistake, found by its test
 */
export function sunspecPoints(
  models: readonly SunspecModel[],
  uses: readonly (readonly [key: string, model: number, name: string, use?: Use])[],
): Record<string, PointSpec> {
  const points: Record<string, PointSpec> = {};
  for (const [key, id, name, use = {}] of uses) {
    const model = models.find((candidate) => candidate.id === id);
    const found = model && findPoint(model, name);
    if (model === undefined || found === undefined) throw new Error(`no ${name} in model ${id}`);
    const [, at, as, detail = {}] = found;
    const { sf } = detail;
    points[key] = {
      at,
      model: id,
      space: 'holding',
      as,
      unit: detail.unit ?? 'none',
      class: 'slow',
      ...(detail.words === undefined ? {} : { words: detail.words }),
      ...(detail.rw === undefined ? {} : { writable: true }),
      ...(sf === undefined ? {} : { scaleFrom: scaleKey(id, sf) }),
      ...use,
    };
    if (sf === undefined || points[scaleKey(id, sf)] !== undefined) continue;
    const scale = findPoint(model, sf);
    if (scale === undefined) throw new Error(`no ${sf} in model ${id}`);
    points[scaleKey(id, sf)] = {
      at: scale[1],
      model: id,
      space: 'holding',
      as: 'sf',
      unit: 'none',
      class: 'slow',
    };
  }
  return points;
}
