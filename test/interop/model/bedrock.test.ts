import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { bedrockClient } from '../../../cloud/adapters/bedrock.ts';
import { messagesOf } from '../../../gateway/adapters/anthropic.ts';
import type { MessagesRequest } from '../../../gateway/ports.ts';

/**
 * The Bedrock client against answers in the shapes that AWS documents for InvokeModel and that
 * callers of it have logged: ids with `bdrk`, errors as `{"message"}` with the kind in a header.
 * Nothing here was recorded from an account of ours.
 */
const MODEL = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const CORAL = 'http://internal.amazon.com/coral/com.amazon.bedrock/';
const ANSWERED = {
  model: 'claude-sonnet-4-5-20250929',
  id: 'msg_bdrk_01QnVYwuEYyAkqUVDdTFBAvz',
  type: 'message',
  role: 'assistant',
  content: [
    { type: 'text', text: 'Clouds are coming.' },
    {
      type: 'tool_use',
      id: 'toolu_bdrk_01T6LXkyqDCqFbMmNgvbD4BL',
      name: 'answer',
      input: { reservePct: 20 },
    },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: {
    input_tokens: 652,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: 71,
  },
};
const REQUEST: MessagesRequest = {
  system: 'You are the producer agent.',
  messages: [{ role: 'user', content: [{ type: 'text', text: 'Which reserve?' }] }],
  tools: [{ name: 'answer', description: 'answers', inputSchema: { properties: {} } }],
  mustCall: 'answer',
  maxTokens: 500,
};

interface Seen {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  body: Record<string, unknown>;
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const end of ends.splice(0)) await end();
});

async function bedrock(status: number, body: string, headers: Record<string, string> = {}) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    seen.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
    const id = { 'x-amzn-requestid': '158a2e26-c851-4440-9f98-e3065df1de46' };
    response.writeHead(status, { 'content-type': 'application/json', ...id, ...headers }).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  ends.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  const ask = (apiKey?: string) => {
    const baseUrl = `http://127.0.0.1:${port}`;
    const key = apiKey === undefined ? {} : { apiKey };
    return messagesOf(bedrockClient({ region: 'eu-central-1', baseUrl, ...key }), MODEL).create(
      REQUEST,
      5_000,
    );
  };
  return { seen, ask };
}

test('an answer of InvokeModel is read, and the request is one of it', async () => {
  const { seen, ask } = await bedrock(200, JSON.stringify(ANSWERED));
  expect(await ask('ABSKexample')).toEqual({
    state: 'ok',
    stop: 'tool_use',
    content: ANSWERED.content,
    inputTokens: 652,
    outputTokens: 71,
  });
  const { path, headers, body } = seen[0] ?? { path: '', headers: {}, body: {} };
  expect(decodeURIComponent(path)).toBe(`/model/${MODEL}/invoke`);
  expect(headers['authorization']).toBe('Bearer ABSKexample');
  expect(body['anthropic_version']).toBe('2026-10-21'); // what the SDK's version 1 speaks
  expect(body['model']).toBeUndefined(); // it stands in the path
  expect(body['stream']).toBeUndefined();
  expect(body['tool_choice']).toEqual({ type: 'tool', name: 'answer' });
});

test("without a key the request is signed with AWS's own credentials", async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY');
  vi.stubEnv('AWS_SESSION_TOKEN', 'a-session');
  const { seen, ask } = await bedrock(200, JSON.stringify(ANSWERED));
  expect((await ask()).state).toBe('ok');
  const { headers = {} } = seen[0] ?? {};
  expect(headers['authorization']).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/bedrock\/aws4_request, /,
  );
  expect(headers['x-amz-security-token']).toBe('a-session');
});

test.each([
  [429, 'ThrottlingException', 'Too many tokens, please wait before trying again.', 'busy'],
  [429, 'ModelNotReadyException', 'Model is not ready for inference.', 'busy'],
  [503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.', 'overloaded'],
  [500, 'InternalServerException', 'An internal server error occurred.', 'overloaded'],
  [408, 'ModelTimeoutException', 'Model has timed out in processing the request.', 'timeout'],
  [403, 'AccessDeniedException', "You don't have access to the model.", 'rejected'],
  [400, 'ValidationException', 'The provided model identifier is invalid.', 'rejected'],
  [404, 'ResourceNotFoundException', 'This model version has reached its end.', 'rejected'],
  [424, 'ModelErrorException', 'The model had an error.', 'rejected'],
])('%i %s', async (status, kind, message, why) => {
  const headers = { 'x-amzn-errortype': `${kind}:${CORAL}` };
  const { ask } = await bedrock(status, JSON.stringify({ message }), headers);
  const reply = await ask('ABSKexample');
  expect(reply).toMatchObject({ state: 'failed', why });
  if (reply.state === 'failed') expect(reply.detail).toContain(message);
});

test('an answer that is none, from something between, is refused', async () => {
  const { ask } = await bedrock(200, JSON.stringify({ Output: { __type: 'Unknown' } }));
  expect(await ask('ABSKexample')).toMatchObject({ state: 'failed', why: 'rejected' });
});
