import type { AuditHead, AuditNote } from './contracts/values/audit.ts';
import type { Document, DocumentKind } from './contracts/values/document.ts';
import type { AgentFrame, GuardFrame } from './contracts/values/frames.ts';
import type { Basis, LinearModel, Solution, SolveEffort } from './contracts/values/linear-model.ts';
import type { EnergyRecord, TelemetryRecord } from './contracts/values/record.ts';
import type { Instant } from './contracts/values/time.ts';

export type { Document, DocumentKind };

/**
 * Everything the product needs from outside. Stages are pure; only the poller, the writer and the
 * pump await a port. Real faces are in gateway/adapters, memory faces in simulators; each pair
 * passes one contract suite.
 */

/**
 * Two faces of time: monotonic for loops and ages, wall for intervals. Both may be scaled (demo).
 */
export interface Clock {
  /** Milliseconds, never back; 0 is arbitrary but common to all processes of one run. */
  monoMs(): number;
  /** UTC epoch milliseconds. */
  wallMs(): Instant;
  /** Whether promises may hang on `wallMs`; a clock that does not say is trusted. */
  isWallTrusted?(): boolean;
  /** Runs once when monoMs() >= atMs; returns a cancel. */
  at(atMs: number, run: () => void): () => void;
  /** Simulated seconds per real second; 1 outside the demo. */
  readonly speed: number;
  /** Real (unscaled) monotonic milliseconds, for gaps on a wire and measured costs only. */
  realMs(): number;
  /**
   * Like `at`, on real time: response time-outs and quiet periods of a wire stay real.
   * @param exact a silence between frames: not a millisecond more than is needed
   */
  realAt(atRealMs: number, run: () => void, exact?: boolean): () => void;
}

/** Slow, recurring work at times of a zone's own clock; never two runs of one at a time. */
export interface Schedule {
  /**
   * @param expression  five cron fields: minute, hour, day of month, month, day of week
   * @returns a cancel; a run that has begun goes on
   * @throws RangeError for what is no such expression
   */
  every(expression: string, timeZone: string, run: () => Promise<void>): () => void;
}

/** A tty or a TCP connection: bytes in, bytes out. One owner. */
export interface Wire {
  /** Opens or fails with one clear line; safe to call again after close. */
  open(): Promise<void>;
  send(bytes: Uint8Array): void;
  /** At most one listener each; set before open. */
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onClose: ((reason: string) => void) | undefined;
  close(): void;
  readonly opened: boolean;
  /** Where it leads, for messages: 'tcp 127.0.0.1:502', 'serial /dev/ttyUSB0'. */
  readonly label: string;
}

/**
 * Byte pipe between guard and agent. `send` returns false when the pipe is full: keep it and try
 * next turn.
 */
export interface Pipe {
  send(bytes: Uint8Array): boolean;
  onBytes: ((bytes: Uint8Array) => void) | undefined;
  onClose: (() => void) | undefined;
  onDrain: (() => void) | undefined;
  close(): void;
  /** Only in one process, as in the virtual world: frames as they are, as in `FrameWay`. */
  pass?(frame: GuardFrame | AgentFrame): boolean;
  onFrame?: ((frame: unknown) => void) | undefined;
}

export interface BrokerMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly responseTopic?: string;
  readonly correlation?: Uint8Array;
  readonly properties: Readonly<Record<string, string>>;
}

export interface PublishOptions {
  readonly retain?: boolean;
  readonly expiryS?: number;
  readonly responseTopic?: string;
  readonly correlation?: Uint8Array;
  readonly properties?: Readonly<Record<string, string>>;
}

/** MQTT 5 session, QoS 1, clean start; the outbox is ours, so nothing is queued while offline. */
export interface Broker {
  /**
   * Starts connecting and reconnecting with full-jitter back-off; never throws for an absent
   * broker.
   */
  start(): void;
  /** Resolves on PUBACK < 128; rejects when offline, refused or larger than 128 KB. */
  publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<void>;
  /** Filters are subscribed on every connect. */
  subscribe(filters: readonly string[]): void;
  onMessage: ((message: BrokerMessage) => void) | undefined;
  onState: ((state: 'connected' | 'offline', why: string) => void) | undefined;
  readonly connected: boolean;
  /** Shadows and jobs of AWS IoT answer at `$aws/`; elsewhere nobody does. */
  readonly hasReservedTopics?: boolean;
  stop(): Promise<void>;
}

