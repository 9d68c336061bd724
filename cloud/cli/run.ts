import { dirname, resolve } from 'node:path';
import pino from 'pino';
import { type ClockOrigin, createClock } from '../../gateway/adapters/clock.ts';
import { createSigner, hash } from '../../gateway/adapters/crypto.ts';
import { checkKeys, createFiles } from '../../gateway/adapters/files.ts';
import { createHttp } from '../../gateway/adapters/http.ts';
import { createMqttBroker } from '../../gateway/adapters/mqtt.ts';
import { endWithParent } from '../../gateway/adapters/process/parent.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Clock, Files, Log } from '../../gateway/ports.ts';
import { type A2aHttp, startA2aHttp } from '../adapters/a2a-http.ts';
import { openTables } from '../adapters/places.ts';
import { openStore } from '../adapters/sqlite.ts';
import { type CloudPorts, compose } from '../compose.ts';
import type { Advisor } from '../compose-advice.ts';
import type { Copies } from '../compose-copies.ts';
import { cloudConfig, parseCloudFile } from '../config/load.ts';
import type { CloudFile } from '../config/schema.ts';
import { bundleKeeper } from '../fleet/diagnostics.ts';
import { JournalDamaged } from '../market/ledger.ts';
import type { Cloud, Lake } from '../ports.ts';
import { advisorOf } from './advisor.ts';
import { readText } from './json-file.ts';
import { lakeOf } from './lake.ts';

export interface RunOptions {
  readonly config: string;
  readonly clockOrigin?: string;
  readonly withParent?: boolean;
  readonly json?: boolean;
}

const RECONNECT_MIN_MS = 500;

/**
 * `edgewatt-cloud run`: market, grid, forecasting and ingest in one process. Ends with 0 on SIGTERM
 * or SIGINT, after what was on its way has arrived; a broker that is down is waited for.
 * @returns the exit code
 */
