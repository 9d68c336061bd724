import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type Stack, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCloudFile } from '../../../../cloud/config/load.ts';
import { ROUTES, RULES } from '../../../../cloud/handlers/routes.ts';
import { AGENTS } from '../../../../cloud/infra/agents.ts';
import { infraApp } from '../../../../cloud/infra/app.ts';
import { LAMBDAS } from '../../../../cloud/infra/bundle.ts';
import { claimPolicy, cloudPolicy, gatewayPolicy } from '../../../../cloud/infra/iot-policies.ts';
import { TABLES } from '../../../../cloud/infra/tables.ts';
import { ruleEvent, topicsOf, zoneOf } from '../../../fixtures/aws/lambdas.ts';

const SYNTH_MS = 120_000; // seven seconds of a free core, twice
const folder = mkdtempSync(join(tmpdir(), 'infra-'));
let app: App;
let stack: Stack;
let template: Template;

/** The Lambdas' code is of no matter here: test/interop/aws-stores runs the real bundles. */
function made(out: string) {
  const bundles = join(folder, 'bundles');
  for (const name of LAMBDAS) {
    mkdirSync(join(bundles, name), { recursive: true });
    writeFileSync(join(bundles, name, 'index.mjs'), `export const handler = '${name}';`);
  }
  const file = 'docs/examples/cloud.yaml';
  return infraApp({
    name: 'edgewatt',
    config: parseCloudFile(readFileSync(file, 'utf8'), file),
    bundles,
    issuer: 'https://identity.example.org/',
    audience: 'edgewatt',
    model: 'some.model-v1:0',
    out: join(folder, out),
  });
}

beforeAll(() => {
  ({ app, stack } = made('good'));
  template = Template.fromStack(stack); // synthesises: throws on a finding that nobody explained
}, SYNTH_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Resource = { readonly Properties: Record<string, unknown> };
const all = (type: string) => Object.values(template.findResources(type)) as Resource[];
const text = (value: unknown): string => JSON.stringify(value);

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
}
const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
function statementsOf(role: RegExp): Statement[] {
  return all('AWS::IAM::Policy')
    .filter((one) => role.test(text(one.Properties['Roles'])))
    .flatMap((one) => (one.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement);
}

describe('checks', () => {
  it('explain each finding that stands, and no more than these, also in the handbook', () => {
    const key = Validations.ACKNOWLEDGED_RULES_METADATA_KEY;
    const explained = app.node
      .findAll()
      .flatMap((one) => one.node.metadata.filter(({ type }) => type === key))
      .flatMap(({ data }) => Object.entries(data as Record<string, string>));
    expect(explained.length).toBeGreaterThan(8);
    const rules = explained.map(([rule, why]) => {
      expect(why.length, rule).toBeGreaterThan(40);
      return /AwsSolutions-[A-Z]+\d+/.exec(rule)?.[0];
    });
    const handbook = readFileSync('docs/aws.md', 'utf8').split('## Findings that stand')[1] ?? '';
    const told = handbook.match(/^\| AwsSolutions-[A-Z]+\d+/gm)?.map((line) => line.slice(2));
    const known = ['AwsSolutions-IAM5', 'AwsSolutions-S1', 'AwsSolutions-SQS3'];
    expect([...new Set(rules)].sort()).toEqual(known);
    expect([...new Set(told)].sort()).toEqual(known);
  });

  it(
    'are alive: an open queue is refused',
    () => {
      const bad = made('bad');
      new Queue(bad.stack, 'Planted');
      expect(() => bad.app.synth()).toThrow(
        expect.objectContaining({ name: 'ValidationFailed' }) as Error,
      );
      const report = readFileSync(join(folder, 'bad/validation-report.json'), 'utf8');
      expect(report).toContain('AwsSolutions-SQS4');
    },
    SYNTH_MS,
  );
});

describe('what keeps data', () => {
  it('seven tables by the keys of the adapter, encrypted, restorable, not to be deleted', () => {
    const tables = all('AWS::DynamoDB::Table');
    expect(tables).toHaveLength(7);
    for (const { name, partition, sort, index } of TABLES) {
      const keys = (hash: string, range?: string) => [
        { AttributeName: hash, KeyType: 'HASH' },
        ...(range === undefined ? [] : [{ AttributeName: range, KeyType: 'RANGE' }]),
      ];
      template.hasResource('AWS::DynamoDB::Table', {
        DeletionPolicy: 'Retain',
        Properties: {
          TableName: `edgewatt-${name}`,
          KeySchema: keys(partition, sort),
          GlobalSecondaryIndexes: [
            Match.objectLike({
              IndexName: index.name,
              KeySchema: keys(index.partition, index.sort),
              Projection: { ProjectionType: 'ALL' },
            }),
          ],
          BillingMode: 'PAY_PER_REQUEST',
          DeletionProtectionEnabled: true,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        },
      });
    }
  });

  it('the lake: versions, age; every bucket closed to the public and to plain HTTP', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({
              ExpirationInDays: 3_653,
              Transitions: [
                { StorageClass: 'STANDARD_IA', TransitionInDays: 90 },
                { StorageClass: 'GLACIER_IR', TransitionInDays: 400 },
              ],
            }),
          ],
        },
      },
    });
    const buckets = all('AWS::S3::Bucket');
    expect(buckets).toHaveLength(3);
    for (const { Properties } of buckets) {
      expect(Properties['PublicAccessBlockConfiguration']).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
    }
    for (const { Properties } of all('AWS::S3::BucketPolicy')) {
      expect(text(Properties)).toContain('"aws:SecureTransport":"false"');
    }
  });

  it('keys that turn, and a trail that cannot be forged unseen', () => {
    for (const { Properties } of all('AWS::KMS::Key')) {
      expect(Properties['EnableKeyRotation']).toBe(true);
    }
    template.hasResourceProperties('AWS::CloudTrail::Trail', {
      EnableLogFileValidation: true,
      IsMultiRegionTrail: true,
      KMSKeyId: Match.anyValue(),
      IsLogging: true,
      EventSelectors: Match.arrayWith([
        Match.objectLike({ DataResources: [Match.objectLike({ Type: 'AWS::S3::Object' })] }),
      ]),
    });
  });
});

