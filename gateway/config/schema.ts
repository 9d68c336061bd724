import { z } from 'zod';
import { currency, tariffSchema, timeZone } from '../contracts/tariff.ts';
import { ADVICE_BOUNDS } from '../contracts/values/site.ts';

/**
 * The site file (YAML, `version: 1`). Units are in the key names, unknown keys are refused. The
 * shape is that of contracts/values/site.ts; this schema adds ranges and defaults, check.ts what
 * spans several entries.
 */
const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,40}$/, 'use lower-case letters, digits and dashes, a letter first');
const watts = z.number().min(0).max(1e8);
const pct = z.number().min(0).max(100);
const bus = z.discriminatedUnion('kind', [
  z.strictObject({
    id,
    kind: z.literal('tcp'),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(502),
  }),
  z.strictObject({
    id,
    kind: z.literal('rtu-over-tcp'),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535),
  }),
  z.strictObject({
    id,
    kind: z.literal('udp'),
    host: z.string().min(1),
    port: z.int().min(1).max(65_535).default(502),
  }),
  z.strictObject({
    id,
    kind: z.literal('serial'),
    path: z.string().min(1),
    baud: z.union([
      z.literal(1_200),
      z.literal(2_400),
      z.literal(4_800),
      z.literal(9_600),
      z.literal(19_200),
      z.literal(38_400),
      z.literal(57_600),
      z.literal(115_200),
    ]),
    parity: z.enum(['none', 'even', 'odd']).default('none'),
    stopBits: z.union([z.literal(1), z.literal(2)]).default(1),
    framing: z.enum(['rtu', 'ascii']).optional(),
    dataBits: z.union([z.literal(7), z.literal(8)]).optional(),
  }),
]);

const safeState = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('own-mode') }),
  z.strictObject({ kind: z.literal('zero') }),
  z.strictObject({ kind: z.literal('limit'), limitW: watts }),
]);

const terminal = z.strictObject({
  id,
  name: z.string().min(1).max(60),
  node: id,
  kind: z.enum(['pv', 'battery', 'load', 'ev', 'generator', 'converter']),
  device: id.optional(),
  part: z.string().max(40).optional(),
  phases: z.union([z.literal(1), z.literal(3)]).default(3),
  phase: z.enum(['L1', 'L2', 'L3']).optional(),
  ratedInW: watts.default(0),
  ratedOutW: watts.default(0),
  ratedVa: watts.optional(),
  control: z.enum(['none', 'limit', 'setpoint', 'steps', 'on-off']).default('none'),
  stepsA: z.array(z.number().min(0).max(1_000)).optional(),
  minPowerW: watts.default(0),
  minRunMs: z.int().nonnegative().default(0),
  minRestMs: z.int().nonnegative().default(0),
  responseMs: z.int().nonnegative().default(1_000),
  slewWPerS: watts.positive().optional(),
  priority: z.int().min(1).max(99).default(50),
  dcNode: id.optional(),
  safeState: safeState.default({ kind: 'own-mode' }),
  ownDroop: z.boolean().optional(),
  controlDevice: id.optional(),
  premiumNanoPerWh: z.int().min(0).max(1e10).optional(),
  duty: z
    .strictObject({
      minutesPerDay: z.int().min(1).max(1_440),
      weekdays: z.array(z.int().min(1).max(7)).min(1).optional(),
      fromMinute: z.int().min(0).max(1_439).default(0),
      untilMinute: z.int().min(1).max(1_440).default(1_440),
    })
    .optional(),
});

const curve = z
  .array(z.strictObject({ powerW: watts.positive(), efficiencyPct: z.number().min(1).max(100) }))
  .min(1)
  .max(20)
  .optional();

const store = z.strictObject({
  id,
  terminal: id,
  usableWh: z.number().positive().max(1e9),
  socMinPct: pct,
  socMaxPct: pct,
  reservePct: pct.default(0),
  blackStartPct: pct.optional(),
  fullCharge: z
    .strictObject({
      everyDays: z.int().min(1).max(365),
      withinDays: z.int().min(0).max(90).default(7),
    })
    .optional(),
  chargeEfficiencyPct: z.number().min(50).max(100).default(95),
  dischargeEfficiencyPct: z.number().min(50).max(100).default(95),
  chargeCurve: curve,
  dischargeCurve: curve,
  wearNanoPerWh: z.int().nonnegative().default(0),
  chargeMinC: z.number().min(-40).max(40).default(0),
  ready: z.strictObject({ minuteOfDay: z.int().min(0).max(1439), socPct: pct }).optional(),
  mayChargeFromGrid: z.boolean().optional(),
  mayExport: z.boolean().optional(),
  endValueNanoPerWh: z.int().min(0).max(1e10).optional(),
});

