import type { Broker, BrokerMessage, Clock } from '../../ports.ts';
import { readJson } from '../directives/directives.ts';
import { encodeJson } from '../status/status.ts';

const ANSWER_MS = 10_000; // real

/** A no from AWS IoT, with its code (404, `VersionMismatch`). */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Asked {
  readonly topic: string;
  readonly token: string;
  readonly resolve: (body: Fields) => void;
  readonly reject: (why: Error) => void;
}

export type Fields = Readonly<Record<string, unknown>>;

export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/**
 * Questions to the reserved topics of AWS IoT: each is answered on `.../accepted` or
 * `.../rejected`. The caller has subscribed to both.
 */
export class ReservedTopics {
  private readonly broker: Broker;
  private readonly clock: Clock;
  private readonly asked = new Set<Asked>();
  private count = 0;

  constructor(broker: Broker, clock: Clock) {
    this.broker = broker;
    this.clock = clock;
  }

  /** @returns the answer's fields; rejects with a Refusal, or an Error when none comes in time */
  ask(topic: string, body: Fields): Promise<Fields> {
    this.count += 1;
    const token = `ew-${this.count}`;
    const { promise, resolve, reject } = Promise.withResolvers<Fields>();
    const asked: Asked = { topic, token, resolve, reject };
    this.asked.add(asked);
    const cancel = this.clock.realAt(this.clock.realMs() + ANSWER_MS, () =>
      reject(new Error(`no answer at ${topic}`)),
    );
    this.broker.publish(topic, encodeJson({ ...body, clientToken: token })).catch(reject);
    return promise.finally(() => {
      cancel();
      this.asked.delete(asked);
    });
  }

  /** @returns true when the message answers a question; provisioning answers without a token */
  take({ topic, payload }: BrokerMessage): boolean {
    const [base, kind] = split(topic);
    if (kind === undefined) return false;
    const body = fieldsOf(readJson(payload));
    const token = body['clientToken'];
    const asked = [...this.asked].find(
      (one) => one.topic === base && (token === undefined || token === one.token),
    );
    if (asked === undefined) return false;
    if (kind === 'accepted') asked.resolve(body);
    else {
      const code = String(body['code'] ?? body['errorCode']);
      asked.reject(new Refusal(code, String(body['message'] ?? body['errorMessage'] ?? code)));
    }
    return true;
  }
}

function split(topic: string): [string, 'accepted' | 'rejected' | undefined] {
  for (const kind of ['accepted', 'rejected'] as const) {
    if (topic.endsWith(`/${kind}`)) return [topic.slice(0, -kind.length - 1), kind];
  }
  return [topic, undefined];
}
