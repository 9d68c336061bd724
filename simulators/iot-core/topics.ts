/**
 * MQTT topic matching as AWS IoT Core does it: `a/#` does not match `a`, and `$` topics match no
 * wildcard at the first level.
 */
export function matches(filter: string, topic: string): boolean {
  const wanted = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (wanted[0] === '#' || wanted[0] === '+')) return false;
  for (const [index, want] of wanted.entries()) {
    if (want === '#') return levels.length > index;
    if (levels[index] === undefined) return false;
    if (want !== '+' && want !== levels[index]) return false;
  }
  return wanted.length === levels.length;
}

/** A filter is well formed: wildcards fill whole levels, `#` comes last. */
export function isFilter(filter: string): boolean {
  if (filter.length === 0 || filter.includes('\0')) return false;
  const levels = filter.split('/');
  return levels.every(
    (level, index) =>
      level === '+' || (level === '#' && index === levels.length - 1) || !/[+#]/.test(level),
  );
}

const RULE = /^\$aws\/rules\/[^/]+\//;

/**
 * A topic one may publish to: no wildcard, at most 256 bytes and 7 slashes (IoT Core quota); the
 * prefix of basic ingest does not count.
 */
export function isTopic(topic: string): boolean {
  const counted = topic.replace(RULE, '');
  return (
    counted.length > 0 &&
    !/[+#\0]/.test(topic) &&
    Buffer.byteLength(counted) <= 256 &&
    counted.split('/').length <= 8
  );
}
