import { Duration, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { ReadWriteType, Trail } from 'aws-cdk-lib/aws-cloudtrail';
import { AttributeType, BillingMode, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { explain } from './explained.ts';
import { TABLES, type TableShape } from './tables.ts';

/** What everything else reads and writes. */
export interface Data {
  readonly key: Key;
  readonly tables: ReadonlyMap<string, Table>;
  readonly lake: Bucket;
  readonly failures: Queue; // what no Lambda could take, for 14 days
}

/** Tables, lake, keys and the audit trail. All of it outlives the stack. */
export function makeData(stack: Stack, name: string): Data {
  const key = new Key(stack, 'DataKey', {
    alias: `${name}/data`,
    description: 'Tables, lake, queues, logs and agents of Edgewatt',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  logsMayUse(key, stack, name);
  const access = accessLogs(stack);
  const lake = makeLake(stack, key, access);
  const failures = makeFailures(stack, key);
  const tables = new Map(TABLES.map((shape) => [shape.name, makeTable(stack, name, key, shape)]));
  makeTrail(stack, name, access, lake);
  return { key, tables, lake, failures };
}

function makeTable(stack: Stack, name: string, key: Key, shape: TableShape): Table {
  const text = (attribute: string) => ({ name: attribute, type: AttributeType.STRING });
  const table = new Table(stack, `Table-${shape.name}`, {
    tableName: `${name}-${shape.name}`,
    partitionKey: text(shape.partition),
    ...(shape.sort !== undefined && { sortKey: text(shape.sort) }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    encryption: TableEncryption.CUSTOMER_MANAGED,
    encryptionKey: key,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({
    indexName: shape.index.name,
    partitionKey: text(shape.index.partition),
    sortKey: text(shape.index.sort),
  });
  return table;
}

/** The CDK's own types differ in what `undefined` means to an optional property. */
const asPort = (bucket: Bucket): IBucket => bucket as IBucket;

const closed = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const;

function accessLogs(stack: Stack): Bucket {
  const bucket = new Bucket(stack, 'AccessLogs', {
    ...closed,
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ expiration: Duration.days(400) }],
  });
  explain(bucket, {
    'AwsSolutions-S1': 'It takes the access logs of the others; its own would never end.',
  });
  return bucket;
}

/** Young parts are read often, old ones hardly ever; after ten years nobody asks. */
function makeLake(stack: Stack, key: Key, access: Bucket): Bucket {
  return new Bucket(stack, 'Lake', {
    ...closed,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    bucketKeyEnabled: true,
    versioned: true,
    serverAccessLogsBucket: asPort(access),
    serverAccessLogsPrefix: 'lake/',
    lifecycleRules: [
      {
        id: 'age',
        transitions: [
          { storageClass: StorageClass.INFREQUENT_ACCESS, transitionAfter: Duration.days(90) },
          {
            storageClass: StorageClass.GLACIER_INSTANT_RETRIEVAL,
            transitionAfter: Duration.days(400),
          },
        ],
        expiration: Duration.days(3_653),
        noncurrentVersionExpiration: Duration.days(30),
        abortIncompleteMultipartUploadAfter: Duration.days(2),
      },
    ],
  });
}

function makeFailures(stack: Stack, key: Key): Queue {
  const queue = new Queue(stack, 'Failures', {
    encryption: QueueEncryption.KMS,
    encryptionMasterKey: key,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    removalPolicy: RemovalPolicy.RETAIN,
  });
  explain(queue, {
    'AwsSolutions-SQS3': 'It is the queue for failures; an alarm says when something is in it.',
  });
  return queue;
}

const trailOf = (name: string) => ({
  service: 'cloudtrail',
  resource: 'trail',
  resourceName: name,
});

/** Who changed what, and who read the lake. */
function makeTrail(stack: Stack, name: string, access: Bucket, lake: Bucket): void {
  const key = new Key(stack, 'TrailKey', {
    alias: `${name}/trail`,
    description: 'Audit trail of Edgewatt',
    enableKeyRotation: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const trails = `arn:${stack.partition}:cloudtrail:*:${stack.account}:trail/*`;
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudtrail.amazonaws.com')],
      actions: ['kms:GenerateDataKey*'],
      resources: ['*'],
      conditions: {
        StringLike: { 'kms:EncryptionContext:aws:cloudtrail:arn': trails },
        StringEquals: { 'aws:SourceArn': stack.formatArn(trailOf(name)) },
      },
    }),
  );
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('cloudtrail.amazonaws.com')],
      actions: ['kms:DescribeKey'],
      resources: ['*'],
    }),
  );
  const bucket = new Bucket(stack, 'TrailBucket', {
    ...closed,
    encryption: BucketEncryption.KMS,
    encryptionKey: key,
    versioned: true,
    serverAccessLogsBucket: asPort(access),
    serverAccessLogsPrefix: 'trail/',
    lifecycleRules: [{ expiration: Duration.days(3_653) }],
  });
  const trail = new Trail(stack, 'Trail', {
    trailName: name,
    bucket: asPort(bucket),
    encryptionKey: key,
    enableFileValidation: true,
    isMultiRegionTrail: true,
    managementEvents: ReadWriteType.ALL,
  });
  trail.addS3EventSelector([{ bucket: asPort(lake) }]);
}

function logsMayUse(key: Key, stack: Stack, name: string): void {
  const group = `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:/${name}/*`;
  key.addToResourcePolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: [
        'kms:Encrypt',
        'kms:Decrypt',
        'kms:GenerateDataKey*',
        'kms:ReEncrypt*',
        'kms:Describe*',
      ],
      resources: ['*'],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': group } },
    }),
  );
}

/** Logs are kept for a quarter, under the same key. */
export function makeLogs(stack: Stack, id: string, logGroupName: string, key: Key): LogGroup {
  return new LogGroup(stack, id, {
    logGroupName,
    encryptionKey: key,
    retention: RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}
