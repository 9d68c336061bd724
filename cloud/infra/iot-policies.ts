import { gatewayTopics } from '../../gateway/contracts/topics.ts';

/** A policy of IoT Core, as JSON. */
export interface IotPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Effect: 'Allow';
    readonly Action: readonly string[];
    readonly Resource: readonly string[];
  }[];
}

/** `arn:aws:iot:REGION:ACCOUNT` of the installation. */
export type ArnBase = string;

/** In a resource: the thing that the connection's certificate belongs to. */
const THING = `\${iot:Connection.Thing.ThingName}`;
export const CLOUD_THING = 'edgewatt-cloud';

const policy = (
  base: ArnBase,
  client: string,
  publish: readonly string[],
  listen: readonly string[],
  retain: readonly string[] = [],
): IotPolicy => {
  const allow = (Action: string[], kind: string, names: readonly string[]) => ({
    Effect: 'Allow' as const,
    Action,
    Resource: names.map((name) => `${base}:${kind}/${name}`),
  });
  return {
    Version: '2012-10-17',
    Statement: [
      allow(['iot:Connect'], 'client', [client]),
      allow(['iot:Publish'], 'topic', publish),
      ...(retain.length > 0 ? [allow(['iot:RetainPublish'], 'topic', retain)] : []),
      allow(['iot:Subscribe'], 'topicfilter', listen),
      allow(['iot:Receive'], 'topic', listen),
    ],
  };
};

/** The classes that a gateway speaks itself; on every other topic of its own it only listens. */
const SPOKEN = new Set(['telemetry', 'status', 'diagnostics', 'a2a-request']);

/** Own topics alone: what a gateway says up, what it hears down, its shadows and its jobs. */
export function gatewayPolicy(base: ArnBase, tenant: string): IotPolicy {
  const own = Object.values(gatewayTopics(tenant, 'X')).map((topic) => ({
    topic: topic.replace('/X/', `/${THING}/`),
    isSpoken: SPOKEN.has(topic.split('/').at(-1) ?? ''),
  }));
  const up = own.filter((one) => one.isSpoken).map((one) => one.topic);
  const down = own.filter((one) => !one.isSpoken).map((one) => one.topic);
  const zone = ['forecast', 'market'].map((kind) => `ew/v1/${tenant}/zone-*/${kind}`);
  const cards = [`ew/v1/${tenant}/agent-*/card`];
  const things = ['shadow', 'jobs'].map((part) => `$aws/things/${THING}/${part}/*`);
  const status = up.filter((topic) => topic.endsWith('/status'));
  return policy(base, THING, [...up, ...things], [...down, ...zone, ...cards, ...things], status);
}

/** The fleet's side: everything of one tenant, as one client. */
export function cloudPolicy(base: ArnBase, tenant: string): IotPolicy {
  const all = [`ew/v1/${tenant}/*`];
  return policy(base, CLOUD_THING, all, all, all);
}

/** A claim certificate can become a gateway, and nothing else. */
export function claimPolicy(base: ArnBase, template: string): IotPolicy {
  const asks = [
    '$aws/certificates/create-from-csr/json',
    `$aws/provisioning-templates/${template}/provision/json`,
  ];
  const answers = asks.flatMap((topic) => [`${topic}/accepted`, `${topic}/rejected`]);
  return policy(base, '*', asks, answers);
}

/** What a gateway becomes: a thing under its own number, active, with the gateways' policy. */
export const provisioningTemplate = (policyName: string) => ({
  Parameters: {
    SerialNumber: { Type: 'String' },
    'AWS::IoT::Certificate::Id': { Type: 'String' },
  },
  Resources: {
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    thing: {
      Type: 'AWS::IoT::Thing',
      OverrideSettings: { AttributePayload: 'MERGE', ThingGroups: 'DO_NOTHING' },
      Properties: { ThingName: { Ref: 'SerialNumber' } },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: policyName } },
  },
});
