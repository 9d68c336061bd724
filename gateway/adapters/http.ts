import type { Clock, Http, HttpAnswer } from '../ports.ts';

export interface HttpOptions {
  /** Larger answers are refused while they come in, not after. */
  readonly bytesMax: number;
  readonly userAgent: string;
}

const DEFAULTS: HttpOptions = { bytesMax: 4_194_304, userAgent: 'edgewatt/1' };

/**
 * GET and POST over HTTP(S). Rejects in one line when there is no answer in time, none at all, or
 * one that is too large; a status is not an error.
 * @param clock  its real face times out; without it the machine's timers do
 */
export function createHttp(options: Partial<HttpOptions> = {}, clock?: Clock): Http {
  const { bytesMax, userAgent } = { ...DEFAULTS, ...options };
  const ask = async (
    url: string,
    timeoutMs: number,
    init: Pick<RequestInit, 'method' | 'body'> & { headers: Readonly<Record<string, string>> },
  ): Promise<HttpAnswer> => {
    const abort = new AbortController();
    const late = new Error(`no answer from ${placeOf(url)} in ${timeoutMs} ms`);
    const cancel = after(clock, timeoutMs, () => abort.abort(late));
    try {
      const response = await fetch(url, {
        ...init,
        signal: abort.signal,
        redirect: 'follow',
        headers: { accept: 'application/json', 'user-agent': userAgent, ...init.headers },
      });
      return await read(response, url, bytesMax);
    } catch (error) {
      if (abort.signal.aborted) throw late;
      throw error instanceof Refused
        ? error
        : new Error(`no answer from ${placeOf(url)}: ${causeOf(error)}`);
    } finally {
      cancel();
    }
  };
  return {
    get: (url, timeoutMs, headers = {}) => ask(url, timeoutMs, { headers }),
    post: (url, json, timeoutMs, headers = {}) => {
      const typed = { 'content-type': 'application/json', ...headers };
      return ask(url, timeoutMs, { method: 'POST', body: json, headers: typed });
    },
  };
}

class Refused extends Error {}

async function read(response: Response, url: string, bytesMax: number): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new Refused(`${placeOf(url)} answers with more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return {
    status: response.status,
    body: Buffer.concat(chunks).toString('utf8'),
    headers: Object.fromEntries(response.headers),
  };
}

function after(clock: Clock | undefined, ms: number, run: () => void): () => void {
  if (clock !== undefined) return clock.realAt(clock.realMs() + ms, run);
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Host and path without the query, which may carry a key. */
function placeOf(url: string): string {
  return url.replace(/[?#].*$/s, '');
}

/** fetch says only 'fetch failed'; the reason is in its cause. */
function causeOf(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? (error as Error).message;
}
