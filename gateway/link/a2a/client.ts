import {
  type A2aNotice,
  type A2aRequest,
  type A2aTask,
  a2aNotice,
  a2aResponse,
} from '../../contracts/messages.ts';
import type { Clock } from '../../ports.ts';
import { readJson } from '../directives/directives.ts';
import type { Pacer } from '../pacer.ts';

export interface A2aTopics {
  readonly a2aRequest: string;
  readonly a2aResponse: string;
}

const TIMEOUT_MS = 15_000; // real
const NOTICES_KEPT = 500;

interface Open {
  readonly resolve: (task: A2aTask) => void;
  readonly reject: (why: Error) => void;
  readonly cancel: () => void;
}

/**
 * A2A over our MQTT binding: a request carries its message id as correlation, the answer names it
 * in `inReplyTo`; notices come unasked and count once by their message id.
 */
export class A2aClient {
  onNotice: ((notice: A2aNotice) => void) | undefined;
  private readonly pacer: Pacer;
  private readonly clock: Clock;
  private readonly topics: A2aTopics;
  private readonly idPrefix: string;
  private readonly open = new Map<string, Open>();
  private readonly seen = new Set<string>();
  private sequence = 0;

  /** @param idPrefix  unique to this gateway and run, so that message ids never repeat */
  constructor(pacer: Pacer, clock: Clock, topics: A2aTopics, idPrefix: string) {
    this.pacer = pacer;
    this.clock = clock;
    this.topics = topics;
    this.idPrefix = idPrefix;
  }

  /**
   * Sends one data part; resolves with the finished or working task. @throws when offline, late, or
   * refused
   */
  async send(agent: A2aRequest['agent'], data: unknown): Promise<A2aTask> {
    this.sequence += 1;
    const messageId = `${this.idPrefix}-m${this.sequence}`;
    const request: A2aRequest = {
      a2aVersion: '1.0',
      agent,
      method: 'SendMessage',
      message: {
        messageId,
        role: 'ROLE_USER',
        parts: [{ data, mediaType: 'application/json' }],
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<A2aTask>();
    const cancel = this.clock.realAt(this.clock.realMs() + TIMEOUT_MS, () => {
      this.open.delete(messageId);
      reject(new Error(`the ${agent} agent did not answer in ${TIMEOUT_MS / 1_000} s`));
    });
    this.open.set(messageId, { resolve, reject, cancel });
    try {
      const payload = new TextEncoder().encode(JSON.stringify(request));
      await this.pacer.publish('now', this.topics.a2aRequest, payload, {
        responseTopic: this.topics.a2aResponse,
        correlation: new TextEncoder().encode(messageId),
        properties: { 'a2a-version': '1.0' },
        expiryS: 60,
      });
    } catch (error) {
      cancel();
      this.open.delete(messageId);
      throw error;
    }
    return promise;
  }

  /** An answer; one that nobody waits for, or of a wrong shape, is nothing. */
  response(payload: Uint8Array): void {
    const parsed = a2aResponse.safeParse(readJson(payload));
    if (!parsed.success) return;
    const { inReplyTo, task, error } = parsed.data;
    const waiting = this.open.get(inReplyTo);
    if (waiting === undefined) return;
    this.open.delete(inReplyTo);
    waiting.cancel();
    if (task === undefined) waiting.reject(new Error(error?.message ?? 'an answer without a task'));
    else waiting.resolve(task);
  }

  notice(payload: Uint8Array): void {
    const parsed = a2aNotice.safeParse(readJson(payload));
    if (!parsed.success) return;
    const { messageId } = parsed.data.message;
    if (this.seen.has(messageId)) return;
    this.seen.add(messageId);
    for (const oldest of this.seen) {
      if (this.seen.size <= NOTICES_KEPT) break;
      this.seen.delete(oldest);
    }
    this.onNotice?.(parsed.data);
  }
}

/** Data parts of a message or of a task's artifacts and status, in order. */
export function dataOf(source: A2aTask | A2aNotice['message']): unknown[] {
  const parts =
    'parts' in source
      ? source.parts
      : [
          ...(source.artifacts ?? []).flatMap((artifact) => artifact.parts),
          ...(source.status.message?.parts ?? []),
        ];
  return parts.flatMap((part) => ('data' in part ? [part.data] : []));
}
