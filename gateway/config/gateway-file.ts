import { resolve } from 'node:path';
import { z } from 'zod';
import { YamlFile } from '../adapters/yaml.ts';
import { modelLimits } from '../contracts/advice.ts';
import { priceSource, weatherSource } from '../contracts/sources.ts';
import { Fault } from '../contracts/values/fault.ts';
import { brokerAt, brokerSchema } from './broker.ts';
import { readText } from './load.ts';
import { proxySchema } from './proxy.ts';

/**
 * The gateway file (`gateway.yaml`, beside `site.yaml`): what belongs to this box and not to the
 * site. Paths are relative to the file; secrets are files of their own, named here.
 */
const gatewaySchema = z.strictObject({
  version: z.literal(1),
  dataDir: z.string().default('data'),
  page: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8_080),
      hosts: z.array(z.string()).default([]), // further names it is reached under
      tls: z.strictObject({ certFile: z.string(), keyFile: z.string() }).optional(), // PEM
    })
    .prefault({}),
  broker: brokerSchema.optional(),
  /** A model that advises and explains; without this section everything works. */
  advisor: z
    .strictObject({
      model: z.string().min(1).max(200),
      keyFile: z.string(),
      baseUrl: z.url({ protocol: /^https?$/ }).optional(),
      /** `lean`: what the planner simulates as no worse leads the next plans for an hour. */
      effect: z.enum(['shadow', 'lean']).default('shadow'),
      ...modelLimits,
    })
    .optional(),
  /** Whom the fleet's signed documents must come from; without these files none is taken. */
  fleet: z
    .strictObject({
      siteKeysFile: z.string().default('site-keys.json'),
      releaseKeysFile: z.string().default('release-keys.json'),
    })
    .prefault({}),
  /** A ring of files beside the database: what each cycle saw and decided. */
  blackBox: z
    .strictObject({
      sizeMb: z.int().refine((mb) => mb === 0 || (mb >= 4 && mb <= 65_536), {
        error: 'is 0 (records nothing) or from 4 to 65536',
      }),
      days: z.int().min(1).max(3_650).default(30),
    })
    .prefault({ sizeMb: 256 }),
  proxy: proxySchema.optional(),
  /** With a broker they are asked only while the cloud does not tell (docs/sources.md). */
  sources: z
    .strictObject({
      weather: weatherSource.optional(),
      prices: priceSource.optional(),
      everyMs: z.int().min(60_000).max(86_400_000).default(900_000),
      /** Earlier days that are asked for, once after a start, where they are not known. */
      historyDays: z.int().min(0).max(371).default(371),
    })
    .optional(),
  history: z.string().optional(), // CSV of earlier quarter-hours, read once into an empty database
  demo: z
    .strictObject({
      clockOrigin: z.strictObject({
        realMs: z.number(),
        wallMs: z.number(),
        speed: z.number().min(1).max(100_000),
      }),
      peers: z.array(z.strictObject({ id: z.string(), name: z.string(), url: z.string() })),
      doorsFile: z.string().optional(), // secret: the claim code, and tokens that sign in once
    })
    .optional(),
});

export type GatewayFile = z.infer<typeof gatewaySchema> & {
  readonly dir: string;
  readonly gatewayFile: string;
  readonly siteFile: string;
};

const demoDoorsSchema = z.strictObject({ claim: z.string(), tokens: z.array(z.string()) });

/** What the demo chose for its doors; nothing elsewhere. @throws Fault when it is malformed */
export function loadDemoDoors(file: GatewayFile): { claim?: string; tokens?: string[] } {
  const name = file.demo?.doorsFile;
  if (name === undefined) return {};
  const path = resolve(file.dir, name);
  try {
    return demoDoorsSchema.parse(JSON.parse(readText(path)));
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('no claim code and tokens', path, 'start the demo again');
  }
}

/**
 * @param dir  folder with gateway.yaml and site.yaml; what they name is relative to it
 * @param from  where both are read instead: as they were when they last ran well
 * @throws Fault in one line
 */
export function loadGateway(dir: string, from = dir): GatewayFile {
  const file = resolve(from, 'gateway.yaml');
  const yaml = new YamlFile(readText(file));
  const parsed = yaml.broken ? undefined : gatewaySchema.safeParse(yaml.value());
  if (!parsed?.success) {
    const first = yaml.broken ?? (parsed && yaml.complaints(parsed.error)[0]);
    throw new Fault(`${first?.path}: ${first?.what}`, `${file}:${first?.line}`, first?.mend ?? '');
  }
  const base = resolve(dir);
  const value = parsed.data;
  const at = (path: string): string => resolve(base, path);
  return {
    ...value,
    dir: base,
    gatewayFile: file,
    siteFile: resolve(from, 'site.yaml'),
    dataDir: at(value.dataDir),
    page: {
      ...value.page,
      tls: value.page.tls && {
        certFile: at(value.page.tls.certFile),
        keyFile: at(value.page.tls.keyFile),
      },
    },
    fleet: {
      siteKeysFile: at(value.fleet.siteKeysFile),
      releaseKeysFile: at(value.fleet.releaseKeysFile),
    },
    ...(value.history === undefined ? {} : { history: at(value.history) }),
    ...(value.advisor === undefined
      ? {}
      : { advisor: { ...value.advisor, keyFile: at(value.advisor.keyFile) } }),
    ...(value.broker === undefined ? {} : { broker: brokerAt(value.broker, at) }),
  };
}
