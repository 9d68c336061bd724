import { z } from 'zod';

/**
 * The `broker` section of the gateway file: by password, or by certificate. `aws-iot` speaks to AWS
 * IoT Core and to its emulator, and has shadow, jobs and provisioning; `mqtt` to any MQTT 5 broker.
 */
export const brokerSchema = z
  .strictObject({
    kind: z.enum(['mqtt', 'aws-iot']).default('mqtt'),
    url: z.string().regex(/^(mqtt|mqtts):\/\//, 'a URL such as mqtts://broker:8883'),
    passwordFile: z.string().optional(),
    caFile: z.string().optional(), // who signed the broker's certificate
    certFile: z.string().optional(), // this gateway's own; `edgewatt provision` writes both
    keyFile: z.string().optional(),
    reconnectMaxMs: z.int().min(1_000).max(300_000).default(120_000),
    provision: z
      .strictObject({
        template: z.string().regex(/^[A-Za-z0-9_-]{1,36}$/, 'the name of a provisioning template'),
        serialNumber: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, - and _'),
        claimCertFile: z.string(),
        claimKeyFile: z.string(),
      })
      .optional(),
  })
  .superRefine((broker, context) => {
    const needs = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    const mtls = broker.certFile !== undefined && broker.keyFile !== undefined;
    if (broker.kind === 'aws-iot') {
      if (!broker.url.startsWith('mqtts://')) needs('url', 'aws-iot needs mqtts://host:port');
      if (!mtls) needs('certFile', 'aws-iot needs certFile and keyFile');
      if (broker.caFile === undefined)
        needs('caFile', 'aws-iot needs caFile, as AmazonRootCA1.pem');
    } else if (broker.provision !== undefined) needs('provision', 'only aws-iot provisions');
    else if (broker.passwordFile === undefined && !mtls) {
      needs('passwordFile', 'name a passwordFile, or certFile and keyFile');
    }
  });

export type BrokerSection = z.infer<typeof brokerSchema>;

const FILES = ['passwordFile', 'caFile', 'certFile', 'keyFile'] as const;

/** The same with its paths made absolute. */
export function brokerAt(section: BrokerSection, at: (path: string) => string): BrokerSection {
  const files: Partial<Record<(typeof FILES)[number], string>> = {};
  for (const name of FILES) {
    const path = section[name];
    if (path !== undefined) files[name] = at(path);
  }
  const { provision } = section;
  return {
    ...section,
    ...files,
    provision: provision && {
      ...provision,
      claimCertFile: at(provision.claimCertFile),
      claimKeyFile: at(provision.claimKeyFile),
    },
  };
}
