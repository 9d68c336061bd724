/** Exactly one of `file` (to read), `text`, `link` (target); none for a folder. */
export interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly file?: string;
  readonly text?: string;
  readonly link?: string;
}

export function writeBundle(
  file: string,
  entries: readonly Entry[],
  about: Readonly<Record<string, unknown>>,
  key: { readonly keyId: string; readonly privateKey: string },
): Promise<void>;
