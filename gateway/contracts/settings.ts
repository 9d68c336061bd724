import { z } from 'zod';

/**
 * What an operator may set from afar, by the named shadow `config`. Topology, limits, safe states
 * and commissioning are not here, and never come that way.
 */
export const logLevel = z.enum(['debug', 'info', 'warn']);

export const settingSchemas = {
  /** Of each battery, kept back by the plan; never below what the site keeps back itself, %. */
  reservePct: z.int().min(0).max(90),
  /** May pause trading, and take the pause back. */
  marketEnabled: z.boolean(),
  logLevel: z.strictObject({ level: logLevel, untilMs: z.int().nonnegative() }),
};

export interface OperatorSettings {
  readonly reservePct?: number;
  readonly marketEnabled?: boolean;
  readonly logLevel?: { readonly level: z.infer<typeof logLevel>; readonly untilMs: number };
}

export type LogLevel = z.infer<typeof logLevel>;
