/** Why a mutant that survives changes nothing, by `file | was | becomes`. */
export const REASONS: Readonly<Record<string, string>> = {};
