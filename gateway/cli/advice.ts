import { join } from 'node:path';
import { openRecords } from '../adapters/sqlite/reader.ts';
import { adviceText } from '../agents/advisor/leans.ts';
import { type Advice, type Score, scoreboard } from '../agents/advisor/scores.ts';
import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import type { Site } from '../contracts/values/site.ts';
import { DAY_MS } from '../contracts/values/time.ts';
import { clockTime, dayName, money } from '../contracts/values/words.ts';

const NEWEST = 12;

/**
 * `edgewatt advice DIR`: what the models proposed, against their twins, and the newest proposals
 * with what came of each.
 */
export async function advice(dir: string, json: boolean): Promise<void> {
  const { file } = runningFiles(dir);
  const { site } = runningSite(file);
  const records = openRecords(join(file.dataDir, 'agent.db'));
  try {
    const documents = await records.list('advice', 0, Date.now() + 400 * DAY_MS);
    const scores = scoreboard(documents);
    const newest = documents.slice(-NEWEST).map(({ body }) => body as Advice); // own documents
    const effect = file.advisor?.effect ?? 'shadow';
    if (json) process.stdout.write(`${JSON.stringify({ effect, scores, newest })}\n`);
    else if (scores.length === 0) process.stdout.write('No model has been asked yet.\n');
    else {
      const lines = newest.map((one) => `  ${line(one, site)}`);
      process.stdout.write(`${board(scores, site)}\n\nNewest last:\n${lines.join('\n')}\n`);
    }
  } finally {
    records.close();
  }
}

const HEAD = [
  'agent',
  'asked',
  'answered',
  'better',
  'equal',
  'worse',
  'leaned',
  'withdrawn',
  'as measured',
];

function board(scores: readonly Score[], { currency }: Site): string {
  const rows = scores.map((one) => [
    one.agent,
    one.askedCount,
    one.answeredCount,
    one.betterCount,
    one.equalCount,
    one.worseCount,
    one.leanedCount,
    one.withdrawnCount,
    one.measuredCount === 0
      ? '-'
      : `${money(BigInt(one.measuredGainNano), currency)} ` +
        `${one.measuredGainNano < 0 ? 'more' : 'less'} in ${one.measuredCount}`,
  ]);
  const cells = [HEAD, ...rows].map((row) => row.map(String));
  const widths = HEAD.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)) + 2);
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

/** One proposal: when, whose, what came of it, and the prompt it answers. */
function line(one: Advice, site: Site): string {
  const { timeZone } = site.place;
  const at = `${dayName(one.atMs, timeZone)}, ${clockTime(one.atMs, timeZone)}`;
  const prompt = one.promptHash === '' ? '' : ` [prompt ${one.promptHash.slice(0, 12)}]`;
  return `${at}, ${one.agent}: ${outcome(one, site)}${prompt}`;
}

function outcome(one: Advice, site: Site): string {
  if (one.none !== undefined) return `no proposal: ${one.none}`;
  if (one.lean !== undefined) return adviceText(one, site);
  const offer = one.offer === undefined ? '' : `; its offer: ${one.offer}`;
  const detail = one.detail === undefined || one.detail === '' ? '' : `: ${one.detail}`;
  if (one.accepted === undefined) return `a hint, in the shadow${offer}`;
  return `${one.accepted ? 'accepted, in the shadow' : 'refused'}${detail}${offer}`;
}
