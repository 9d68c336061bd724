const LOOK_MS = 500;

/** Ends a process of a demo when the one that started it is gone, so that none is left behind. */
export function endWithParent(end: () => void): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) end();
  }, LOOK_MS).unref();
}
