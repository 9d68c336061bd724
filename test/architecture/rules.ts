import ts from 'typescript';
import { place, type SourceFile, walk } from './source.ts';
import { DIMENSIONLESS, EXCEPTIONS, SYNONYMS, UNITS } from './words.ts';

/** A rule looks at one file and returns its findings, `path:line what is wrong`. */
export type Rule = (file: SourceFile) => string[];

const LINES_MAX = 400;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;
const UNBREAKABLE_CHARS = 60;
const TABLE = '// table of data';

const isTest = (file: SourceFile): boolean => file.path.startsWith('test/');
const isTable = (file: SourceFile): boolean => file.text.startsWith(TABLE);
const isPage = (file: SourceFile): boolean => /^(gateway\/ui|cloud\/console)\//.test(file.path);

/** 400 lines a file; tables of data say so in their first line. */
export const fileLength: Rule = (file) => {
  const lines = file.text.trimEnd().split('\n').length;
  if (lines <= LINES_MAX || isTable(file)) return [];
  return [
    `${file.path} has ${lines} lines, ${LINES_MAX} are allowed: cut it where its subject changes`,
  ];
};

/** 70 lines a function. The callbacks of describe and test are tables of contents. */
export const functionLength: Rule = (file) => {
  if (isTable(file)) return [];
  const found: string[] = [];
  walk(file.tree, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
    if (isTest(file) && ts.isCallExpression(node.parent)) return;
    const lineOf = (at: number): number => file.tree.getLineAndCharacterOfPosition(at).line;
    const lines = lineOf(node.end) - lineOf(node.getStart(file.tree)) + 1;
    if (lines > FUNCTION_LINES_MAX) {
      found.push(
        `${place(file, node)} function of ${lines} lines, ${FUNCTION_LINES_MAX} are allowed`,
      );
    }
  });
  return found;
};

/** 100 columns. What cannot be broken is free: imports, lines with a word of 60 characters, and the
 *  inside of template literals. */
export const columns: Rule = (file) => {
  if (isTable(file)) return [];
  const found: string[] = [];
  const inTemplate = templateLines(file);
  for (const [index, line] of file.text.split('\n').entries()) {
    if ([...line].length <= COLUMNS_MAX) continue;
    if (/^(import|export) .* from '/.test(line) || inTemplate.has(index)) continue;
    if (line.split(/\s+/).some((word) => word.length >= UNBREAKABLE_CHARS)) continue;
    found.push(`${file.path}:${index + 1} ${[...line].length} columns, ${COLUMNS_MAX} are allowed`);
  }
  return found;
};

/** Lines, counted from 0, that begin inside a template literal. */
function templateLines(file: SourceFile): ReadonlySet<number> {
  const lines = new Set<number>();
  const lineOf = (at: number): number => file.tree.getLineAndCharacterOfPosition(at).line;
  walk(file.tree, (node) => {
    const isText = ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node);
    if (!isText) return;
    const last = lineOf(node.end);
    for (let line = lineOf(node.getStart(file.tree)) + 1; line <= last; line += 1) lines.add(line);
  });
  return lines;
}

const MATHS_EVERYWHERE = new Set(
  [
    'abs',
    'ceil',
    'clz32',
    'floor',
    'fround',
    'imul',
    'max',
    'min',
    'round',
    'sign',
    'sqrt',
    'trunc',
  ].concat(['E', 'LN10', 'LN2', 'LOG10E', 'LOG2E', 'PI', 'SQRT1_2', 'SQRT2']),
);
const MATHS_FREE =
  /^(devices\/maths\.ts$|(gateway|cloud)\/adapters\/|simulators\/(servers|wires|iot-core|demo)\/|test\/|bin\/)/;

/** Only those functions of Math that are the same everywhere; `**` of 2, literals, BigInt. */
export const maths: Rule = (file) => {
  if (MATHS_FREE.test(file.path)) return [];
  const found: string[] = [];
  walk(file.tree, (node) => {
    if (ts.isIdentifier(node) && node.text === 'Math' && !isNameOnly(node)) {
      const { parent } = node;
      const isMember = ts.isPropertyAccessExpression(parent) && parent.expression === node;
      const member = isMember ? parent.name.text : '';
      if (MATHS_EVERYWHERE.has(member)) return;
      if (isPage(file) && member !== '' && member !== 'random') return;
      const why = member === 'random' ? 'use the Random port' : 'use devices/maths.ts';
      found.push(`${place(file, node)} Math${member === '' ? '' : `.${member}`}: ${why}`);
    }
    if (ts.isBinaryExpression(node) && isPower(node.operatorToken.kind) && !isPage(file)) {
      const sides = [node.left, node.right].map(unsigned);
      if (sides.every(ts.isNumericLiteral) || sides.some(isBig)) return;
      if (node.left.getText(file.tree) === '2') return; // an exponent, exact
      found.push(
        `${place(file, node)} ** is not the same on every processor: use devices/maths.ts`,
      );
    }
  });
  return found;
};

