import { z } from 'zod';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;
const unit = z.int().min(1).max(247);

/**
 * The proxy of a gateway (docs/proxy.md): readings for other Modbus masters. Modbus has no
 * passwords, so beyond this machine only named clients are served.
 */
export const proxySchema = z
  .strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.int().min(0).max(65_535).default(1_502),
    allow: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .max(32)
      .default([]),
    clients: z.int().min(1).max(64).default(8),
    requestsPerSecond: z.int().min(1).max(1_000).default(50), // of one client
    unit: unit.default(1), // of the site's own map
    /** Requests of clients that reach mirrored devices; off where it is missing. */
    passThrough: z
      .strictObject({
        devices: z.array(z.string().min(1)).min(1).max(64),
        writes: z.boolean().default(false),
        sharePct: z.number().min(0.1).max(20).default(5), // of the wires' time
      })
      .optional(),
    mirror: z
      .array(z.strictObject({ device: z.string().min(1), unit }))
      .max(64)
      .default([]),
  })
  .superRefine((proxy, context) => {
    if (!LOOPBACK.test(proxy.host) && proxy.allow.length === 0) {
      const message = 'beyond this machine the clients must be named';
      context.addIssue({ code: 'custom', path: ['allow'], message });
    }
    for (const device of proxy.passThrough?.devices ?? []) {
      if (proxy.mirror.some((one) => one.device === device)) continue;
      const message = `'${device}' has no unit: name it in mirror`;
      context.addIssue({ code: 'custom', path: ['passThrough'], message });
    }
    const units = [proxy.unit, ...proxy.mirror.map((one) => one.unit)];
    if (new Set(units).size < units.length) {
      context.addIssue({ code: 'custom', path: ['mirror'], message: 'two of one unit' });
    }
  });

export type ProxySection = z.infer<typeof proxySchema>;
