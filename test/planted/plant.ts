import type { Bug } from './bugs.ts';

/** @throws Error when the text is not there exactly once: then the bug has to be planted anew */
export function planted(source: string, { name, file, find, replace }: Bug): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`"${name}" finds its text ${parts.length - 1} times in ${file}`);
  }
  return parts.join(replace);
}
