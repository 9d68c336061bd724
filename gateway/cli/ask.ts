import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClock } from '../adapters/clock.ts';
import { openRecords } from '../adapters/sqlite/reader.ts';
import { askWhy, newestMs, type Why } from '../agents/advisor/why.ts';
import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Log } from '../ports.ts';
import { modelOf } from '../processes/model.ts';

const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/**
 * `edgewatt ask "why ..." DIR`: from what the gateway of that folder wrote down, with the model of
 * its gateway.yaml or without one.
 */
export async function ask(question: string, dir: string, json: boolean): Promise<void> {
  if (question.trim() === '') {
    throw new Fault(
      'no question',
      'ask',
      'for example: edgewatt ask "why did it charge at 14:00?" DIR',
    );
  }
  const { file } = runningFiles(dir);
  const { site } = runningSite(file);
  const clock = createClock(file.demo?.clockOrigin);
  const records = openRecords(join(file.dataDir, 'agent.db'));
  try {
    const why = await askWhy(question, {
      site,
      records,
      nowMs: await newestMs(records, clock.wallMs()),
      model: await modelOf(file, clock, QUIET),
      instructions: readFileSync(
        new URL('../agents/advisor/instructions.md', import.meta.url),
        'utf8',
      ),
    });
    process.stdout.write(json ? `${JSON.stringify(why)}\n` : inWords(why));
  } finally {
    records.close();
  }
}

function inWords(why: Why): string {
  const lines = [`${why.moment}: ${why.answer}`];
  if (why.by === 'model') {
    lines.push('', 'Recorded:', ...why.facts.map(({ n, text }) => `  ${n}. ${text}`));
  }
  if (why.noModel !== undefined) {
    lines.push('', `(From the records alone; the model gave no answer: ${why.noModel}.)`);
  }
  return `${lines.join('\n')}\n`;
}
