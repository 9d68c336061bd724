/** Who reads may stop reading (`| head`): that is an end, and no mistake. */
function noReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
}

export function print(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.once('error', noReader);
  process.stdout.write(`${text}\n`);
}

export const printJson = (value: unknown): void => print(JSON.stringify(value));

/** Progress and questions: never in the way of what a program reads. */
export const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** Columns as wide as their widest cell, two blanks apart; the first row is the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, n) => Math.max(...rows.map((row) => row[n]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
