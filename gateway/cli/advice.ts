import { join } from 'node:path';
import { openRecords } from '../adapters/sqlite/reader.ts';
import { scoreboard } from '../agents/advisor/scores.ts';
import { loadGateway } from '../config/gateway-file.ts';
import { DAY_MS } from '../contracts/values/time.ts';

/** `edgewatt advice DIR`: what the models proposed in the shadow, against their twins. */
export async function advice(dir: string, json: boolean): Promise<void> {
  const file = loadGateway(dir);
  const records = openRecords(join(file.dataDir, 'agent.db'));
  try {
    const documents = await records.list('advice', 0, Date.now() + 400 * DAY_MS);
    const scores = scoreboard(documents);
    if (json) process.stdout.write(`${JSON.stringify({ scores })}\n`);
    else if (scores.length === 0) process.stdout.write('No model has been asked yet.\n');
    else process.stdout.write(`${table(scores.map((score) => Object.entries(score)))}\n`);
  } finally {
    records.close();
  }
}

function table(rows: readonly (readonly [string, unknown])[][]): string {
  const lines = [rows[0]?.map(([name]) => name) ?? [], ...rows.map((row) => row.map(([, v]) => v))];
  return lines
    .map((line) =>
      line
        .map((cell) => String(cell).padEnd(15))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
