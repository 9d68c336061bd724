/** Power over time in place of a model: straight lines from corner to corner, W, >= 0. */
export type Script = readonly { readonly atMs: number; readonly powerW: number }[];

/** @returns W at an instant (UTC); before the first corner and without one, undefined */
export function scriptedW(script: Script | undefined, atMs: number): number | undefined {
  if (script === undefined) return undefined;
  let before: Script[number] | undefined;
  for (const corner of script) {
    if (corner.atMs > atMs) {
      if (before === undefined) return undefined;
      const share = (atMs - before.atMs) / (corner.atMs - before.atMs);
      return before.powerW + (corner.powerW - before.powerW) * share;
    }
    before = corner;
  }
  return before?.powerW;
}
