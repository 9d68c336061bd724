import { z } from 'zod';

/** Who asks through the API, as the token's issuer says; nothing in it comes from the caller. */
export interface Person {
  readonly role: 'operator' | 'participant';
  readonly participant: string; // '' for an operator
}

export type Fields = Readonly<Record<string, unknown>>;

/** What a Lambda is asked: over the API, by an agent, or by a rule with what a gateway said. */
export type Call =
  | { readonly via: 'api'; readonly route: string; readonly fields: Fields; readonly by?: Person }
  | { readonly via: 'agent'; readonly action: string; readonly fields: Fields }
  | {
      readonly via: 'rule';
      readonly tenant: string;
      readonly who: string; // the topic's owner: what the certificate may publish to
      readonly kind: string; // of message, the topic's last level
      readonly atMs: number;
      readonly payload: unknown;
    };

const text = z.string();
const texts = z.record(text, text);

/** API Gateway, HTTP API, payload format 2.0. */
const apiEvent = z.object({
  version: z.literal('2.0'),
  routeKey: text,
  pathParameters: texts.optional(),
  queryStringParameters: texts.optional(),
  body: z.string().max(262_144).optional(),
  isBase64Encoded: z.boolean(),
  requestContext: z.object({
    authorizer: z
      .object({ jwt: z.object({ claims: z.record(text, z.unknown()) }).optional() })
      .optional(),
  }),
});

/** Bedrock agent, action group with function details. */
const agentEvent = z.object({
  messageVersion: z.literal('1.0'),
  agent: z.object({ name: text, id: text, alias: text, version: text }),
  actionGroup: text,
  function: text,
  parameters: z.array(z.object({ name: text, type: text, value: text })).optional(),
  sessionAttributes: texts.optional(),
  promptSessionAttributes: texts.optional(),
});
export type AgentEvent = z.infer<typeof agentEvent>;

/**
 * Topic rule. Its SQL names every field, and the payload is one of them, encoded: nothing that a
 * gateway says can pass for anything else.
 */
const ruleEvent = z.strictObject({
  tenant: text,
  who: text,
  kind: text,
  receivedAtMs: z.int().nonnegative(),
  payload: z.base64(),
});

const claims = z.object({
  edgewatt_role: z.enum(['operator', 'participant']),
  edgewatt_participant: z.string().max(64).optional(),
});

/** @returns undefined for anything that is none of the three */
export function readEvent(event: unknown): { call: Call; agent?: AgentEvent } | undefined {
  const api = apiEvent.safeParse(event);
  if (api.success) return { call: apiCall(api.data) };
  const agent = agentEvent.safeParse(event);
  if (agent.success) {
    const fields = Object.fromEntries(
      (agent.data.parameters ?? []).map(({ name, value }) => [name, value]),
    );
    return { call: { via: 'agent', action: agent.data.function, fields }, agent: agent.data };
  }
  const rule = ruleEvent.safeParse(event);
  if (!rule.success) return undefined;
  const { tenant, who, kind, receivedAtMs, payload } = rule.data;
  const said = parsed(Buffer.from(payload, 'base64').toString('utf8'));
  return { call: { via: 'rule', tenant, who, kind, atMs: receivedAtMs, payload: said } };
}

function apiCall(event: z.infer<typeof apiEvent>): Call {
  const encoded = event.isBase64Encoded ? 'base64' : 'utf8';
  const body = parsed(Buffer.from(event.body ?? '', encoded).toString('utf8'));
  const person = claims.safeParse(event.requestContext.authorizer?.jwt?.claims).data;
  const participant = person?.edgewatt_participant ?? '';
  const known = person?.edgewatt_role === 'operator' || participant !== '';
  return {
    via: 'api',
    route: event.routeKey,
    fields: {
      ...(typeof body === 'object' && body !== null && !Array.isArray(body) && body),
      ...event.queryStringParameters,
      ...event.pathParameters,
    },
    ...(person && known && { by: { role: person.edgewatt_role, participant } }),
  };
}

/** undefined where it is not JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