describe('the Lambdas', () => {
  it('are the five and the hook, with a queue for what they could not take', () => {
    const names = all('AWS::Lambda::Function').map((one) => one.Properties['FunctionName']);
    expect(names.sort()).toEqual(LAMBDAS.map((name) => `edgewatt-${name}`).sort());
    for (const { Properties } of all('AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        TracingConfig: { Mode: 'Active' },
      });
      expect(Properties['DeadLetterConfig']).toBeDefined();
      expect(Properties['KmsKeyArn']).toBeDefined();
    }
  });

  it.each([
    ['weatherforecast', ['forecastdata']],
    ['historicaldata', ['energymetrics']],
    ['tradingapi', ['consumermetrics', 'marketdata', 'producermetrics', 'tradedata']],
    ['gridmanagement', ['gridmetrics']],
    ['energytradingactions', ['tradedata']],
    ['provisioninghook', ['gridmetrics']],
  ])('%s may use its tables alone', (role, tables) => {
    const statements = statementsOf(new RegExp(`Role${role}`));
    const used = [...text(statements).matchAll(/Table([a-z]+data|[a-z]+metrics)/g)];
    expect([...new Set(used.map((match) => match[1]))].sort()).toEqual(tables);
  });

  it('no role may do everything, or anything to everything but leave traces', () => {
    const open = all('AWS::IAM::Policy')
      .flatMap((one) => (one.Properties['PolicyDocument'] as { Statement: Statement[] }).Statement)
      .filter(({ Action, Resource }) => text(Action).includes('*') || list(Resource).includes('*'));
    const actions = open.flatMap(({ Action }) => list(Action));
    expect([...new Set(actions)].sort()).toEqual([
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
    for (const { Properties } of all('AWS::IAM::Role')) {
      expect(Properties['ManagedPolicyArns']).toBeUndefined();
    }
  });
});

describe('the ways in', () => {
  it('the API has the routes of the handlers, each behind a token', () => {
    const routes = all('AWS::ApiGatewayV2::Route');
    const wanted = Object.values(ROUTES)
      .flat()
      .map(({ path, post }) => `${post ? 'POST' : 'GET'} ${path}`);
    expect(routes.map((one) => one.Properties['RouteKey']).sort()).toEqual(wanted.sort());
    for (const { Properties } of routes) expect(Properties['AuthorizationType']).toBe('JWT');
    template.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      AccessLogSettings: Match.objectLike({ DestinationArn: Match.anyValue() }),
      DefaultRouteSettings: Match.objectLike({ ThrottlingRateLimit: 50 }),
    });
  });

  it('a rule for each class that the topics have, with an error action and a permission', () => {
    const gateway = topicsOf('gw');
    const zone = zoneOf('z');
    const heard = [gateway.telemetry, gateway.status, gateway.a2aRequest, gateway.statement];
    const kinds = [...heard, zone.forecast, zone.market].map((topic) => topic.split('/').at(-1));
    expect(Object.keys(RULES).sort()).toEqual(kinds.sort());
    const rules = all('AWS::IoT::TopicRule');
    expect(rules).toHaveLength(kinds.length);
    const fields = Object.keys(ruleEvent(gateway.telemetry, {})).sort();
    for (const { Properties } of rules) {
      const payload = Properties['TopicRulePayload'] as { Sql: string; ErrorAction: object };
      expect(payload.Sql).toMatch(/ FROM 'ew\/v1\/demo\/\+\/[a-z2-]+'$/);
      expect([...payload.Sql.matchAll(/ AS (\w+)/g)].map((match) => match[1]).sort()).toEqual(
        fields,
      );
      expect(payload.ErrorAction).toHaveProperty('Sqs');
    }
    const iot = all('AWS::Lambda::Permission').filter(
      (one) => one.Properties['Principal'] === 'iot.amazonaws.com',
    );
    expect(iot).toHaveLength(kinds.length + 1);
    for (const { Properties } of iot) {
      expect(Properties['SourceArn']).toBeDefined();
      expect(Properties['SourceAccount']).toEqual({ Ref: 'AWS::AccountId' });
    }
  });

  it('a policy for gateways, one for the cloud, one for claims: those that are tested', () => {
    const at = 'arn:aws:iot:eu-central-1:111122223333';
    const plain = (value: unknown): unknown =>
      JSON.parse(
        text(value).replaceAll(/\{"Fn::Join":\["",(\[.*?\])\]\}/g, (_, parts: string) => {
          const joined = parts.replaceAll(/\{"Ref":"AWS::(\w+)"\}/g, (_all, name: string) =>
            text({ Partition: 'aws', Region: 'eu-central-1', AccountId: '111122223333' }[name]),
          );
          return text((JSON.parse(joined) as string[]).join(''));
        }),
      );
    const made = all('AWS::IoT::Policy').map((one) => [
      one.Properties['PolicyName'],
      plain(one.Properties['PolicyDocument']),
    ]);
    expect(Object.fromEntries(made)).toEqual({
      'edgewatt-gateway': gatewayPolicy(at, 'demo'),
      'edgewatt-cloud': cloudPolicy(at, 'demo'),
      'edgewatt-claim': claimPolicy(at, 'edgewatt-gateway'),
    });
  });

  it('provisioning asks the hook, and gives the policy of gateways', () => {
    template.hasResourceProperties('AWS::IoT::ProvisioningTemplate', {
      Enabled: true,
      PreProvisioningHook: { PayloadVersion: '2020-04-01', TargetArn: Match.anyValue() },
      TemplateBody: Match.serializedJson(
        Match.objectLike({
          Resources: Match.objectLike({
            policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'edgewatt-gateway' } },
          }),
        }),
      ),
    });
  });
});

