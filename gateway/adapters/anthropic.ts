import Anthropic, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
  type BaseAnthropic,
} from '@anthropic-ai/sdk';
import type { MessageBlock, Messages, MessagesReply, MessagesRequest } from '../ports.ts';

export interface AnthropicSetup {
  readonly apiKey: string;
  readonly baseUrl?: string; // another address than Anthropic's own
}

/** A client of the Messages API. What the environment may say of keys and addresses is not read. */
export function anthropicClient(setup: AnthropicSetup): BaseAnthropic {
  return new Anthropic({
    apiKey: setup.apiKey,
    authToken: null,
    baseURL: setup.baseUrl ?? 'https://api.anthropic.com',
    maxRetries: 0, // whoever asks has the deadline and the budget
  });
}

/** The port over any client of the SDK: Anthropic's own, or Bedrock's. */
export function messagesOf(client: BaseAnthropic, model: string): Messages {
  return {
    model,
    async create(request, timeoutMs) {
      const timeout = Math.max(1, Math.round(timeoutMs));
      const signal = AbortSignal.timeout(timeout);
      try {
        const reply = await client.post<Anthropic.Message>('/v1/messages', {
          body: bodyOf(request, model),
          signal,
          timeout,
        });
        return readReply(reply);
      } catch (error) {
        return failure(error, signal.aborted);
      }
    },
  };
}

function bodyOf(request: MessagesRequest, model: string): Anthropic.MessageCreateParams {
  return {
    model,
    max_tokens: request.maxTokens,
    system: request.system,
    messages: request.messages.map(({ role, content }) => ({
      role,
      content: content as Anthropic.ContentBlockParam[],
    })),
    tools: request.tools.map(({ name, description, inputSchema }) => ({
      name,
      description,
      input_schema: { ...inputSchema, type: 'object' as const },
    })),
    tool_choice:
      request.mustCall === undefined ? { type: 'any' } : { type: 'tool', name: request.mustCall },
  };
}

/** Only what we understand is taken over; other kinds of blocks are left out. */
function readReply(reply: Anthropic.Message): MessagesReply {
  if (!Array.isArray(reply?.content)) return failed('rejected', 'not an answer of this interface');
  return {
    state: 'ok',
    stop: String(reply.stop_reason),
    content: reply.content.flatMap((block): MessageBlock[] => {
      if (block.type === 'text') return [{ type: 'text', text: block.text }];
      if (block.type !== 'tool_use') return [];
      const { id, name, input } = block;
      return [{ type: 'tool_use', id, name, input }];
    }),
    inputTokens: Number(reply.usage?.input_tokens ?? 0),
    outputTokens: Number(reply.usage?.output_tokens ?? 0),
  };
}

type Failed = Extract<MessagesReply, { state: 'failed' }>;

function failed(why: Failed['why'], detail: string, retryAfterMs?: number): Failed {
  return { state: 'failed', why, detail, retryAfterMs };
}

function failure(error: unknown, late: boolean): Failed {
  if (late || error instanceof APIConnectionTimeoutError || error instanceof APIUserAbortError) {
    return failed('timeout', 'no answer in time');
  }
  if (error instanceof APIConnectionError) return failed('unreachable', causeOf(error));
  if (!(error instanceof APIError)) {
    return failed('rejected', error instanceof Error ? error.message : String(error));
  }
  const seconds = Number(error.headers?.get('retry-after') ?? Number.NaN);
  const retryMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  if (error.status === 408) return failed('timeout', error.message, retryMs);
  if (error.status === 429) return failed('busy', error.message, retryMs);
  if (Number(error.status) >= 500) return failed('overloaded', error.message, retryMs);
  return failed('rejected', error.message);
}

function causeOf(error: Error): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? error.message;
}
