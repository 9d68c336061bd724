/**
 * What `structuredClone` makes of a tree of arrays and plain objects, without serialising it: a
 * gateway's rows are copied several times a second, so that nobody changes what is on its way to
 * the disk.
 */
export function copyOf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (let n = 0; n < value.length; n += 1) list.push(copyOf(value[n]));
    return list as T;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value);
  const copy = { ...value } as Record<string, unknown>;
  for (const name in copy) {
    const own = copy[name];
    if (typeof own === 'object' && own !== null) copy[name] = copyOf(own);
  }
  return copy as T;
}