/** Looks at the way to the broker without beginning a session. */
export interface BrokerCheck {
  /** When this gateway's own certificate counts; undefined where it signs in by password. */
  readonly ownCertificate?: { readonly fromMs: Instant; readonly untilMs: Instant };
  /** @returns a code of Node, OpenSSL or the resolver for what is in the way, or undefined */
  examine(): Promise<string | undefined>;
}

export interface Solver {
  /** @param start  where an earlier solve ended; of another shape or a mixed model: ignored */
  solve(
    model: LinearModel,
    timeLimitMs: number,
    effort?: SolveEffort,
    start?: Basis,
  ): Promise<Solution>;
}

export type HttpHeaders = Readonly<Record<string, string>>; // names in lower case

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: HttpHeaders;
}

export interface Http {
  get(url: string, timeoutMs: number, headers?: HttpHeaders): Promise<HttpAnswer>;
  /** A question in a body of JSON, as GraphQL has it. */
  post(url: string, json: string, timeoutMs: number, headers?: HttpHeaders): Promise<HttpAnswer>;
}

/** Small files beside a configuration, by the names that stand in it. Rejects in one line. */
export interface Files {
  text(file: string): Promise<string>;
  /** One word that only its owner may read. */
  secret(file: string): Promise<string>;
}

/** Ed25519 over UTF-8 text; keys are base64 SPKI / PKCS8. */
export interface Verifier {
  verify(text: string, signatureBase64: string, publicKey: string): boolean;
}
export interface Signer {
  readonly keyId: string;
  sign(text: string): string;
}

export interface Hash {
  sha256(text: string): string; // hex
}

/** Uniform in [0, 1) from a named stream of the run's seed. */
export interface Random {
  next(): number;
}

export interface Log {
  info(text: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(text: string, fields?: Readonly<Record<string, unknown>>): void;
  error(text: string, fields?: Readonly<Record<string, unknown>>): void;
}

/**
 * What opening the agent's database found. `replaced`: the old file was damaged and stands aside.
 */
export interface StoreOpened {
  readonly state: 'new' | 'opened' | 'migrated' | 'replaced';
  readonly detail: string; // one sentence for the page when replaced, otherwise ''
  readonly epoch: number; // rises with each opening; orders take their ids from it
}

/** Sequence numbers of one epoch, both ends included. */
export interface RecordRange {
  readonly epoch: number;
  readonly fromSeq: number;
  readonly toSeq: number;
}

/**
 * Records that were given up: counted, kept and reported. `rows` is -1 where a damaged file hides
 * the count.
 */
export interface OutboxGap {
  readonly rows: number;
  readonly fromMs: Instant;
  readonly toMs: Instant;
  readonly why: 'full' | 'damaged' | 'refused';
}

export interface OutboxState {
  readonly rows: number;
  readonly bytes: number;
  readonly droppedRows: number; // for want of room, ever
  readonly refusedRows: number; // set aside, ever
  readonly gaps: readonly OutboxGap[]; // newest last, at most 20
}

/** What may be looked up of a site's memory, while its gateway runs or not. */
export type Records = Pick<AgentStore, 'history' | 'get' | 'list' | 'outbox'>;

/**
 * The agent process's memory on disk, behind its own thread. Writes resolve when they are on disk
 * (fsync), in groups of at most a second or 500 rows; `urgent` ones at once. Reads see what is
 * committed.
 */
export interface AgentStore {
  readonly opened: StoreOpened;
  /** A record that is known already is not stored twice. Energy records become history as well. */
  addRecords(records: readonly TelemetryRecord[]): Promise<void>;
  /** Newest first, up to `maxBytes` of JSON; ranges in flight are left out. */
  readRecords(maxBytes: number, without: readonly RecordRange[]): Promise<TelemetryRecord[]>;
  /** The cloud has them. */
  removeRecords(ranges: readonly RecordRange[]): Promise<void>;
  /**
   * Broker or cloud will never take them: they leave the outbox, are counted as a gap, and the
   * newest thousand are kept for who wants to know what they were.
   */
  setAside(ranges: readonly RecordRange[], why: string): Promise<void>;
  outbox(): Promise<OutboxState>;
  /** Never replaces a measured interval. */
  addHistory(rows: readonly EnergyRecord[]): Promise<void>;
  /** By start, then place. */
  history(fromMs: Instant, untilMs: Instant): Promise<EnergyRecord[]>;
  /** Insert or replace. */
  put(kind: DocumentKind, documents: readonly Document[], urgent?: boolean): Promise<void>;
  get(kind: DocumentKind, key: string): Promise<Document | undefined>;
  /** By instant, then key. */
  list(kind: DocumentKind, fromMs: Instant, untilMs: Instant): Promise<Document[]>;
  /** Forgets documents and history from before. */
  forget(kind: DocumentKind | 'history', beforeMs: Instant): Promise<void>;
  close(): Promise<void>;
}

/** Append-only and hash-chained: what was commanded, refused and changed, and by whom. */
export interface AuditLog {
  /** Resolves when it is on disk, at once for a guard's event that is known already. */
  note(note: AuditNote): Promise<void>;
  /** The newest entry on disk. */
  head(): AuditHead;
}

/** What a model may look up while it thinks. It reads and never acts. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: Readonly<Record<string, unknown>>; // JSON Schema of an object
  /** @returns JSON; a throw tells the model why in one line */
  run(input: unknown): Promise<unknown>;
}