export const siteSchema = z.strictObject({
  version: z.literal(1),
  id,
  tenant: id,
  gateway: id,
  participant: id,
  name: z.string().min(1).max(60),
  zone: id,
  place: z.strictObject({
    latitudeDeg: z.number().min(-90).max(90),
    longitudeDeg: z.number().min(-180).max(180),
    timeZone,
  }),
  currency,
  gridCode: z.string().min(1).max(40),
  buses: z.array(bus).min(1),
  nodes: z
    .array(
      z.strictObject({
        id,
        kind: z.enum(['ac', 'dc', 'backup']),
        phases: z.union([z.literal(1), z.literal(3)]).default(3),
      }),
    )
    .min(1),
  edges: z
    .array(
      z.strictObject({
        id,
        node: id,
        parent: id,
        limitA: z.number().positive().optional(),
        importLimitW: watts.optional(),
        exportLimitW: watts.optional(),
        limitVa: watts.optional(),
      }),
    )
    .default([]),
  connections: z
    .array(
      z.strictObject({
        id,
        node: id,
        meteringPoint: z.string().min(1).max(64),
        netting: z.enum(['sum', 'per-phase']).default('sum'),
        fuseA: z.number().positive().max(10_000),
        contractedImportW: watts,
        contractedExportW: watts,
        settlementMs: z.int().positive().default(900_000),
        demandWindowMs: z.int().positive().default(900_000),
        defaultImportLimitW: watts,
        defaultExportLimitW: watts,
        failsafeImportLimitW: watts,
        failsafeExportLimitW: watts,
        limitMarginW: watts.optional(),
        tariff: tariffSchema,
      }),
    )
    .min(1),
  devices: z
    .array(
      z.strictObject({
        id,
        bus: id,
        unit: z.int().min(0).max(255),
        profile: z.string().min(1),
        serial: z.string().max(64).optional(),
        allowWithoutReversion: z.boolean().optional(),
        codeFile: z
          .string()
          .regex(/^[\w-][\w.-]{0,63}$/, 'the name of a file beside the site file')
          .optional(),
        ownLimitW: z.number().min(0).optional(),
      }),
    )
    .min(1),
  terminals: z.array(terminal).min(1),
  stores: z.array(store).default([]),
  meters: z
    .array(
      z.strictObject({
        id,
        of: id,
        device: id,
        part: z.string().max(40).optional(),
        direction: z.enum(['into-node', 'out-of-node']),
        class: z.enum(['billing', 'control', 'check']),
        resolutionW: z.number().positive().default(1),
        latencyMs: z.int().nonnegative().default(0),
      }),
    )
    .min(1),
  residuals: z.array(z.strictObject({ node: id, terminal: id })).default([]),
  groups: z.array(z.strictObject({ id, terminals: z.array(id).min(1) })).default([]),
  signals: z
    .array(
      z.strictObject({
        id,
        device: id,
        point: z.string().min(1),
        meaning: z.enum(['grid-present', 'curtail', 'contactor', 'frequency']),
        safeValue: z.number(),
      }),
    )
    .default([]),
  control: z
    .strictObject({
      active: z.boolean().default(true),
      peakLimitW: watts.optional(),
      peakPowerLimitW: watts.optional(),
      droop: z
        .strictObject({
          nominalHz: z.union([z.literal(50), z.literal(60)]).default(50),
          deadbandHz: z.number().min(0.01).max(2).default(0.2),
          droopPct: z.number().min(2).max(12).default(5),
          terminals: z.array(id).min(1),
        })
        .optional(),
      unbalanceLimitVa: watts.optional(),
      rampPctPerMin: z.number().min(0.1).max(1_000).optional(),
      unprovenAllowed: z.array(id).default([]),
      marketEnabled: z.boolean().default(true),
      foreignWrites: z.enum(['insist', 'alarm', 'yield']).optional(),
      /** How far a model's advice may lean on the plan; the gateway file says whether. */
      advice: z
        .strictObject({
          reserveMaxPct: pct.default(ADVICE_BOUNDS.reserveMaxPct),
          marginMaxPct: pct.default(ADVICE_BOUNDS.marginMaxPct),
          orderMarginMaxMicroPerKwh: z
            .int()
            .min(0)
            .max(1e6)
            .default(ADVICE_BOUNDS.orderMarginMaxMicroPerKwh),
        })
        .optional(),
    })
    .prefault({}),
  directives: z
    .strictObject({ keyId: z.string().min(1).max(64), publicKey: z.string().min(40).max(200) })
    .optional(),
});
