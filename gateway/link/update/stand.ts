/**
 * Which site file runs: the local one (0), or a document of the fleet by its sequence. Changed by
 * the agent when it takes a document, and by the guard at its start and at the end of a trial.
 */
export interface SiteStand {
  readonly v: 1;
  readonly base: string; // sha256 of the local file that the documents stand for
  readonly currentSequence: number;
  readonly previousSequence: number; // what a trial falls back to
  readonly highestSequence: number; // of any document taken, also one that was rolled back
  readonly trial: Trial | null;
  readonly failed: { readonly sequence: number; readonly why: string } | null;
}

interface Trial {
  readonly starts: number;
  /** The site was in safe mode when the document came: that mode is no sign against it. */
  readonly wasSafe: boolean;
}

const STARTS_MAX = 3;

export const localStand = (base: string): SiteStand => ({
  v: 1,
  base,
  currentSequence: 0,
  previousSequence: 0,
  highestSequence: 0,
  trial: null,
  failed: null,
});

/** A judged document is tried from the next start on. */
export const taken = (stand: SiteStand, sequence: number, wasSafe: boolean): SiteStand => ({
  ...stand,
  currentSequence: sequence,
  previousSequence: stand.currentSequence,
  highestSequence: sequence,
  trial: { starts: 0, wasSafe },
});

export const kept = (stand: SiteStand): SiteStand => ({ ...stand, trial: null });

/** Back to what ran before, with the reason. */
export const rolledBack = (stand: SiteStand, why: string): SiteStand => ({
  ...stand,
  currentSequence: stand.previousSequence,
  trial: null,
  failed: { sequence: stand.currentSequence, why },
});

/**
 * The stand that a start of the guard begins with.
 * @param localHash  of the local file: where a person changed it since, local wins
 */
export function startWith(stand: SiteStand, localHash: string): SiteStand {
  if (stand.currentSequence > 0 && stand.base !== localHash) {
    const why = 'the site file was changed at the site: local wins';
    const failed = { sequence: stand.currentSequence, why };
    return { ...localStand(localHash), highestSequence: stand.highestSequence, failed };
  }
  if (stand.trial === null) return { ...stand, base: localHash };
  if (stand.trial.starts >= STARTS_MAX) {
    return rolledBack(stand, `not healthy after ${STARTS_MAX} starts`);
  }
  return { ...stand, trial: { ...stand.trial, starts: stand.trial.starts + 1 } };
}
