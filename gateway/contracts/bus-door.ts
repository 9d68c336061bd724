import { z } from 'zod';
import type { OverrideAnswer } from './values/override.ts';
import type { TrialAnswer } from './values/trial.ts';

/**
 * What a command on this machine asks of the running gateway: a request to a device (a Modbus PDU),
 * a step of commissioning, a person's order, or the alarms. Framed as between guard and agent
 * (4-byte length, JSON), each request far below 4 KB. PDUs may only read: the guard answers
 * everything else with an exception. A trial is what a person consented to; the guard judges it.
 */
const pdu = z.array(z.int().min(0).max(255)).min(1).max(253);
const count = z.int().nonnegative();

const passed = z.strictObject({
  v: z.literal(1),
  id: count,
  device: z.string().min(1).max(64),
  bytes: pdu,
});

const tried = z.strictObject({
  v: z.literal(1),
  id: count,
  trial: z.record(z.string().max(64), z.union([z.string().max(64), z.number()])),
});

const ordered = z.strictObject({
  v: z.literal(1),
  id: count,
  override: z.record(z.string().max(64), z.union([z.string().max(64), z.number()])).nullable(),
});

const asked = z.strictObject({ v: z.literal(1), id: count, alarms: z.literal(true) });

export const busDoorRequest = z.union([passed, tried, ordered, asked]);
export type BusDoorRequest = z.infer<typeof busDoorRequest>;

/** Of the guard itself, whose types hold on both sides. */
const trialAnswer = z.custom<TrialAnswer>(
  (value) => typeof value === 'object' && value !== null && 'refused' in value,
);

const overrideAnswer = z.custom<OverrideAnswer>(
  (value) => typeof value === 'object' && value !== null && 'overrides' in value,
);

const alarm = z.object({
  code: z.string(),
  text: z.string(),
  mend: z.string(),
  sinceMs: z.number(),
});
export type DoorAlarm = z.infer<typeof alarm>;

export const busDoorAnswer = z.union([
  z.object({ v: z.literal(1), id: z.int(), bytes: pdu }),
  z.object({ v: z.literal(1), id: z.int(), trial: trialAnswer.nullable() }),
  z.object({ v: z.literal(1), id: z.int(), override: overrideAnswer.nullable() }),
  z.object({ v: z.literal(1), id: z.int(), alarms: z.array(alarm).nullable() }),
]);
