import { z } from 'zod';
import { modelLimits } from '../../gateway/contracts/advice.ts';
import { priceSource, weatherSource } from '../../gateway/contracts/sources.ts';
import { currency, tariffSchema, timeZone } from '../../gateway/contracts/tariff.ts';

/**
 * The cloud's configuration (YAML or JSON, `version: 1`). Units are in the key names, unknown keys
 * are refused. Secrets are named by file, never written here.
 */
const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'use letters, digits, dashes and underscores');
const watts = z.number().min(0).max(1e9);
const price = z.int().min(-1e10).max(1e10);
const durationMs = z
  .int()
  .positive()
  .max(31 * 86_400_000);
const url = z
  .string()
  .regex(/^https?:\/\/[^\s]+$/, 'an address such as https://api.example.org/v1');
const gatewaySchema = z.strictObject({
  id,
  connection: id.default('grid'),
  contractedImportW: watts,
  contractedExportW: watts,
  onLost: z.enum(['keep', 'failsafe']).default('keep'),
});

const participantSchema = z.strictObject({
  id,
  tariff: tariffSchema.optional(), // the zone's, where it has none of its own
  gateways: z.array(gatewaySchema).min(1),
});

const zoneSchema = z.strictObject({
  id,
  currency,
  latitudeDeg: z.number().min(-90).max(90),
  longitudeDeg: z.number().min(-180).max(180),
  timeZone,
  intervalMs: durationMs.default(900_000),
  gateMs: durationMs.default(300_000),
  horizonMs: durationMs.default(129_600_000),
  meterWindowMs: durationMs.default(1_800_000),
  floorMicroPerKwh: price.default(-500_000),
  capMicroPerKwh: price.default(4_000_000),
  gridFeeNanoPerWh: z.int().min(0).max(1e10).default(0),
  imbalance: z.enum(['two-price', 'single']).default('two-price'),
  tariff: tariffSchema,
  transformer: z.strictObject({
    ratedVa: z.number().positive().max(1e9),
    timeConstantMs: durationMs.default(1_200_000),
    powerFactor: z.number().min(0.1).max(1).default(1),
    uncontrolledW: z.number().min(-1e9).max(1e9).default(0),
  }),
  envelopes: z
    .strictObject({
      everyMs: durationMs.default(300_000),
      durationMs: durationMs.default(1_800_000),
      minimumW: watts.default(4_200),
    })
    .prefault({}),
  /** Without them nothing of the sky, and no market price, is known. */
  weather: weatherSource.optional(),
  prices: priceSource.optional(),
  forecastEveryMs: durationMs.default(900_000),
  /** Earlier days that the sources are asked for, once after a start, where they are not known. */
  historyDays: z.int().min(0).max(371).default(371),
  participants: z.array(participantSchema).default([]),
});

export const cloudSchema = z.strictObject({
  version: z.literal(1),
  tenant: id,
  brokerUrl: z.string().regex(/^mqtts?:\/\/[^\s]+$/, 'mqtt://host:port or mqtts://host:port'),
  clientId: id.default('edgewatt-cloud'),
  username: z.string().max(200).optional(),
  passwordFile: z.string().max(1_000).optional(),
  caFile: z.string().max(1_000).optional(),
  certFile: z.string().max(1_000).optional(),
  keyFile: z.string().max(1_000).optional(),
  reconnectMaxMs: z.int().min(1_000).max(300_000).default(30_000),
  database: z.string().min(1).max(1_000),
  /** Copies of the books beside the database, from when they are named here on. */
  tables: z
    .string()
    .regex(
      /^(dynamodb:[A-Za-z0-9_.-]{1,200}|sqlite:.{1,1000})$/,
      'dynamodb:PREFIX, as in dynamodb:edgewatt-, or sqlite:FILE',
    )
    .optional(),
  lake: z
    .string()
    .regex(/^(s3:[a-z0-9.-]{3,63}|files:.{1,1000})$/, 's3:BUCKET or files:FOLDER')
    .default('files:lake'),
  signing: z.strictObject({ keyId: id, keyFile: z.string().min(1).max(1_000) }),
  /** A model that advises in the shadow; without this section everything works. */
  advisor: z
    .discriminatedUnion('provider', [
      z.strictObject({
        provider: z.literal('anthropic'),
        model: z.string().min(1).max(200),
        keyFile: z.string().min(1).max(1_000),
        baseUrl: url.optional(),
        ...modelLimits,
      }),
      z.strictObject({
        provider: z.literal('bedrock'),
        model: z.string().min(1).max(200),
        region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as eu-central-1'),
        keyFile: z.string().min(1).max(1_000).optional(), // without it AWS's own credentials
        baseUrl: url.optional(),
        ...modelLimits,
      }),
    ])
    .optional(),
  /** A2A over HTTP, beside MQTT; a client's token proves which gateway it is. */
  a2a: z
    .strictObject({
      host: z.string().min(1).max(200).default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(8_090),
      publicUrl: url.optional(),
      clients: z
        .array(z.strictObject({ gateway: id, tokenFile: z.string().min(1).max(1_000) }))
        .min(1),
    })
    .optional(),
  zones: z.array(zoneSchema).min(1),
});

export type CloudFile = z.infer<typeof cloudSchema>;
export type ZoneFile = CloudFile['zones'][number];