describe('the agents', () => {
  it('are five, each by its file, with a production alias and the functions of its Lambdas', () => {
    const agents = all('AWS::Bedrock::Agent');
    expect(agents).toHaveLength(5);
    expect(all('AWS::Bedrock::AgentAlias').map((one) => one.Properties['AgentAliasName'])).toEqual(
      Array.from({ length: 5 }, () => 'production'),
    );
    for (const { name, folder: place, lambdas } of AGENTS) {
      const agent = agents.find((one) => one.Properties['AgentName'] === `edgewatt-${name}`);
      const instruction = String(agent?.Properties['Instruction']);
      expect(instruction).toContain(readFileSync(`${place}/instructions.md`, 'utf8').trim());
      expect(instruction.length).toBeLessThanOrEqual(20_000);
      const groups = agent?.Properties['ActionGroups'] as {
        ActionGroupName: string;
        FunctionSchema: { Functions: { Name: string }[] };
      }[];
      expect(groups.map((one) => one.ActionGroupName)).toEqual([...lambdas]);
      for (const group of groups) {
        const open = ROUTES[group.ActionGroupName as (typeof lambdas)[number]]
          .filter((route) => route.agent === true)
          .map((route) => route.action);
        expect(group.FunctionSchema.Functions.map((one) => one.Name)).toEqual(open);
      }
    }
  });

  it('may use one model and may be asked by Bedrock of this account alone', () => {
    for (const statement of statementsOf(/AgentRole/)) {
      if (text(statement.Action).includes('bedrock')) {
        expect(text(statement.Resource)).toContain('foundation-model/some.model-v1:0');
      }
    }
    const asked = all('AWS::Lambda::Permission').filter(
      (one) => one.Properties['Principal'] === 'bedrock.amazonaws.com',
    );
    expect(asked).toHaveLength(AGENTS.flatMap((one) => one.lambdas).length);
    for (const { Properties } of asked) expect(Properties['SourceArn']).toBeDefined();
  });
});

it('there is an alarm for each Lambda, rule and table, for the queue and the API', () => {
  const alarms = all('AWS::CloudWatch::Alarm');
  expect(alarms).toHaveLength(LAMBDAS.length + Object.keys(RULES).length + TABLES.length + 2);
  for (const { Properties } of alarms) expect(list(Properties['AlarmActions'])).toHaveLength(1);
  const [topic, ...others] = all('AWS::SNS::Topic');
  expect([others.length, topic?.Properties['KmsMasterKeyId']]).toEqual([0, expect.anything()]);
  const [dashboard, ...more] = all('AWS::CloudWatch::Dashboard');
  expect(more).toEqual([]);
  const shown = text(dashboard?.Properties['DashboardBody']);
  for (const kind of Object.keys(RULES)) {
    expect(shown).toContain(`edgewatt_${kind.replaceAll('-', '_')}`);
  }
  for (const id of [...LAMBDAS, ...TABLES.map(({ name }) => name)]) {
    expect(shown, id).toContain(id.replaceAll('-', ''));
  }
});
