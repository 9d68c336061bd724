import type { Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnProvisioningTemplate, CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import { RULES } from '../handlers/routes.ts';
import type { Data } from './data.ts';
import { explain } from './explained.ts';
import { claimPolicy, cloudPolicy, gatewayPolicy, provisioningTemplate } from './iot-policies.ts';
import type { Lambdas } from './lambdas.ts';
import type { InfraOptions } from './options.ts';

export const ruleName = (name: string, kind: string): string =>
  `${name}_${kind}`.replaceAll('-', '_');

/** Every field is named, and the payload is one of them: see cloud/handlers/event.ts. */
export const sqlOf = (tenant: string, kind: string): string =>
  "SELECT encode(*, 'base64') AS payload, topic(3) AS tenant, topic(4) AS who, " +
  `topic(5) AS kind, timestamp() AS receivedAtMs FROM 'ew/v1/${tenant}/+/${kind}'`;

export function makeIot(stack: Stack, options: InfraOptions, data: Data, lambdas: Lambdas): void {
  makePolicies(stack, options, lambdas);
  const { name, config } = options;
  const errors = errorRole(stack, data);
  for (const [kind, lambda] of Object.entries(RULES)) {
    const rule = new CfnTopicRule(stack, `Rule-${kind}`, {
      ruleName: ruleName(name, kind),
      topicRulePayload: {
        sql: sqlOf(config.tenant, kind),
        awsIotSqlVersion: '2016-03-23',
        actions: [{ lambda: { functionArn: lambdas[lambda].functionArn } }],
        errorAction: {
          sqs: { queueUrl: data.failures.queueUrl, roleArn: errors.roleArn, useBase64: true },
        },
      },
    });
    lambdas[lambda].addPermission(`Rule-${kind}`, {
      principal: new ServicePrincipal('iot.amazonaws.com'),
      sourceAccount: stack.account,
      sourceArn: rule.attrArn,
    });
  }
}

function makePolicies(stack: Stack, { name, config }: InfraOptions, lambdas: Lambdas): void {
  const base = `arn:${stack.partition}:iot:${stack.region}:${stack.account}`;
  const templateName = `${name}-gateway`;
  const gateway = new CfnPolicy(stack, 'GatewayPolicy', {
    policyName: templateName,
    policyDocument: gatewayPolicy(base, config.tenant),
  });
  new CfnPolicy(stack, 'CloudPolicy', {
    policyName: `${name}-cloud`,
    policyDocument: cloudPolicy(base, config.tenant),
  });
  new CfnPolicy(stack, 'ClaimPolicy', {
    policyName: `${name}-claim`,
    policyDocument: claimPolicy(base, templateName),
  });
  const hook = lambdas['provisioning-hook'];
  const template = new CfnProvisioningTemplate(stack, 'ProvisioningTemplate', {
    templateName,
    description: 'A gateway that the registry knows becomes a thing, once',
    enabled: true,
    provisioningRoleArn: provisioningRole(stack, base).roleArn,
    preProvisioningHook: { payloadVersion: '2020-04-01', targetArn: hook.functionArn },
    templateBody: JSON.stringify(provisioningTemplate(templateName)),
  });
  template.addResourceDependency(gateway);
  hook.addPermission('Provisioning', {
    principal: new ServicePrincipal('iot.amazonaws.com'),
    sourceAccount: stack.account,
    sourceArn: `${base}:provisioningtemplate/${templateName}`,
  });
}

/** In place of AWS's own policy for this, which may touch every policy and every group. */
function provisioningRole(stack: Stack, base: string): Role {
  const role = new Role(stack, 'ProvisioningRole', {
    assumedBy: new ServicePrincipal('iot.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
  });
  role.addToPolicy(
    new PolicyStatement({
      actions: [
        'iot:AttachPolicy',
        'iot:AttachThingPrincipal',
        'iot:CreateThing',
        'iot:DescribeCertificate',
        'iot:DescribeThing',
        'iot:ListThingPrincipals',
        'iot:UpdateCertificate',
        'iot:UpdateThing',
      ],
      resources: [`${base}:thing/*`, `${base}:cert/*`],
    }),
  );
  const why = 'Things and certificates have no name before they are made; the hook says which may.';
  explain(role, {
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:thing/*]':
      why,
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iot:<AWS::Region>:<AWS::AccountId>:cert/*]':
      why,
  });
  return role;
}

/** What a rule could not hand over goes to the queue for failures. */
function errorRole(stack: Stack, data: Data): Role {
  const role = new Role(stack, 'RuleErrorRole', {
    assumedBy: new ServicePrincipal('iot.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
    }),
  });
  role.addToPolicy(
    new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [data.failures.queueArn] }),
  );
  role.addToPolicy(
    new PolicyStatement({
      actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
      resources: [data.key.keyArn],
    }),
  );
  return role;
}
