import { Role, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
} from '@a2a-js/sdk/client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type A2aHttp, startA2aHttp } from '../../../cloud/adapters/a2a-http.ts';
import type { A2aDoor } from '../../../cloud/ports.ts';
import { Gateway, QUARTER, T0, type World, world } from '../../world/cloud/fixture.ts';

const SUN = 'token-of-the-sun-gateway';
const WORKS = 'token-of-the-works-gateway';
const MINUTE = 60_000;
const D1 = T0 + 2 * QUARTER;

let side: World;
let http: A2aHttp;
beforeEach(async () => {
  side = world();
  await side.clock.advance(MINUTE);
  http = await startA2aHttp(
    {
      host: '127.0.0.1',
      port: 0,
      clients: [
        { gateway: 'gw-sun', token: SUN },
        { gateway: 'gw-works', token: WORKS },
      ],
    },
    counted(side.cloud.a2a),
  );
});
afterEach(async () => {
  await http.stop();
  expect(side.errors).toEqual([]);
});

let watching = 0;
/** The door, with its watchers counted. */
function counted(door: A2aDoor): A2aDoor {
  watching = 0;
  return {
    ...door,
    watch: (taskId, hear) => {
      watching += 1;
      const stop = door.watch(taskId, hear);
      return () => {
        watching -= 1;
        stop();
      };
    },
  };
}

/** The SDK's own client, with a token on each request. */
function clientOf(agent: string, token = SUN): Promise<Client> {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  };
  const factory = new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver(),
  });
  return factory.createFromUrl(`${http.url}/a2a/${agent}/`);
}

let sequence = 0;
const asked = (data: unknown, wait = false, messageId = `http-${++sequence}`) => ({
  tenant: '',
  message: {
    messageId,
    contextId: '',
    taskId: '',
    role: Role.ROLE_USER,
    parts: [
      {
        content: { $case: 'data' as const, value: data },
        metadata: undefined,
        filename: '',
        mediaType: 'application/json',
      },
    ],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  },
  configuration: {
    acceptedOutputModes: [],
    taskPushNotificationConfig: undefined,
    returnImmediately: !wait,
  },
  metadata: undefined,
});

const orders = (id: string, side = 'sell') => ({
  v: 1,
  kind: 'orders',
  zone: 'z1',
  orders: [
    {
      id,
      interval: { fromMs: D1, durationMs: QUARTER },
      side,
      energyWh: 5_000,
      priceMicroPerKwh: 80_000,
    },
  ],
});

const ALL = {
  tenant: '',
  contextId: '',
  status: TaskState.TASK_STATE_UNSPECIFIED,
  pageToken: '',
  statusTimestampAfter: undefined,
};
const DONE: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

// biome-ignore lint/suspicious/noExplicitAny: what the client gives is looked at from outside
type Seen = any;
const dataOf = (task: Seen) => task.artifacts[0].parts[0].content.value;

test('each agent shows its card, without a token', async () => {
  for (const agent of ['market-supervisor', 'grid', 'forecasting']) {
    const url = `${http.url}/a2a/${agent}/.well-known/agent-card.json`;
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    const card = (await answer.json()) as Seen;
    expect(card).toMatchObject({ name: agent, capabilities: { streaming: true } });
    expect(card.supportedInterfaces[0]).toMatchObject({
      url: `${http.url}/a2a/${agent}/`,
      protocolBinding: 'JSONRPC',
      protocolVersion: '1.0',
    });
    expect(card.supportedInterfaces[1].protocolBinding).toContain('/bindings/mqtt/v1');
    const etag = answer.headers.get('etag') ?? '';
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    expect(again.status).toBe(304);
  }
  expect((await fetch(`${http.url}/a2a/nobody/.well-known/agent-card.json`)).status).toBe(404);
});

test('nobody gets in without a token', async () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${http.url}/a2a/grid/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'a2a-version': '1.0', ...headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ListTasks', params: {} }),
    });
  expect((await post({})).status).toBe(401);
  expect((await post({ authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await post({ authorization: `Bearer ${SUN}` })).status).toBe(200);
  const old = await post({ authorization: `Bearer ${SUN}`, 'a2a-version': '0.2' });
  expect((await old.json()) as Seen).toMatchObject({ error: { code: -32_009 } });
});

