import { z } from 'zod';
import { type AgentEvent, type Call, type Person, readEvent } from './event.ts';
import { openPorts, type Ports } from './ports.ts';
import { type LambdaName, ROUTES } from './routes.ts';

/** What a person or an agent may not have, or what is not there; the text is for them. */
export class Refusal extends Error {
  readonly status: 400 | 403 | 404;

  constructor(status: 400 | 403 | 404, text: string) {
    super(text);
    this.status = status;
  }
}

/** Answers one action. `by` is undefined for an agent, which sees nothing of a single site. */
export type Action = (
  fields: Record<string, unknown>,
  ports: Ports,
  by: Person | undefined,
) => Promise<unknown>;

/** Takes what a gateway or the cloud said on a topic; repeated, it has no second effect. */
export type Taking = (
  said: { readonly who: string; readonly payload: unknown; readonly atMs: number },
  ports: Ports,
) => Promise<'taken' | 'refused'>;

interface Work {
  readonly actions: Readonly<Record<string, Action>>;
  readonly rules: Readonly<Record<string, Taking>>;
}

export type Handler = (event: unknown) => Promise<unknown>;

/** Bedrock takes 25 KB of an answer, with its frame. */
const AGENT_BYTES_MAX = 24_000;

let opened: { readonly key: string; readonly ports: Promise<Ports> } | undefined;

/** Opened with the first call. */
export function portsOfProcess(): Promise<Ports> {
  const { EDGEWATT_CONFIG, EDGEWATT_TABLES, EDGEWATT_LAKE } = process.env;
  const key = [EDGEWATT_CONFIG, EDGEWATT_TABLES, EDGEWATT_LAKE].join(' ');
  if (opened?.key !== key) {
    opened = { key, ports: openPorts(process.env) };
    opened.ports.catch(() => {
      opened = undefined; // the next call tries again
    });
  }
  return opened.ports;
}

/**
 * The entry of one Lambda. A caller's mistake is an answer; anything else is thrown, so that the
 * event is tried again and at last kept by the queue for failures.
 */
export function lambda(name: LambdaName, work: Work): Handler {
  return async (event) => {
    const read = readEvent(event);
    if (read === undefined) throw new Error(`${name}: an event of unknown form`);
    const ports = await portsOfProcess();
    const { call, agent } = read;
    if (call.via === 'rule') return take(name, work, call, ports);
    const answer = await answered(() => act(name, work, call, ports));
    return agent === undefined ? apiAnswer(answer) : agentAnswer(agent, answer);
  };
}

async function take(
  name: string,
  work: Work,
  call: Call & { via: 'rule' },
  ports: Ports,
): Promise<{ result: 'taken' | 'refused' }> {
  const taking = work.rules[call.kind];
  const isOurs = call.tenant === ports.tenant && taking !== undefined;
  const result = isOurs ? await taking(call, ports) : 'refused';
  if (result === 'refused') log({ level: 'warn', lambda: name, refused: call.kind, who: call.who });
  return { result };
}

async function act(
  name: LambdaName,
  work: Work,
  call: Exclude<Call, { via: 'rule' }>,
  ports: Ports,
): Promise<unknown> {
  const route = ROUTES[name].find((one) =>
    call.via === 'agent'
      ? one.action === call.action && one.agent === true
      : call.route === `${one.post ? 'POST' : 'GET'} ${one.path}`,
  );
  const action = route && work.actions[route.action];
  if (route === undefined || action === undefined)
    throw new Refusal(404, 'there is no such action');
  if (call.via === 'api' && call.by === undefined) {
    throw new Refusal(403, 'the token names neither an operator nor a participant');
  }
  const known = Object.entries(call.fields).filter(([field]) => field in route.parameters);
  if (known.length < Object.keys(call.fields).length) {
    const names = Object.keys(route.parameters).join(', ');
    throw new Refusal(400, `an unknown parameter: known are ${names}`);
  }
  return action(Object.fromEntries(known), ports, call.via === 'api' ? call.by : undefined);
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function answered(run: () => Promise<unknown>): Promise<Answer> {
  try {
    return { status: 200, body: await run() };
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, body: { error: error.message } };
    throw error;
  }
}

const apiAnswer = ({ status, body }: Answer) => ({
  statusCode: status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify(body),
});

function agentAnswer(event: AgentEvent, { status, body }: Answer) {
  const whole = JSON.stringify(body);
  const fits = Buffer.byteLength(whole) <= AGENT_BYTES_MAX;
  const text = fits ? whole : JSON.stringify({ error: 'too much to answer: ask for fewer hours' });
  return {
    messageVersion: '1.0',
    response: {
      actionGroup: event.actionGroup,
      function: event.function,
      functionResponse: {
        ...((status !== 200 || !fits) && { responseState: 'REPROMPT' }),
        responseBody: { TEXT: { body: text } },
      },
    },
    sessionAttributes: event.sessionAttributes ?? {},
    promptSessionAttributes: event.promptSessionAttributes ?? {},
  };
}

/** @throws Refusal that names the field and what is wrong with it */
export function checked<T>(schema: z.ZodType<T>, fields: unknown): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new Refusal(400, `${first?.path.join('.') ?? ''}: ${first?.message ?? 'not understood'}`);
}

const id = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, dashes, underscores');

/** Parameters of many actions; numbers come as text, from addresses and from agents. */
export const given = {
  id,
  hours: z.coerce.number().int().min(1).max(48).default(24),
  watts: z.coerce.number().min(0).max(1e9),
} as const;

/** @throws Refusal 404 */
export function zoneOf(ports: Ports, id: string) {
  const zone = ports.zones.get(id);
  if (zone === undefined) throw new Refusal(404, 'there is no such zone');
  return zone;
}

/** Operators see all, a participant what is its own; whose it is the registry says. */
export function mayRead(by: Person | undefined, participant: string): void {
  if (by?.role === 'operator') return;
  if (by?.role === 'participant' && by.participant === participant) return;
  throw new Refusal(403, 'this belongs to another participant');
}

function log(line: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
