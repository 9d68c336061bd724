/**
 * AWS IoT policies, as far as gateways need them: Allow and Deny, actions, resources with `*` and
 * `?`, and the variables of the connection. Conditions are refused when a policy is read.
 */
export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
}

export interface Policy {
  readonly Version?: '2012-10-17' | undefined;
  readonly Statement: readonly PolicyStatement[];
}

/** What the variables of a policy stand for. */
export interface Connection {
  readonly clientId: string;
  readonly thing: string | undefined; // the thing the certificate is attached to
}

type Kind = 'client' | 'topic' | 'topicfilter';
type Action = 'Connect' | 'Publish' | 'RetainPublish' | 'Receive' | 'Subscribe';

const ARN = 'arn:aws:iot:*:*:';

/** The resource of a policy for tests and the demo, in the region and account of nobody. */
export const resource = (kind: Kind, name: string): string => `${ARN}${kind}/${name}`;

const CLIENT = `\${iot:ClientId}`;
/** In a resource: the thing that the connection's certificate belongs to. */
export const THING = `\${iot:Connection.Thing.ThingName}`;

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

const VARIABLE = /(\$\{[^}]*\})/;
const ESCAPE = /[.*+?^${}()|[\]\\]/g;

const literal = (text: string): string => text.replace(ESCAPE, '\\$&');

/** Thing variables resolve only when the client id is the thing's name. */
function meant(variable: string, { clientId, thing }: Connection): string | undefined {
  if (variable === CLIENT) return clientId;
  return variable === THING && thing === clientId ? clientId : undefined;
}

/**
 * A resource as an expression: `*` and `?` of the policy are wildcards, those in the value of a
 * variable are letters. @returns undefined when a variable does not resolve: it matches nothing
 */
function expression(name: string, connection: Connection): RegExp | undefined {
  let source = '';
  for (const part of name.split(VARIABLE)) {
    if (!VARIABLE.test(part)) {
      source += literal(part).replaceAll('\\*', '.*').replaceAll('\\?', '.');
      continue;
    }
    const value = meant(part, connection);
    if (value === undefined) return undefined;
    source += literal(value);
  }
  return new RegExp(`^${source}$`, 's');
}

function resourceMatches(pattern: string, wanted: string, connection: Connection): boolean {
  if (pattern === '*') return true;
  const name = pattern.split(':').slice(5).join(':'); // region and account are nobody's here
  return expression(name, connection)?.test(wanted) === true;
}

/** Deny wins, and what nothing allows is denied. MQTT wildcards in a resource are plain letters. */
export function permits(
  policies: readonly Policy[],
  action: Action,
  [kind, name]: readonly [Kind, string],
  connection: Connection,
): boolean {
  const applies = (statement: PolicyStatement): boolean =>
    list(statement.Action).some((one) => one === `iot:${action}` || one === 'iot:*') &&
    list(statement.Resource).some((one) => resourceMatches(one, `${kind}/${name}`, connection));
  const hits = policies.flatMap((policy) => policy.Statement).filter(applies);
  return hits.length > 0 && hits.every((statement) => statement.Effect === 'Allow');
}
