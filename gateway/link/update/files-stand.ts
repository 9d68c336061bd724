/**
 * How the files of this gateway stand, as people wrote them: which ran well, which are tried, and
 * which were left because the gateway did not stay up with them. They are never changed here.
 */
export interface FilesStand {
  readonly good: string; // sha256 of those that ran well; '' before any did
  readonly trial: FilesTrial | null;
  readonly failed: { readonly sha256: string; readonly why: string } | null;
}

interface FilesTrial {
  readonly sha256: string;
  readonly starts: number; // that did not end in order
  readonly why: string; // what the last of them said, '' where it said nothing
}

const STARTS_MAX = 3;

export const NO_FILES: FilesStand = { good: '', trial: null, failed: null };

/** Whether these files are left for those that ran well. */
export const isLeft = ({ failed }: FilesStand, sha256: string): boolean =>
  failed !== null && failed.sha256 === sha256;

/**
 * A start of the guard with these files is counted; after three that did not end in order they are
 * left. Where none ran well before there is nothing to go back to, and nothing is counted.
 */
export function countStart(stand: FilesStand, sha256: string): FilesStand {
  if (stand.good === '' || isLeft(stand, sha256)) return stand;
  if (stand.good === sha256) return { ...stand, trial: null, failed: null };
  const { starts = 0, why = '' } = stand.trial?.sha256 === sha256 ? stand.trial : {};
  if (starts >= STARTS_MAX) {
    return leave(stand, sha256, why === '' ? `it ended ${STARTS_MAX} times soon after` : why);
  }
  return { ...stand, trial: { sha256, starts: starts + 1, why }, failed: null };
}

/** The start failed, and said why. */
export const startFailed = (stand: FilesStand, why: string): FilesStand =>
  stand.trial === null ? stand : { ...stand, trial: { ...stand.trial, why } };

/** An end in order says nothing against the files. */
export function endedInOrder(stand: FilesStand): FilesStand {
  if (stand.trial === null) return stand;
  const starts = Math.max(0, stand.trial.starts - 1);
  return { ...stand, trial: { ...stand.trial, starts } };
}

/** They ran long enough: what comes later is no fault of theirs. */
export const ranWell = (sha256: string): FilesStand => ({
  good: sha256,
  trial: null,
  failed: null,
});

export const leave = (stand: FilesStand, sha256: string, why: string): FilesStand => ({
  ...stand,
  trial: null,
  failed: { sha256, why },
});
