import { z } from 'zod';
import { portsOfProcess } from './lambda.ts';

/** What IoT Core asks before it makes a thing. */
const question = z.object({
  certificateId: z.string().min(1).max(128),
  parameters: z.object({ SerialNumber: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) }),
});

const REFUSED = { allowProvisioning: false };

/**
 * A gateway becomes a thing when the registry has it, and once: a second certificate under its
 * number is refused until an operator removes the row. The same certificate may ask again.
 */
export async function handler(event: unknown): Promise<{ allowProvisioning: boolean }> {
  const asked = question.safeParse(event).data;
  if (asked === undefined) return REFUSED;
  const { tables, registry, nowMs } = await portsOfProcess();
  const gateway = asked.parameters.SerialNumber;
  const known = registry.get(gateway);
  if (known === undefined) return REFUSED;
  const row = {
    table: 'grid_metrics',
    key: `provisioned/${gateway}`,
    kind: 'provisioned',
    zone: known.zone,
    who: gateway,
    fromMs: nowMs(),
    body: JSON.stringify({ certificateId: asked.certificateId }),
  } as const;
  if (await tables.putNew(row)) return { allowProvisioning: true };
  const before = await tables.get(row.table, row.key);
  return { allowProvisioning: before?.body === row.body };
}
