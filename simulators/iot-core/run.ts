import { appendFileSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { endWithParent } from '../../gateway/adapters/process/parent.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { Authority, certificateIdOf } from './authority.ts';
import { type BrokerOptions, IotBroker } from './broker.ts';
import { openControl } from './control.ts';
import { keep, recall } from './keep.ts';
import { LIMIT_NAMES, limitsOf } from './limits.ts';
import { Registry } from './registry.ts';
import type { RuleTarget } from './reserved.ts';

const words = z.union([z.string(), z.array(z.string()).min(1)]);
const policySchema = z.strictObject({
  Version: z.literal('2012-10-17').optional(),
  Statement: z.array(
    z.strictObject({ Effect: z.enum(['Allow', 'Deny']), Action: words, Resource: words }),
  ),
});

/**
 * What `edgewatt-sim iot-core --config FILE` reads (JSON). Paths are relative to the file.
 * Passwords and keys stay in files, never in argv.
 */
const brokerSchema = z.strictObject({
  host: z.string().optional(),
  port: z.int().min(0).max(65_535),
  limits: z
    .union([
      z.enum(['documented', 'off']),
      z.partialRecord(z.enum(LIMIT_NAMES), z.union([z.int().positive(), z.literal('off')])),
    ])
    .default('documented'),
  strict: z.boolean().default(false),
  grants: z
    .array(
      z.strictObject({
        clientId: z.string(),
        password: z.string().min(8),
        publish: z.array(z.string()),
        subscribe: z.array(z.string()),
      }),
    )
    .default([]),
  tls: z
    .strictObject({
      certFile: z.string(),
      keyFile: z.string(),
      caFile: z.string(),
      caKeyFile: z.string().optional(), // with it certificates are signed: provisioning
    })
    .optional(),
  policies: z.record(z.string(), policySchema).default({}),
  certificates: z
    .array(
      z.strictObject({ certFile: z.string(), policy: z.string(), thing: z.string().optional() }),
    )
    .default([]),
  templates: z
    .array(
      z.strictObject({
        name: z.string(),
        thingName: z.string(),
        policy: z.string(),
        serialNumbers: z.array(z.string()).optional(),
        deviceConfiguration: z.record(z.string(), z.string()).default({}),
      }),
    )
    .default([]),
  stateFile: z.string().optional(), // certificates, shadows and jobs outlive the process
  /** Jobs by HTTP. */
  control: z.strictObject({ port: z.int().min(0).max(65_535), tokenFile: z.string() }).optional(),
  rules: z.record(z.string(), z.strictObject({ file: z.string() })).default({}), // JSON lines
});

/** @see brokerSchema */
export type BrokerFile = z.input<typeof brokerSchema>;

const MEND = 'see docs/iot-core.md';

/** @throws Fault in one line */
export function readBrokerFile(file: string): z.output<typeof brokerSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text(file));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(`is no JSON (${(error as Error).message})`, file, MEND);
  }
  const parsed = brokerSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault(`${issue?.path.join('.') || 'the file'}: ${issue?.message}`, file, MEND);
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Fault(`cannot be read (${(error as Error).message})`, file, 'name a file');
  }
}

/** Appends what a rule gets to a file, one JSON object a line. */
const toFile =
  (file: string): RuleTarget =>
  ({ topic, clientId, payload }) => {
    const line = { atMs: Date.now(), clientId, topic, payload: Buffer.from(payload).toString() };
    appendFileSync(file, `${JSON.stringify(line)}\n`, { mode: 0o600 });
  };

type Config = ReturnType<typeof readBrokerFile>;

async function optionsOf(file: string, config: Config): Promise<BrokerOptions> {
  const at = (path: string): string => resolve(dirname(file), path);
  const { tls, rules } = config;
  const common = {
    port: config.port,
    ...(config.host !== undefined && { host: config.host }),
    strict: config.strict,
    limits: limitsOf(config.limits),
    rules: Object.fromEntries(
      Object.entries(rules).map(([name, rule]) => [name, toFile(at(rule.file))]),
    ),
    log: (line: string) => void process.stdout.write(`${line}\n`),
  };
  if (tls === undefined) return { ...common, grants: config.grants };
  const registry = new Registry(config.policies, config.templates);
  for (const { certFile, policy, thing } of config.certificates) {
    const id = await certificateIdOf(text(at(certFile)));
    registry.put({ id, status: 'ACTIVE', thing, policies: [policy] });
  }
  const ca = text(at(tls.caFile));
  const server = { cert: text(at(tls.certFile)), key: text(at(tls.keyFile)) };
  const authority = tls.caKeyFile && (await Authority.load(ca, text(at(tls.caKeyFile))));
  return { ...common, registry, tls: { server, ca }, ...(authority && { authority }) };
}

/** Where jobs are made, if the file asks for it. @returns how to close it */
async function controlOf(file: string, config: Config, broker: IotBroker): Promise<() => void> {
  if (config.control === undefined) return () => undefined;
  const path = resolve(dirname(file), config.control.tokenFile);
  const token = text(path).trim();
  if (!/^\S{16,200}$/.test(token)) {
    throw new Fault('not a token', path, 'write 16 or more characters without spaces');
  }
  const { port } = config.control;
  const opened = await listening(port, openControl({ port, token }, broker.reserved.jobs));
  process.stdout.write(`jobs on 127.0.0.1:${opened.port}\n`);
  return () => void opened.server.close();
}

/** @throws Fault when the port is taken */
async function listening<T>(port: number, opening: Promise<T>): Promise<T> {
  try {
    return await opening;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Fault(`cannot listen (${code})`, `port ${port}`, 'free it or name another');
  }
}

/** Runs until SIGTERM or, when it was started by a demo, until that is gone. */
export async function runBroker(file: string, withParent: boolean): Promise<void> {
  const config = readBrokerFile(file);
  const options = await optionsOf(file, config);
  const broker = new IotBroker(options);
  const state = config.stateFile && resolve(dirname(file), config.stateFile);
  if (state) {
    recall(broker, state);
    broker.registry.watch(() => keep(broker, state)); // a thing's certificate is made once
  }
  const closeControl = await controlOf(file, config, broker);
  const port = await listening(options.port, broker.start());
  process.stdout.write(`listening on ${options.host ?? '127.0.0.1'}:${port}\n`);
  const end = (): void => {
    const { byClient } = broker.stats();
    closeControl();
    if (state) keep(broker, state);
    void broker.stop().then(() => {
      process.stdout.write(`${JSON.stringify({ published: byClient })}\n`);
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  if (withParent) endWithParent(end);
}
