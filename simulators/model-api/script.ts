/**
 * What a scripted Messages API says. `answer` calls the tool of that name; `look` calls another
 * tool first, with what came of it the answer follows.
 */
export type Turn =
  | { readonly kind: 'answer'; readonly input: unknown }
  | { readonly kind: 'look'; readonly tool: string; readonly input: unknown }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slow'; readonly afterMs: number; readonly input: unknown }
  | { readonly kind: 'status'; readonly status: 400 | 401 | 429 | 529; readonly retryS?: number }
  | { readonly kind: 'truncated' };

export interface ApiReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly afterMs: number;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** The reply of one turn, in the API's own form. @param n  number of the request, from 1 */
export function replyOf(turn: Turn, n: number, model: string): ApiReply {
  const call = (name: string, input: unknown) =>
    message(n, model, 'tool_use', [{ type: 'tool_use', id: `toolu_${n}`, name, input }]);
  const ok = (body: unknown, afterMs = 0): ApiReply => ({
    status: 200,
    headers: {},
    body,
    afterMs,
  });
  switch (turn.kind) {
    case 'answer':
      return ok(call('answer', turn.input));
    case 'look':
      return ok(call(turn.tool, turn.input));
    case 'text':
      return ok(message(n, model, 'end_turn', [{ type: 'text', text: turn.text }]));
    case 'slow':
      return ok(call('answer', turn.input), turn.afterMs);
    case 'truncated':
      return ok(message(n, model, 'max_tokens', [{ type: 'text', text: 'The reserve should' }]));
    case 'status':
      return {
        status: turn.status,
        headers: turn.retryS === undefined ? {} : { 'retry-after': String(turn.retryS) },
        body: {
          type: 'error',
          error: { type: ERROR_TYPES[turn.status], message: 'scripted' },
          request_id: `req_${n}`,
        },
        afterMs: 0,
      };
  }
}

function message(n: number, model: string, stop: string, content: readonly unknown[]): unknown {
  return {
    id: `msg_${n}`,
    type: 'message',
    role: 'assistant',
    model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: { input_tokens: 1_000, output_tokens: 100 },
  };
}
