import { SourceError, said } from './answer.ts';

/** An element without attributes; `text` is what stands in it outside its children. */
export interface XmlElement {
  readonly name: string; // without a prefix
  readonly children: XmlElement[];
  text: string;
}

const DEPTH_MAX = 16;
const ELEMENTS_MAX = 200_000;
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};
/** What may follow a '<': a comment, an instruction, CDATA, an end, a start. */
const ATTRIBUTE = /\s+[^\s<>=/]+\s*=\s*(?:"[^"<]*"|'[^'<]*')/.source;
const TAG = new RegExp(
  [
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>/.source,
    /<!\[CDATA\[([\s\S]*?)\]\]>/.source,
    /<\/([^\s<>/]+)\s*>/.source,
    `<([^\\s<>/!?]+)(?:${ATTRIBUTE})*\\s*(/?)>`,
  ].join('|'),
  'y',
);

/**
 * A strict reader for documents of data: elements and text. It knows no document types and no
 * entities but XML's own five, so that nothing in a document can grow or reach out.
 * @throws SourceError for what is not well-formed, or is deeper or longer than any answer
 */
export function parseXml(source: string): XmlElement {
  const root: XmlElement = { name: '', children: [], text: '' };
  const open = [root];
  let count = 0;
  let at = source.startsWith('\uFEFF') ? 1 : 0;
  while (at < source.length) {
    const next = source.indexOf('<', at);
    const end = next === -1 ? source.length : next;
    const here = open.at(-1) ?? root;
    if (end > at) here.text += plain(source.slice(at, end));
    if (next === -1) break;
    TAG.lastIndex = next;
    const [tag, cdata, ended, started, closed] = TAG.exec(source) ?? [];
    if (tag === undefined) throw new SourceError(`its XML breaks off at ${excerpt(source, next)}`);
    at = next + tag.length;
    if (cdata !== undefined) here.text += cdata;
    if (ended !== undefined && (open.length < 2 || open.pop()?.name !== local(ended))) {
      throw new SourceError(`its XML closes ${said(ended)}, which is not open`);
    }
    if (started === undefined) continue;
    count += 1;
    if (count > ELEMENTS_MAX || open.length > DEPTH_MAX)
      throw new SourceError('its XML is too large');
    const element: XmlElement = { name: local(started), children: [], text: '' };
    here.children.push(element);
    if (closed === '') open.push(element);
  }
  const [document, more] = root.children;
  if (document === undefined || open.length > 1) throw new SourceError('its XML is not whole');
  if (more !== undefined || root.text.trim() !== '') throw new SourceError('it is not XML');
  return document;
}

const local = (name: string): string => name.slice(name.indexOf(':') + 1);
const excerpt = (source: string, at: number): string => `'${said(source.slice(at, at + 20))}'`;

function plain(text: string): string {
  return text.replace(/&([^;&<]*);?/g, (entity, name: string) => {
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined && entity.endsWith(';')) return known;
    throw new SourceError(`its XML has an entity '${said(entity)}'`);
  });
}

/** Children of a name. */
export const childrenOf = ({ children }: XmlElement, name: string): XmlElement[] =>
  children.filter((child) => child.name === name);

/** Text of the first child down a path, trimmed; undefined when one is not there. */
export function textAt(element: XmlElement, ...path: readonly string[]): string | undefined {
  let here: XmlElement | undefined = element;
  for (const name of path) here = here?.children.find((child) => child.name === name);
  return here?.text.trim();
}
