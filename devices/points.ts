import type { PointClass, PointSpec, Unit, WireType } from './profile.ts';

/** What a profile adds to address, type, unit and class. */
export type PointMore = Partial<Omit<PointSpec, 'at' | 'space' | 'as' | 'unit' | 'class'>>;

type Builder = (
  at: number,
  as: WireType,
  unit: Unit,
  of: PointClass,
  more?: PointMore,
) => PointSpec;

/** A holding register (function 3). */
export const holding: Builder = (at, as, unit, of, more = {}) => ({
  at,
  space: 'holding',
  as,
  unit,
  class: of,
  ...more,
});

/** An input register (function 4). */
export const input: Builder = (at, as, unit, of, more = {}) => ({
  at,
  space: 'input',
  as,
  unit,
  class: of,
  ...more,
});