const isPower = (kind: ts.SyntaxKind): boolean =>
  kind === ts.SyntaxKind.AsteriskAsteriskToken ||
  kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken;

const unsigned = (node: ts.Expression): ts.Expression =>
  ts.isPrefixUnaryExpression(node) ? node.operand : node;

const isBig = (node: ts.Expression): boolean =>
  ts.isBigIntLiteral(node) ||
  (ts.isCallExpression(node) &&
    ts.isIdentifier(node.expression) &&
    node.expression.text === 'BigInt');

/** A property's or member's own name, not a use of the global. */
function isNameOnly(node: ts.Identifier): boolean {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node) ||
    (ts.isPropertySignature(parent) && parent.name === node)
  );
}

/** A verdict is minted by the kernel, never by a cast. */
export const verdicts: Rule = (file) => {
  if (file.path.startsWith('gateway/guard/safety/')) return [];
  const found: string[] = [];
  walk(file.tree, (node) => {
    if (!ts.isAsExpression(node) && !ts.isTypeAssertionExpression(node)) return;
    if (!/\bVerdict\b/.test(node.type.getText(file.tree))) return;
    found.push(`${place(file, node)} as Verdict: only gateway/guard/safety/ makes verdicts`);
  });
  return found;
};

/** No way around the compiler. */
export const casts: Rule = (file) => {
  const found: string[] = [];
  walk(file.tree, (node) => {
    if (ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.AnyKeyword) {
      found.push(`${place(file, node)} as any`);
    }
  });
  for (const { line, text } of comments(file)) {
    const pragma = text.match(/@ts-(ignore|nocheck)\b/);
    if (pragma !== null) found.push(`${file.path}:${line} ${pragma[0]}`);
  }
  return found;
};

/** What is to be done is done, or stands in the list of work, not in the code. */
export const leftovers: Rule = (file) =>
  comments(file)
    .map(({ line, text }) => ({ line, word: text.match(/\b(TODO|FIXME|XXX|HACK)\b/)?.[0] }))
    .filter(({ word }) => word !== undefined)
    .map(({ line, word }) => `${file.path}:${line} ${word} in a comment`);

/** Comments with the line in which they start. */
function comments(file: SourceFile): { line: number; text: string }[] {
  const seen = new Map<number, { line: number; text: string }>();
  const add = (range: ts.CommentRange): void => {
    const { line } = file.tree.getLineAndCharacterOfPosition(range.pos);
    seen.set(range.pos, { line: line + 1, text: file.text.slice(range.pos, range.end) });
  };
  walk(file.tree, (node) => {
    ts.getLeadingCommentRanges(file.text, node.getFullStart())?.forEach(add);
    ts.getTrailingCommentRanges(file.text, node.end)?.forEach(add);
  });
  ts.getLeadingCommentRanges(file.text, file.tree.endOfFileToken.getFullStart())?.forEach(add);
  return [...seen.values()];
}

/** The words of a name: `readingsGood`, `limitVA` and `FRAME_BYTES_MAX` in lower case, apart. */
export function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .split(/[\s_$]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase());
}

const UNITLESS = new Set([...DIMENSIONLESS.values()].flat());
const isPlural = (word: string): boolean => /[^suia]s$/.test(word) && word.length > 3;

/** Whether a numeric name says its unit, or has none for a known reason. */
export function saysItsUnit(name: string): boolean {
  const words = wordsOf(name);
  if (/^[A-Z0-9_]+$/.test(name) && /^(max|min)$/.test(words.at(-1) ?? '')) words.pop();
  const last = words.at(-1) ?? '';
  // `priceNanoPerWh`; a plural is a count: `timeouts`, `readingsGood`.
  if (UNITS.has(last) || UNITLESS.has(last) || EXCEPTIONS.has(name)) return true;
  return words.includes('per') || words.some(isPlural);
}

