/** Plain data that a site file is made of; bigint for amounts of money. */
type Data =
  | string
  | number
  | bigint
  | boolean
  | undefined
  | readonly Data[]
  | { readonly [key: string]: Data };

const BARE = /^[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$/;
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;
const WIDTH = 96;

function scalar(value: string | number | bigint | boolean): string {
  if (typeof value !== 'string') return String(value);
  return BARE.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

const isList = (value: Data): value is readonly Data[] => Array.isArray(value);

/** One line: `{ id: m1, of: grid }`. */
function flow(value: Data): string {
  if (isList(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return `{ ${entries.map(([key, inner]) => `${key}: ${flow(inner)}`).join(', ')} }`;
  }
  return value === undefined ? 'null' : scalar(value);
}

function block(value: Data, indent: string): string[] {
  if (isList(value)) {
    return value.flatMap((item) => {
      const line = `${indent}- ${flow(item)}`;
      if (line.length <= WIDTH || typeof item !== 'object') return [line];
      const [first = '', ...rest] = block(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  }
  if (typeof value !== 'object') return [`${indent}${flow(value)}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (inner === undefined) return [];
    const line = `${indent}${key}: ${flow(inner)}`;
    const deep = typeof inner === 'object' && (indent === '' || line.length > WIDTH);
    const empty = isList(inner) && inner.length === 0;
    return deep && !empty ? [`${indent}${key}:`, ...block(inner, `${indent}  `)] : [line];
  });
}

/**
 * YAML text of a site; absent keys stay absent. @param comment  lines above it, without the hash
 */
export function siteYaml(site: object, comment = ''): string {
  const head = comment === '' ? [] : comment.split('\n').map((line) => `# ${line}`);
  return `${[...head, ...block(site as Data, '')].join('\n')}\n`;
}
