import { Duration, type Stack } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RULES } from '../handlers/routes.ts';
import type { Data } from './data.ts';
import { ruleName } from './iot.ts';
import type { Lambdas } from './lambdas.ts';

const period = Duration.minutes(5);

interface Watched {
  readonly stack: Stack;
  readonly name: string;
  readonly data: Data;
  readonly lambdas: Lambdas;
  readonly api: HttpApi;
}

/** A dashboard for the operator, and an alarm for each way in which data could be lost. */
export function makeWatch({ stack, name, data, lambdas, api }: Watched): void {
  const topic = new Topic(stack, 'Alarms', {
    topicName: `${name}-alarms`,
    masterKey: data.key,
    enforceSSL: true,
  });
  data.key.grantEncryptDecrypt(new ServicePrincipal('cloudwatch.amazonaws.com'));
  const errors = Object.entries(lambdas).map(
    ([id, lambda]) => [id, lambda.metricErrors({ period, label: id })] as const,
  );
  const failed = Object.keys(RULES).map((kind) => [kind, ruleFailures(name, kind)] as const);
  const throttled = [...data.tables].map(
    ([id, { tableName }]) => [id, throttles(tableName, id)] as const,
  );
  const waiting = data.failures.metricApproximateNumberOfMessagesVisible({ period });
  const alarm = (id: string, metric: IMetric, what: string): void => {
    new Alarm(stack, `Alarm-${id}`, {
      alarmName: `${name}-${id}`,
      alarmDescription: what,
      metric,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    }).addAlarmAction(new SnsAction(topic));
  };
  for (const [id, metric] of errors) alarm(`lambda-${id}`, metric, `${id} failed`);
  for (const [kind, metric] of failed) {
    alarm(`rule-${kind}`, metric, `the rule for ${kind} could not hand over a message`);
  }
  for (const [id, metric] of throttled) alarm(`table-${id}`, metric, `${id} refused writes`);
  alarm('failures', waiting, 'messages wait in the queue for failures: 14 days to bring them back');
  alarm('api', api.metricServerError({ period }), 'the API failed');
  const graph = (title: string, left: IMetric[]) => new GraphWidget({ title, left, width: 12 });
  new Dashboard(stack, 'Dashboard', {
    dashboardName: name,
    widgets: [
      [
        graph(
          'Messages taken',
          Object.values(lambdas).map((one) => one.metricInvocations({ period })),
        ),
        graph(
          'Errors of Lambdas',
          errors.map(([, metric]) => metric),
        ),
      ],
      [
        graph(
          'Failures of rules',
          failed.map(([, metric]) => metric),
        ),
        graph('Queue for failures', [waiting]),
      ],
      [
        graph(
          'Refused by tables',
          throttled.map(([, metric]) => metric),
        ),
        graph('API', [api.metricCount({ period }), api.metricServerError({ period })]),
      ],
    ],
  });
}

const ruleFailures = (name: string, kind: string): Metric =>
  new Metric({
    namespace: 'AWS/IoT',
    metricName: 'Failure',
    dimensionsMap: { RuleName: ruleName(name, kind), ActionType: 'Lambda' },
    statistic: 'Sum',
    period,
    label: kind,
  });

const throttles = (TableName: string, label: string): Metric =>
  new Metric({
    namespace: 'AWS/DynamoDB',
    metricName: 'WriteThrottleEvents',
    dimensionsMap: { TableName },
    statistic: 'Sum',
    period,
    label,
  });