/** Instants and durations end in Ms, a list of them may be a plural: `intervals`. */
const saysItsTime = (name: string): boolean =>
  /(^m|M)s$/.test(name) || isPlural(wordsOf(name).at(-1) ?? '');

const UNITS_FREE =
  /^(test|bin|(gateway|cloud)\/adapters|cloud\/(infra|handlers)|simulators\/(servers|wires|iot-core|demo))\//;

/** Exported constants and the properties of exported types say their unit when they are numbers. */
export const units: Rule = (file) => {
  if (UNITS_FREE.test(file.path) || isPage(file)) return [];
  const found: string[] = [];
  const check = (name: ts.Node, type: NumericType): void => {
    if (!ts.isIdentifier(name)) return;
    const isFine = type === 'instant' ? saysItsTime(name.text) : saysItsUnit(name.text);
    if (isFine) return;
    const ending = type === 'instant' ? 'an instant ends in AtMs, a duration in Ms' : 'no unit';
    found.push(`${place(file, name)} ${name.text}: ${ending} (test/architecture/words.ts)`);
  };
  for (const statement of file.tree.statements) {
    if (!isExported(statement)) continue;
    walk(statement, (node) => {
      if (ts.isFunctionLike(node)) return false;
      if (!ts.isPropertySignature(node) || node.type === undefined) return true;
      const type = numericType(node.type);
      if (type !== undefined) check(node.name, type);
      // `freshMs: { control: number; slow: number }` has said it for all.
      return !(ts.isIdentifier(node.name) && UNITS.has(wordsOf(node.name.text).at(-1) ?? ''));
    });
    if (ts.isVariableStatement(statement)) {
      for (const { name, type, initializer } of statement.declarationList.declarations) {
        const isNumber = initializer !== undefined && ts.isNumericLiteral(unsigned(initializer));
        const numeric = type === undefined ? (isNumber ? 'number' : undefined) : numericType(type);
        if (numeric !== undefined) check(name, numeric);
      }
    }
  }
  return found;
};

type NumericType = 'number' | 'instant' | undefined;

/** Of `number`, `bigint`, `Instant`, `Duration`, with null or undefined too, and of their lists. */
function numericType(type: ts.TypeNode): NumericType {
  if (ts.isUnionTypeNode(type)) {
    const kinds = type.types.filter((part) => !isNothing(part)).map(numericType);
    return kinds.every((kind) => kind !== undefined) ? kinds[0] : undefined;
  }
  if (ts.isTypeOperatorNode(type) || ts.isParenthesizedTypeNode(type))
    return numericType(type.type);
  if (ts.isArrayTypeNode(type)) return numericType(type.elementType);
  if (type.kind === ts.SyntaxKind.NumberKeyword || type.kind === ts.SyntaxKind.BigIntKeyword) {
    return 'number';
  }
  const isTime = ts.isTypeReferenceNode(type) && /^(Instant|Duration)$/.test(type.getText());
  return isTime ? 'instant' : undefined;
}

const isNothing = (type: ts.TypeNode): boolean =>
  type.kind === ts.SyntaxKind.UndefinedKeyword || type.getText() === 'null';

const isExported = (node: ts.Statement): boolean =>
  ts.canHaveModifiers(node) &&
  (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false);

/** One word for one thing. */
export const synonyms: Rule = (file) => {
  if (UNITS_FREE.test(file.path)) return []; // other people's words end at the adapters
  const found: string[] = [];
  walk(file.tree, (node) => {
    if (!isDeclaration(node) || node.name === undefined || !ts.isIdentifier(node.name)) return;
    const words = ` ${wordsOf(node.name.text).join(' ')} `;
    for (const [word, instead] of SYNONYMS) {
      if (!words.includes(` ${word} `)) continue;
      found.push(`${place(file, node.name)} ${node.name.text}: we say "${instead}", not "${word}"`);
    }
  });
  return found;
};

type Named = ts.Node & { readonly name?: ts.Node };

const isDeclaration = (node: ts.Node): node is Named =>
  ts.isVariableDeclaration(node) ||
  ts.isParameter(node) ||
  ts.isFunctionDeclaration(node) ||
  ts.isClassDeclaration(node) ||
  ts.isInterfaceDeclaration(node) ||
  ts.isTypeAliasDeclaration(node) ||
  ts.isMethodDeclaration(node) ||
  ts.isMethodSignature(node) ||
  ts.isPropertyDeclaration(node) ||
  ts.isPropertySignature(node);
