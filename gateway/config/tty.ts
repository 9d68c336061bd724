/** Named by the order of plugging: another adapter may have the name after the next start. */
const BY_ORDER = /^\/dev\/tty(USB|ACM)\d+$/;

/** Why a serial path is a bad one, and what to write instead; undefined when it is fine. */
export function ttyHint(
  path: string,
): { readonly what: string; readonly mend: string } | undefined {
  if (!BY_ORDER.test(path)) return undefined;
  return {
    what: `${path} is a name by order of plugging: after a restart it may be another adapter`,
    mend: 'name it as /dev/serial/by-id shows it',
  };
}
