import { App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { makeAgents } from './agents.ts';
import { makeApi } from './api.ts';
import { makeData } from './data.ts';
import { makeIot } from './iot.ts';
import { makeLambdas } from './lambdas.ts';
import type { InfraOptions } from './options.ts';
import { makeWatch } from './watch.ts';

/** Everything on AWS, as one stack. `app.synth()` checks it and throws on a finding. */
export function infraApp(options: InfraOptions): { app: App; stack: Stack } {
  const { name, config, out } = options;
  const app = new App({
    outdir: out,
    analyticsReporting: false,
    context: { '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true },
  });
  const stack = new Stack(app, 'Edgewatt', {
    stackName: name,
    description: `Edgewatt, the fleet's side of ${config.tenant}`,
    terminationProtection: true,
  });
  const data = makeData(stack, name);
  const lambdas = makeLambdas(stack, options, data);
  const api = makeApi(stack, options, data, lambdas);
  makeIot(stack, options, data, lambdas);
  makeAgents(stack, options, data, lambdas);
  makeWatch({ stack, name, data, lambdas, api });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack };
}