describe("with the SDK's client", () => {
  test('send, get, list, and the same message again has one effect', async () => {
    const client = await clientOf('market-supervisor');
    const question = asked(orders('h1'), false, 'msg-once');
    const task: Seen = await client.sendMessage(question);
    expect(task.status.state).toBe(TaskState.TASK_STATE_WORKING);
    expect(dataOf(task)).toMatchObject({ kind: 'receipt', accepted: ['h1'] });
    const again: Seen = await client.sendMessage(question);
    expect(again.id).toBe(task.id);
    const got: Seen = await client.getTask({ tenant: '', id: task.id });
    expect(got.status).toEqual(task.status);
    const listed = await client.listTasks(ALL);
    expect(listed.tasks.map(({ id }) => id)).toEqual([task.id]);
    const others = await (await clientOf('market-supervisor', WORKS)).listTasks(ALL);
    expect(others.tasks).toEqual([]);
    const grid = await (await clientOf('grid')).listTasks(ALL);
    expect(grid.tasks).toEqual([]);
  });

  test("another gateway's task is not found, and a made-up id neither", async () => {
    const task: Seen = await (await clientOf('market-supervisor')).sendMessage(asked(orders('h1')));
    const other = await clientOf('market-supervisor', WORKS);
    await expect(other.getTask({ tenant: '', id: task.id })).rejects.toThrow(/no such task/);
    await expect(
      other.cancelTask({ tenant: '', id: 'task-99', metadata: undefined }),
    ).rejects.toThrow(/no such task/);
  });

  test('cancel takes the orders out, once', async () => {
    const client = await clientOf('market-supervisor');
    const task: Seen = await client.sendMessage(asked(orders('h1')));
    const canceled = await client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    expect(canceled.status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    await expect(
      client.cancelTask({ tenant: '', id: task.id, metadata: undefined }),
    ).rejects.toThrow(/cannot be taken back/);
    await side.clock.advance(D1 - 5 * MINUTE - side.clock.wallMs());
    expect(side.cloud.status().volumeWh).toBe(0);
  });

  test('a stream ends with the gate; a second subscriber sees the same', async () => {
    const client = await clientOf('market-supervisor');
    const stream = client.sendMessageStream(asked(orders('h1')));
    const first: Seen = (await stream.next()).value;
    expect(first.payload.$case).toBe('task');
    const task = first.payload.value;
    const second = client.resubscribeTask({ tenant: '', id: task.id });
    const same: Seen = (await second.next()).value;
    expect(same.payload.value.id).toBe(task.id);
    const rest = Promise.all([collect(stream), collect(second)]);
    await side.clock.advance(D1 - 5 * MINUTE - side.clock.wallMs());
    const [a, b] = await rest;
    expect(a.map(({ payload }) => payload.value.status.state)).toEqual([
      TaskState.TASK_STATE_COMPLETED,
    ]);
    expect(b).toEqual(a);
    await expect(client.resubscribeTask({ tenant: '', id: task.id }).next()).rejects.toThrow(
      /over/,
    );
  });

  test('a caller who hangs up is not kept in mind', async () => {
    const client = await clientOf('market-supervisor');
    const hangUp = new AbortController();
    const stream = client.sendMessageStream(asked(orders('h1')), { signal: hangUp.signal });
    await stream.next();
    expect(watching).toBe(1);
    hangUp.abort();
    await expect.poll(() => watching).toBe(0);
    await stream.next().catch(() => undefined);
  });

  test('who waits for the end gets it', async () => {
    const client = await clientOf('market-supervisor');
    const waiting = client.sendMessage(asked(orders('h1'), true));
    await expect.poll(() => side.cloud.a2a.tasks('gw-sun', 'market-supervisor').length).toBe(1);
    await side.clock.advance(D1 - 5 * MINUTE - side.clock.wallMs());
    const task: Seen = await waiting;
    expect(task.status.state).toBe(TaskState.TASK_STATE_COMPLETED);
  });
});

/** What each agent is asked, and whether its task is over at once. */
const ASKED: readonly (readonly [string, () => unknown, boolean])[] = [
  ['market-supervisor', () => orders(`each-${++sequence}`, 'buy'), false],
  ['grid', () => ({ v: 1, kind: 'get-envelope' }), true],
  ['forecasting', () => ({ v: 1, kind: 'get-forecast' }), true],
];

describe.each(ASKED)("each operation with the SDK's client: %s", (agent, ask, over) => {
  test('card, send, get, list, cancel, stream', async () => {
    const client = await clientOf(agent);
    const card = await client.getAgentCard();
    expect(card).toMatchObject({ name: agent, capabilities: { streaming: true } });
    const task: Seen = await client.sendMessage(asked(ask()));
    expect(DONE.has(task.status.state)).toBe(over);
    expect(await client.getTask({ tenant: '', id: task.id })).toEqual(task);
    const listed = await client.listTasks({ ...ALL, includeArtifacts: true });
    expect(listed.tasks).toEqual([task]);
    expect((await client.listTasks(ALL)).tasks).toEqual([{ ...task, artifacts: [] }]);
    const cancel = () => client.cancelTask({ tenant: '', id: task.id, metadata: undefined });
    if (over) await expect(cancel()).rejects.toThrow(/cannot be taken back/);
    else expect((await cancel()).status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    const stream = client.sendMessageStream(asked(ask()));
    const first: Seen = (await stream.next()).value;
    expect(first.payload.$case).toBe('task');
    const rest = collect(stream);
    if (!over) await side.clock.advance(D1 - 5 * MINUTE - side.clock.wallMs());
    const last = (await rest).at(-1) ?? first;
    expect(DONE.has(last.payload.value.status.state)).toBe(true);
  });

  test('the same over MQTT: send, get, list, cancel, and the end as a notice', async () => {
    const works = new Gateway('gw-works', side.hub);
    await side.clock.advance(1_000);
    const say = async (request: object) => {
      await works.say(works.topics.a2aRequest, { a2aVersion: '1.0', agent, ...request });
      await side.clock.advance(1_000);
      return works.responses().at(-1);
    };
    const message = { messageId: 'm1', role: 'ROLE_USER', parts: [{ data: ask() }] };
    const task = (await say({ method: 'SendMessage', message }))?.task;
    const taskId = task?.id;
    expect((await say({ method: 'GetTask', taskId }))?.task).toEqual(task);
    const { artifacts: _left, ...bareTask } = task ?? { artifacts: [] };
    const listed = await say({ method: 'ListTasks', requestId: 'list-1' });
    expect(listed).toMatchObject({ inReplyTo: 'list-1', tasks: [bareTask] });
    const elsewhere = { method: 'ListTasks', requestId: 'list-2', contextId: 'other' };
    expect((await say(elsewhere))?.tasks).toEqual([]);
    const canceled = await say({ method: 'CancelTask', taskId });
    if (over) expect(canceled?.error?.code).toBe(-32_002);
    else expect(canceled?.task?.status.state).toBe('TASK_STATE_CANCELED');
    if (over) return;
    await say({
      method: 'SendMessage',
      message: { ...message, messageId: 'm2', parts: [{ data: ask() }] },
    });
    await side.clock.advance(D1 - 5 * MINUTE - side.clock.wallMs());
    expect(works.notices().at(-1)?.task?.status.state).toBe('TASK_STATE_COMPLETED');
  });
});

async function collect(stream: AsyncGenerator<unknown>): Promise<Seen[]> {
  const all: Seen[] = [];
  for await (const event of stream) all.push(event);
  return all;
}

/** Ids and instants differ from one request to the next; everything else is the answer. */
const bare = (task: Seen): Seen =>
  JSON.parse(
    JSON.stringify(task, (key, value) =>
      ['id', 'contextId', 'timestamp', 'artifactId', 'messageId'].includes(key) ? '-' : value,
    ).replaceAll(/"(?:history|extensions)":\[\],?/g, ''),
  );

test.each<[string, string, unknown]>([
  ['forecasting', 'a forecast that is not there yet', { v: 1, kind: 'get-forecast' }],
  ['grid', 'an envelope', { v: 1, kind: 'get-envelope' }],
  ['grid', 'nonsense', { hello: 'world' }],
  ['market-supervisor', 'orders with a bad one', { ...orders('x1'), orders: [{ id: 'bad' }] }],
  ['market-supervisor', 'orders for another zone', { ...orders('x1'), zone: 'z9' }],
])('over HTTP and MQTT %s answers the same: %s', async (agent, _what, data) => {
  const works = new Gateway('gw-works', side.hub);
  await side.clock.advance(1_000);
  await works.request(agent, data);
  await side.clock.advance(1_000);
  const overMqtt = works.responses().at(-1)?.task;
  const answer = await fetch(`${http.url}/a2a/${agent}/`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      authorization: `Bearer ${WORKS}`,
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'SendMessage',
      params: {
        message: { messageId: 'same', role: 'ROLE_USER', parts: [{ data }] },
        configuration: { returnImmediately: true },
      },
    }),
  });
  const overHttp = ((await answer.json()) as Seen).result.task;
  expect(overMqtt?.id).not.toBe(overHttp.id);
  expect(bare(overHttp)).toEqual(bare(overMqtt));
});

test.each(['GetTask', 'CancelTask'])(
  '%s of no task has the same code over both',
  async (method) => {
    const works = new Gateway('gw-works', side.hub);
    await side.clock.advance(1_000);
    const agent = 'market-supervisor';
    await works.say(works.topics.a2aRequest, {
      a2aVersion: '1.0',
      agent,
      method,
      taskId: 'task-9',
    });
    await side.clock.advance(1_000);
    const answer = await fetch(`${http.url}/a2a/${agent}/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'a2a-version': '1.0',
        authorization: `Bearer ${WORKS}`,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { id: 'task-9' } }),
    });
    const code = ((await answer.json()) as Seen).error.code;
    expect(code).toBe(-32_001);
    expect(works.responses().at(-1)?.error?.code).toBe(code);
  },
);
