import type { Instant } from '../../../contracts/values/time.ts';
import { HOUR_MS, MINUTE_MS } from '../../../contracts/values/time.ts';
import type { Files, Http, HttpAnswer } from '../../../ports.ts';
import { SourceError, said } from './answer.ts';
import { freshForMs, retryAfterMs, spread } from './times.ts';

/** A question over HTTP; with a body it is a POST of JSON. */
export interface Question {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What is known of one source: how to ask it, and how to read what it says. */
export interface Recipe<T> {
  readonly name: string; // its host, or 'file'
  readonly keyFile?: string | undefined;
  readonly file?: string | undefined; // asked instead of a server
  question(nowMs: Instant, key: string): Question;
  /** For earlier days; absent where the source does not tell them. */
  past?(fromMs: Instant, untilMs: Instant, key: string): Question;
  /** @throws SourceError */
  read(body: string): T;
}

export interface FeedPorts {
  readonly http: Http;
  readonly files?: Files;
}

export type Told<T> =
  | { readonly state: 'new'; readonly value: T }
  | { readonly state: 'same' } // the source says that nothing has changed
  | { readonly state: 'failed'; readonly why: string };

const TIMEOUT_MS = 10_000; // real
const BACK_OFF_MS = MINUTE_MS; // doubles
const FORBIDDEN_MS = HOUR_MS; // a key or a name that is refused is refused again

/**
 * Asks one source as its supplier wants to be asked: again only when it is no longer fresh, on the
 * condition that something changed, and ever more seldom while it fails.
 */
export class Feed<T> {
  readonly recipe: Recipe<T>;
  private readonly ports: FeedPorts;
  private readonly longestMs: number;
  private conditions: Readonly<Record<string, string>> = {};
  private failures = 0;
  private earliest: Instant = 0;
  private key = '';
  private keyFault = '';
  private forbidden = false;

  /** @param longestMs  between two tries while it fails and says nothing of when */
  constructor(recipe: Recipe<T>, ports: FeedPorts, longestMs: number) {
    this.recipe = recipe;
    this.ports = ports;
    this.longestMs = longestMs;
  }

  /** Not to be asked before. */
  get earliestMs(): Instant {
    return this.earliest;
  }

  /** The source has refused the key, or who asks. */
  get isForbidden(): boolean {
    return this.forbidden;
  }

  /**
   * Whether a source that refused its key had better be asked before its time: the file holds
   * another one.
   */
  async isKeyNew(): Promise<boolean> {
    const { keyFile } = this.recipe;
    if (!this.forbidden || keyFile === undefined) return false;
    const key = await this.ports.files?.secret(keyFile).catch(() => undefined);
    return key !== undefined && key !== this.key;
  }

  async ask(nowMs: Instant): Promise<Told<T>> {
    this.forbidden = false;
    if (!(await this.readKey())) {
      // Nobody was asked: there is nobody to be spared.
      this.earliest = nowMs + BACK_OFF_MS;
      return { state: 'failed', why: this.keyFault };
    }
    try {
      const answer = await this.fetch(nowMs);
      if (answer.status === 304) return this.fine(answer, nowMs, { state: 'same' });
      if (answer.status !== 200 && answer.status !== 203) return this.refused(answer, nowMs);
      const value = this.recipe.read(answer.body);
      this.conditions = conditionsOf(answer.headers);
      return this.fine(answer, nowMs, { state: 'new', value });
    } catch (error) {
      return this.failed(error instanceof Error ? error.message : String(error), nowMs, 0);
    }
  }

  private async fetch(nowMs: Instant): Promise<HttpAnswer> {
    const { recipe, ports } = this;
    const { files, http } = ports;
    if (recipe.file !== undefined) {
      if (files === undefined) throw new SourceError('no files can be read here');
      return { status: 200, body: await files.text(recipe.file), headers: {} };
    }
    const question = recipe.question(nowMs, this.key);
    const headers = { ...question.headers, ...this.conditions };
    if (question.body === undefined) return http.get(question.url, TIMEOUT_MS, headers);
    return http.post(question.url, question.body, TIMEOUT_MS, headers);
  }

  /** Anew for each question: it may be exchanged in place. */
  private async readKey(): Promise<boolean> {
    const { keyFile, file } = this.recipe;
    if (keyFile === undefined || file !== undefined) return true;
    try {
      const key = await this.ports.files?.secret(keyFile);
      if (key === undefined) throw new SourceError('no keys can be read here');
      this.key = key;
      return true;
    } catch (error) {
      this.keyFault = error instanceof Error ? error.message : String(error);
      return false;
    }
  }

  private fine(answer: HttpAnswer, nowMs: Instant, told: Told<T>): Told<T> {
    this.failures = 0;
    this.earliest = nowMs + freshForMs(answer.headers, nowMs);
    return told;
  }

  private refused(answer: HttpAnswer, nowMs: Instant): Told<T> {
    const { status, headers } = answer;
    const waitMs = retryAfterMs(headers, nowMs);
    const forbidden = status === 401 || status === 403;
    this.forbidden = forbidden;
    const why = `status ${status}${this.reasonIn(answer.body)}`;
    return this.failed(why, nowMs, Math.max(waitMs, forbidden ? FORBIDDEN_MS : 0));
  }

  /** What the source says of itself in a body of its own form. */
  private reasonIn(body: string): string {
    try {
      this.recipe.read(body);
      return '';
    } catch (error) {
      return error instanceof SourceError ? `: ${said(error.message)}` : '';
    }
  }

  private failed(why: string, nowMs: Instant, leastMs: number): Told<T> {
    const doubledMs = Math.min(this.longestMs, BACK_OFF_MS * 2 ** Math.min(20, this.failures));
    this.failures += 1;
    const share = 0.75 + 0.25 * spread(`${this.recipe.name} ${this.failures}`);
    this.earliest = nowMs + Math.max(leastMs, share * doubledMs);
    // A source may repeat the key that it refuses.
    return { state: 'failed', why: this.key === '' ? why : why.replaceAll(this.key, '***') };
  }
}

/** So that an answer we have is not sent again. */
function conditionsOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { etag, 'last-modified': modified } = headers;
  return {
    ...(etag !== undefined && { 'if-none-match': etag }),
    ...(modified !== undefined && { 'if-modified-since': modified }),
  };
}
