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
  readonly Version?: string;
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

/** In a resource: the thing that the connection's certificate belongs to. */
export const THING = `\${iot:Connection.Thing.ThingName}`;

const list = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value;

/**
 * Thing variables resolve only when the client id is the thing's name; a resource with a variable
 * that does not resolve matches nothing.
 */
function substitute(pattern: string, connection: Connection): string | undefined {
  const { clientId, thing } = connection;
  let known = true;
  const text = pattern.replace(/\$\{([^}]*)\}/g, (_all, name: string) => {
    if (name === 'iot:ClientId') return clientId;
    if (name === 'iot:Connection.Thing.ThingName' && thing === clientId) return clientId;
    known = false;
    return '';
  });
  return known ? text : undefined;
}

const ESCAPE = /[.+^${}()|[\]\\]/g;

function resourceMatches(pattern: string, wanted: string, connection: Connection): boolean {
  const text = substitute(pattern, connection);
  if (text === undefined) return false;
  if (text === '*') return true;
  const name = text.split(':').slice(5).join(':'); // region and account are nobody's here
  const source = name.replace(ESCAPE, '\\$&').replaceAll('*', '.*').replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(wanted);
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
