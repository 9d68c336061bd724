import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClock } from '../adapters/clock.ts';
import { type Look, mcpOverHttp, mcpOverStdio } from '../adapters/mcp.ts';
import { newToken } from '../adapters/page/secret.ts';
import { openRecords } from '../adapters/sqlite/reader.ts';
import { LookUps } from '../agents/advisor/lookups.ts';
import { newestMs } from '../agents/advisor/why.ts';
import { runningFiles } from '../config/own-files.ts';
import { runningSite } from '../config/running-site.ts';
import { Fault } from '../contracts/values/fault.ts';

/**
 * `edgewatt mcp DIR`: what the gateway of that folder wrote down, for clients of the Model Context
 * Protocol; over stdin and stdout, or over HTTP on loopback with a token. It only looks.
 */
export async function mcp(dir: string, version: string, http: string | undefined): Promise<void> {
  const { file } = runningFiles(dir);
  const { site } = runningSite(file);
  const clock = createClock(file.demo?.clockOrigin);
  const records = openRecords(join(file.dataDir, 'agent.db'));
  const lookUps = new LookUps(site, records, () => newestMs(records, clock.wallMs()));
  const look: Look = (name, input) => lookUps.run(name, input);
  try {
    if (http === undefined) await mcpOverStdio(look, version);
    else await untilSignal(look, version, portOf(http), join(file.dataDir, 'mcp.token'));
  } finally {
    records.close();
  }
}

async function untilSignal(
  look: Look,
  version: string,
  port: number,
  tokenFile: string,
): Promise<void> {
  const server = await mcpOverHttp(look, version, port, tokenOf(tokenFile));
  process.stderr.write(`MCP on ${server.url}; its token is in ${tokenFile}\n`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.close();
}

const TOKEN_CHARS_MIN = 16;

/** The token that is there, or a new one that only this user can read. */
function tokenOf(file: string): string {
  let token = '';
  try {
    writeFileSync(file, `${newToken()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new Fault(`cannot be written: ${code}`, file, 'run it as the user of the gateway');
    }
  }
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault(`cannot be read: ${code}`, file, 'run it as the user of the gateway');
  }
  if (token.length >= TOKEN_CHARS_MIN && !/\s/.test(token)) return token;
  throw new Fault('not a token', file, 'remove it: a new one is made');
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new Fault(`'${text}' is no port`, '--http', 'give a number from 0 to 65535');
}
