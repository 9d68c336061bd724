import { Fault } from '../../gateway/contracts/values/fault.ts';
import { adviceBoard, type CloudScore } from '../advice-board.ts';
import { openedFor } from './books.ts';
import { isDatabase } from './json-file.ts';

const NEWEST = 5; // of each agent

/**
 * `edgewatt-cloud advice FILE`: what the models of the cloud's three agents said beside the rules.
 * @param file  database of edgewatt-cloud, running or not
 */
export function cloudAdvice(file: string, json: boolean): string {
  const { scores, notes } = read(file);
  if (json) return JSON.stringify({ scores, notes });
  const lines = notes.map(({ agent, zone, fromMs, rules, model, promptHash }) => {
    const at = new Date(fromMs).toISOString().slice(0, 16);
    const said = model === '' ? '' : `; model: ${model} [prompt ${promptHash.slice(0, 12)}]`;
    return `  ${at}Z ${agent}, zone ${zone}: rules: ${rules}${said}`;
  });
  const cases = lines.length > 0 ? lines : ['  none yet'];
  return [...table(scores), '', 'Newest cases:', ...cases].join('\n');
}

function read(file: string): ReturnType<typeof adviceBoard> {
  if (!isDatabase(file)) {
    throw new Fault('not a database of edgewatt-cloud', file, 'name the file of its `database:`');
  }
  return openedFor(file, (store) => adviceBoard(store, NEWEST));
}

const HEAD = ['agent', 'cases', 'answered', 'no answer', 'agreed', 'only rules', 'only model'];

function table(scores: readonly CloudScore[]): string[] {
  const rows = scores.map((one) => [
    one.agent,
    one.casesCount,
    one.answeredCount,
    one.noneCount,
    one.agreedCount,
    one.onlyRulesCount,
    one.onlyModelCount,
  ]);
  return [HEAD, ...rows].map(([first = '', ...rest]) =>
    [String(first).padEnd(20), ...rest.map((cell) => String(cell).padEnd(12))].join('').trimEnd(),
  );
}
