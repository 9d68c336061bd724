import type { Stack } from 'aws-cdk-lib';
import {
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { type LambdaName, ROUTES } from '../handlers/routes.ts';
import { type Data, makeLogs } from './data.ts';
import type { Lambdas } from './lambdas.ts';
import type { InfraOptions } from './options.ts';

/** The API for people: every route asks for a token, whose claims say who it is. */
export function makeApi(
  stack: Stack,
  options: InfraOptions,
  data: Data,
  lambdas: Lambdas,
): HttpApi {
  const { name, issuer, audience } = options;
  const api = new HttpApi(stack, 'Api', {
    apiName: name,
    createDefaultStage: false,
    defaultAuthorizer: new HttpJwtAuthorizer('People', issuer, { jwtAudience: [audience] }),
  });
  for (const [lambda, routes] of Object.entries(ROUTES)) {
    const integration = new HttpLambdaIntegration(`To-${lambda}`, lambdas[lambda as LambdaName]);
    for (const { path, post } of routes) {
      const methods = [post ? HttpMethod.POST : HttpMethod.GET];
      api.addRoutes({ path, methods, integration });
    }
  }
  new HttpStage(stack, 'ApiStage', {
    httpApi: api,
    stageName: '$default',
    autoDeploy: true,
    throttle: { rateLimit: 50, burstLimit: 100 },
    accessLogSettings: {
      destination: new LogGroupLogDestination(makeLogs(stack, 'ApiLogs', `/${name}/api`, data.key)),
    },
  });
  return api;
}
