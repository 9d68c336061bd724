import type { Profile } from '../../devices/profile.ts';

/** A complaint before its line is known. */
export interface Finding {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly mend: string;
}

export type Profiles = (id: string) => Profile | undefined;
