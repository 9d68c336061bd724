/**
 * JSON with sorted keys and no white space: the same value gives the same bytes, so that it can be
 * signed, hashed and compared. BigInt travels as a decimal string; undefined fields are left out.
 */
export function canonical(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`;
  if (Array.isArray(value)) {
    let items = '';
    for (const item of value) items += `${items === '' ? '' : ','}${canonical(item ?? null)}`;
    return `[${items}]`;
  }
  if (typeof value === 'object' && value !== null) {
    let fields = '';
    for (const key of Object.keys(value).sort(compareText)) {
      const field = (value as Record<string, unknown>)[key];
      if (field === undefined) continue;
      fields += `${fields === '' ? '' : ','}${JSON.stringify(key)}:${canonical(field)}`;
    }
    return `{${fields}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return 'null';
  return JSON.stringify(value === undefined ? null : value);
}

/** Order of code units, the same on every machine: no locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const decoder = new TextDecoder();

/** What JSON makes of bytes; undefined where it makes nothing. */
export function readJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(payload));
  } catch {
    return undefined;
  }
}