export async function run(options: RunOptions): Promise<number> {
  const file = parseCloudFile(readText(options.config), options.config);
  const at = (path: string): string => resolve(dirname(options.config), path);
  const clock = createClock(
    options.clockOrigin === undefined ? undefined : readOrigin(options.clockOrigin),
  );
  const log = createLog();
  const files = createFiles(dirname(options.config));
  await checkKeys(files, file.zones);
  const advisor = await advisorOf(file, at, clock, log);
  const lake = await lakeOf(file, options.config);
  const copies = await openCopies(file, lake, options.config, at);
  const keepBundle = bundleKeeper(file.tenant, { lake, clock, hash, log });
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  const cloud = build(file, at, { clock, log, files, advisor, copies, keepBundle }, (error) => {
    log.error('stopped: state and disk disagree, a restart reads it anew', { why: String(error) });
    end(1);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => end(0));
  if (options.withParent === true) endWithParent(() => end(0));
  cloud.start();
  const a2a = await openA2a(file, at, cloud, log).catch(async (error: unknown) => {
    await cloud.stop();
    throw error;
  });
  log.info(`tenant ${file.tenant}, zones ${file.zones.map((zone) => zone.id).join(' ')}`, {
    broker: file.brokerUrl,
    speed: clock.speed,
    tables: file.tables,
    lake: file.lake,
  });
  const code = await ended;
  await a2a?.stop();
  await cloud.stop();
  if (options.json === true) process.stdout.write(`${JSON.stringify(cloud.status())}\n`);
  return code;
}

/** A2A over HTTP, where the file asks for it. @throws Fault when its port is taken */
async function openA2a(
  file: CloudFile,
  at: (path: string) => string,
  cloud: Cloud,
  log: Log,
): Promise<A2aHttp | undefined> {
  if (file.a2a === undefined) return undefined;
  const { host, port, publicUrl } = file.a2a;
  const clients = file.a2a.clients.map(({ gateway, tokenFile }) => {
    const token = readText(at(tokenFile)).trim();
    if (/^\S{16,200}$/.test(token)) return { gateway, token };
    throw new Fault('not a token', at(tokenFile), 'write 16 or more characters without spaces');
  });
  const setup = { host, port, clients, ...(publicUrl !== undefined && { publicUrl }) };
  try {
    const a2a = await startA2aHttp(setup, cloud.a2a);
    log.info('A2A over HTTP', { url: a2a.url });
    return a2a;
  } catch (error) {
    const why = (error as { code?: string }).code ?? String(error);
    throw new Fault(`cannot listen: ${why}`, `a2a ${host}:${port}`, 'choose another port');
  }
}

/** Beside the lake, tables where the file names some. @throws Fault when they cannot be opened */
async function openCopies(
  { tables }: CloudFile,
  lake: Lake,
  config: string,
  at: (path: string) => string,
): Promise<Copies> {
  if (tables === undefined) return { lake };
  const place = tables.replace(/^sqlite:(.*)$/s, (_all, path: string) => `sqlite:${at(path)}`);
  try {
    return { lake, tables: await openTables(place) };
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = (error as Error).message;
    throw new Fault(`the tables cannot be opened: ${why}`, config, 'npm ci, then try again');
  }
}

function build(
  file: CloudFile,
  at: (path: string) => string,
  given: {
    clock: Clock;
    log: Log;
    files: Files;
    advisor: Advisor | undefined;
    copies: Copies;
    keepBundle: NonNullable<CloudPorts['keepBundle']>;
  },
  fatal: (error: unknown) => void,
): Cloud {
  const { clock, log, files, advisor, copies, keepBundle } = given;
  const signer = readSigner(file.signing.keyId, at(file.signing.keyFile));
  const secret = (path: string | undefined): string | undefined =>
    path === undefined ? undefined : readText(at(path)).trim();
  const password = secret(file.passwordFile);
  const ca = secret(file.caFile);
  const cert = secret(file.certFile);
  const key = secret(file.keyFile);
  const broker = createMqttBroker(
    {
      url: file.brokerUrl,
      clientId: file.clientId,
      minReconnectMs: RECONNECT_MIN_MS,
      maxReconnectMs: file.reconnectMaxMs,
      ...(file.username !== undefined && { username: file.username }),
      ...(password !== undefined && { password }),
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    },
    clock,
  );
  const http = createHttp({ userAgent: 'edgewatt-cloud/1' }, clock);
  const database = file.database === ':memory:' ? file.database : at(file.database);
  const store = openStore(database);
  try {
    return compose(cloudConfig(file), {
      ...{ clock, broker, store, http, files, signer, hash, log, keepBundle, copies, fatal },
      ...(advisor !== undefined && { advisor }),
    });
  } catch (error) {
    store.close();
    if (!(error instanceof JournalDamaged)) throw error;
    throw new Fault(error.message, database, 'restore a copy of the database');
  }
}

/** `realMs,wallMs,speed`, as the process that started the run hands it on. */
function readOrigin(text: string): ClockOrigin {
  const [realMs, wallMs, speed, ...more] = text.split(',').map(Number);
  const given = [realMs, wallMs, speed];
  if (more.length === 0 && given.every((value) => Number.isFinite(value)) && Number(speed) > 0) {
    return { realMs: Number(realMs), wallMs: Number(wallMs), speed: Number(speed) };
  }
  throw new Fault(
    `'${text}' is no origin`,
    '--clock-origin',
    'give three numbers: realMs,wallMs,speed, as in 8123.5,1763812800000,96',
  );
}

/** An ed25519 key, PKCS8, as PEM or as its base64 alone. */
function readSigner(keyId: string, path: string) {
  const text = readText(path).replace(/-----[^-]*-----|\s/g, '');
  try {
    return createSigner(keyId, text);
  } catch {
    throw new Fault('not an ed25519 private key', path, 'write one in PKCS8, PEM or base64');
  }
}

/** One JSON line an event on stderr; stdout stays free for results. */
function createLog(): Log {
  const logger = pino({ base: null }, pino.destination({ fd: 2, sync: true }));
  return {
    info: (text, fields = {}) => logger.info(fields, text),
    warn: (text, fields = {}) => logger.warn(fields, text),
    error: (text, fields = {}) => logger.error(fields, text),
  };
}
