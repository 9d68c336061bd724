import { join } from 'node:path';
import { type CfnElement, Duration, type Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as Lambda, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LAMBDAS } from './bundle.ts';
import { type Data, makeLogs } from './data.ts';
import { explain } from './explained.ts';
import type { InfraOptions } from './options.ts';

export type LambdaId = (typeof LAMBDAS)[number];
export type Lambdas = Readonly<Record<LambdaId, Lambda>>;

interface Needs {
  readonly tables: readonly string[];
  readonly actions: readonly string[];
  readonly writesLake?: true;
}

const READ = ['dynamodb:GetItem', 'dynamodb:Query'];
const PUT = 'dynamodb:PutItem';

/** What each may do, and nothing else. */
const NEEDS: Readonly<Record<LambdaId, Needs>> = {
  'weather-forecast': { tables: ['forecast-data'], actions: [...READ, PUT] },
  'historical-data': { tables: ['energy-metrics'], actions: [...READ, PUT], writesLake: true },
  'trading-api': {
    tables: ['market-data', 'trade-data', 'producer-metrics', 'consumer-metrics'],
    actions: [...READ, PUT, 'dynamodb:DeleteItem'],
  },
  'grid-management': { tables: ['grid-metrics'], actions: [...READ, PUT] },
  'energy-trading-actions': { tables: ['trade-data'], actions: [PUT] },
  'provisioning-hook': { tables: ['grid-metrics'], actions: ['dynamodb:GetItem', PUT] },
};

export function makeLambdas(stack: Stack, options: InfraOptions, data: Data): Lambdas {
  const made = LAMBDAS.map((id) => [id, makeLambda(stack, options, data, id)] as const);
  return Object.fromEntries(made) as Record<LambdaId, Lambda>;
}

function makeLambda(stack: Stack, options: InfraOptions, data: Data, id: LambdaId): Lambda {
  const { name, bundles } = options;
  const logGroup = makeLogs(stack, `Logs-${id}`, `/${name}/lambda/${id}`, data.key);
  const role = new Role(stack, `Role-${id}`, {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
  });
  const lambda = new Lambda(stack, `Lambda-${id}`, {
    functionName: `${name}-${id}`,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    handler: 'index.handler',
    code: Code.fromAsset(join(bundles, id)),
    role,
    logGroup,
    memorySize: 512,
    timeout: id === 'provisioning-hook' ? Duration.seconds(5) : Duration.seconds(30),
    tracing: Tracing.ACTIVE,
    environmentEncryption: data.key,
    environment: {
      EDGEWATT_CONFIG: '/var/task/cloud.yaml',
      EDGEWATT_TABLES: `dynamodb:${name}-`,
      EDGEWATT_LAKE: `s3:${data.lake.bucketName}`,
    },
    deadLetterQueue: data.failures,
    retryAttempts: 2,
    maxEventAge: Duration.hours(6),
  });
  grant(stack, role, data, NEEDS[id]);
  role.addToPolicy(
    new PolicyStatement({
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [logGroup.logGroupArn],
    }),
  );
  const lake = stack.getLogicalId(data.lake.node.defaultChild as CfnElement);
  explain(role, {
    'AwsSolutions-IAM5[Resource::*]': 'X-Ray takes traces under no resource of its own.',
    ...(NEEDS[id].writesLake && {
      [`AwsSolutions-IAM5[Resource::<${lake}.Arn>/telemetry/*]`]:
        'The names of the parts follow from what is in them; it may write nothing else.',
    }),
  });
  return lambda;
}

function grant(stack: Stack, role: Role, data: Data, needs: Needs): void {
  const resources = needs.tables.flatMap((name) => {
    const table = data.tables.get(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    const index = name === 'energy-metrics' ? 'by-place' : 'by-kind';
    const indexed = needs.actions.includes('dynamodb:Query');
    return [table.tableArn, ...(indexed ? [`${table.tableArn}/index/${index}`] : [])];
  });
  role.addToPolicy(new PolicyStatement({ actions: [...needs.actions], resources }));
  role.addToPolicy(
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      resources: [data.key.keyArn],
      conditions: {
        StringEquals: {
          'kms:ViaService': ['dynamodb', 's3', 'sqs', 'lambda'].map(
            (service) => `${service}.${stack.region}.amazonaws.com`,
          ),
        },
      },
    }),
  );
  if (needs.writesLake !== true) return;
  role.addToPolicy(
    new PolicyStatement({
      actions: ['s3:PutObject'],
      resources: [data.lake.arnForObjects('telemetry/*')],
    }),
  );
}
