import { createInterface } from 'node:readline/promises';
import { Fault } from '../contracts/values/fault.ts';

/** Ctrl-C while a question is open. */
export class Interrupted extends Error {}

export interface Question {
  readonly key: string; // for --set
  readonly text: string;
  readonly standard: string | undefined; // undefined: somebody must answer
  readonly ok: RegExp;
  readonly hint: string; // what an answer looks like
}

export interface Asker {
  readonly isAsking: boolean;
  /**
   * @returns what was set beforehand, else what is typed, else the standard
   * @throws Fault where nobody can answer and there is no standard  @throws Interrupted
   */
  ask(question: Question): Promise<string>;
}

const print = (line: string): void => void process.stderr.write(`${line}\n`);

/** 'fuseA=35' -> its pair. @throws Fault */
function pairOf(pair: string, forms: Readonly<Record<string, RegExp>>): [string, string] {
  const [key = '', value] = pair.split(/=(.*)/s, 2);
  const form = Object.hasOwn(forms, key) ? forms[key] : undefined;
  if (form === undefined) {
    throw new Fault('unknown', `--set ${key}`, `one of: ${Object.keys(forms).join(', ')}`);
  }
  if (value !== undefined && form.test(value)) return [key, value];
  throw new Fault(
    'is no answer',
    `--set ${pair}`,
    `write ${key}=VALUE, of the form ${form.source}`,
  );
}

/**
 * One line from the terminal, which is ours only as long as it takes: between questions Ctrl-C ends
 * the program as it ends any other.
 */
async function typed(text: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  let isInterrupted = false;
  lines.on('SIGINT', () => {
    isInterrupted = true;
    gone.abort();
  });
  lines.on('close', () => gone.abort()); // Ctrl-D, or the terminal is gone
  try {
    return (await lines.question(text, { signal: gone.signal })).trim();
  } catch {
    if (isInterrupted) throw new Interrupted();
    throw new Fault('the answers ended', 'stdin', 'answer on a terminal, or with --set and --yes');
  } finally {
    lines.close();
  }
}

/**
 * Questions are asked on a terminal only, and never with `yes`.
 * @throws Fault for what is set and is none of the forms
 */
export function createAsker(
  set: readonly string[],
  forms: Readonly<Record<string, RegExp>>,
  yes: boolean,
): Asker {
  const given = new Map(set.map((pair) => pairOf(pair, forms)));
  const isAsking = !yes && process.stdin.isTTY === true;
  return {
    isAsking,
    async ask({ key, text, standard, ok, hint }) {
      const known = given.get(key);
      if (known !== undefined && !ok.test(known)) {
        throw new Fault(`'${known}' is no answer to: ${text}`, `--set ${key}`, hint);
      }
      if (known !== undefined) return known;
      if (!isAsking && standard === undefined) {
        throw new Fault(`nobody can be asked: ${text}`, 'setup', `--set ${key}=..., ${hint}`);
      }
      if (!isAsking) return standard ?? '';
      for (;;) {
        const line = await typed(standard === undefined ? `${text} ` : `${text} [${standard}] `);
        const answer = line === '' ? standard : line;
        if (answer !== undefined && ok.test(answer)) return answer;
        print(`  ${hint}`);
      }
    },
  };
}
