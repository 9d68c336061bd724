import { z } from 'zod';

/**
 * What a command on this machine asks the running gateway for: one request to a device of the site,
 * as a Modbus PDU. Framed as between guard and agent (4-byte length, JSON), each far below 4 KB.
 * Reads only: the guard refuses everything else, and answers with an exception.
 */
const pdu = z.array(z.int().min(0).max(255)).min(1).max(253);

export const busDoorRequest = z.strictObject({
  v: z.literal(1),
  id: z.int().nonnegative(),
  device: z.string().min(1).max(64),
  bytes: pdu,
});
export type BusDoorRequest = z.infer<typeof busDoorRequest>;

export const busDoorAnswer = z.object({ v: z.literal(1), id: z.int(), bytes: pdu });
export type BusDoorAnswer = z.infer<typeof busDoorAnswer>;