/** The shape of an answer: how the model is told it, and how its answer is checked. */
export interface AnswerForm<T> {
  readonly jsonSchema: Readonly<Record<string, unknown>>;
  /** @returns undefined when the value is not of this shape, or outside its bounds */
  read(value: unknown): T | undefined;
}

export interface ModelQuestion<T> {
  readonly agent: string; // whose instructions these are, for the log
  readonly instructions: string; // ours
  readonly question: string; // ours
  /** From outside: passed as marked data, never as words of ours. */
  readonly data: unknown;
  readonly tools: readonly ModelTool[];
  readonly answer: AnswerForm<T>;
}

export type ModelRefusal =
  | 'budget' // of tokens or money, for this day
  | 'too-large' // the data
  | 'timeout'
  | 'busy' // 429
  | 'overloaded' // 529
  | 'unreachable'
  | 'rejected' // key, model name or request
  | 'truncated'
  | 'declined' // by the model itself
  | 'schema'; // no answer, or one that its form refuses

export type ModelAnswer<T> =
  | { readonly state: 'answered'; readonly value: T; readonly promptHash: string }
  | { readonly state: 'none'; readonly why: ModelRefusal; readonly promptHash: string };

/** One question, one checked answer or the reason why there is none. Never throws. */
export interface Model {
  readonly name: string;
  ask<T>(question: ModelQuestion<T>): Promise<ModelAnswer<T>>;
}

export type MessageBlock =
  | { readonly type: 'text'; readonly text: string }
  | {
      readonly type: 'tool_use';
      readonly id: string;
      readonly name: string;
      readonly input: unknown;
    }
  | {
      readonly type: 'tool_result';
      readonly tool_use_id: string;
      readonly content: string;
      readonly is_error: boolean;
    };

export interface MessagesRequest {
  readonly system: string;
  readonly messages: readonly {
    readonly role: 'user' | 'assistant';
    readonly content: readonly MessageBlock[];
  }[];
  readonly tools: readonly Pick<ModelTool, 'name' | 'description' | 'inputSchema'>[];
  readonly mustCall: string | undefined; // this tool, or any
  readonly maxTokens: number;
}

export type MessagesReply =
  | {
      readonly state: 'ok';
      readonly stop: string;
      readonly content: readonly MessageBlock[];
      readonly inputTokens: number;
      readonly outputTokens: number;
    }
  | {
      readonly state: 'failed';
      readonly why: Extract<
        ModelRefusal,
        'timeout' | 'busy' | 'overloaded' | 'unreachable' | 'rejected'
      >;
      readonly detail: string;
      readonly retryAfterMs: number | undefined;
    };

/** The Messages API, whoever serves it. Never throws. */
export interface Messages {
  readonly model: string;
  create(request: MessagesRequest, timeoutMs: number): Promise<MessagesReply>;
}
