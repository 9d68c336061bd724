import type { ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import serveFiles from '@fastify/static';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { DayView, LiveView } from '../../contracts/values/view.ts';
import type { Doors } from './doors.ts';
import { listenFault } from './listen-fault.ts';
import { type AskOverride, serveOverrides } from './orders.ts';
import { guardRoutes, isSignedIn, type RoutePolicy, serveDoors } from './policy.ts';
import { createStream, type Stream } from './stream.ts';

export interface PageOptions {
  readonly doors: Doors;
  readonly host: string; // 127.0.0.1 unless the installer opens it
  readonly port: number; // 0 = any free one
  /** Built page; a promise while it is being built. Server and events run before it is there. */
  readonly assetsDir: string | Promise<string>;
  /**
   * Further names under which a browser may ask, 'gateway.local'; loopback names are always
   * allowed.
   */
  readonly hosts?: readonly string[];
  readonly listenersMax?: number; // pages open at once
  readonly requestsPerMinute?: number; // per address
  readonly requestMs?: number; // a request that trickles in, or never comes, is cut off then
  /** Asks the guard: a person's order, or what is in force. Without it the page only shows. */
  readonly override?: AskOverride | undefined;
  /** PEM; with it the page speaks HTTPS and its cookie is Secure. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Page {
  /**
   * @param front  listens already: its socket is taken over
   * @returns URL of the page; '' behind a front
   * @throws Fault in one line when the port is taken or not allowed
   */
  start(front?: Server): Promise<string>;
  /** A connection that somebody else accepted, unread. */
  take(socket: Socket): void;
  live(view: LiveView): void;
  day(view: DayView): void;
  stop(): Promise<void>;
  /** Who may use which route; complete once started. */
  readonly routes: readonly RoutePolicy[];
}

const BEAT_MS = 10_000;
const BLOCKED_MAX_MS = 30_000;
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
/** Pages, their streams and who only holds a line open, all together. */
const CONNECTIONS_MAX = 256;
const REQUEST_MS = 10_000;
const REQUEST_CHECK_MS = 500;

type Assets =
  | { readonly state: 'building' }
  | { readonly state: 'built'; readonly dir: string }
  | { readonly state: 'failed'; readonly why: string };

/** Name of a Host header without its port, lower case. */
function hostName(header: string | undefined): string {
  return (header ?? '').replace(/:\d+$/, '').toLowerCase();
}

/** The address at which this very request arrived, as a browser writes it. */
function ownAddress({ raw }: FastifyRequest): string {
  const address = (raw.socket.localAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
  return address.includes(':') ? `[${address}]` : address;
}

/**
 * Another site's page may resolve its own name to our address (DNS rebinding) and then read us:
 * only names that are ours are answered, and the address itself, which nobody can resolve. A page
 * of another origin is refused too, be it of this machine at another port.
 */
function guardNames(app: FastifyInstance, allowed: ReadonlySet<string>): void {
  app.addHook('onRequest', async (request, reply) => {
    const { host, origin } = request.headers;
    const name = hostName(host);
    const isOurs = allowed.has(name) || (name !== '' && name === ownAddress(request));
    const isForeign =
      origin !== undefined && origin.replace(/^https?:\/\//, '') !== host?.toLowerCase();
    if (isOurs && !isForeign) return undefined;
    return reply
      .code(421)
      .type('text/plain; charset=utf-8')
      .send('This gateway answers under its own name only; add the name to page.hosts.\n');
  });
}

async function protect(app: FastifyInstance, requestsPerMinute: number): Promise<void> {
  await app.register(helmet, {
    hsts: false, // a gateway's certificate is its own; a browser must not insist on it for ever
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, context) => ({
      statusCode: context.statusCode,
      message: `Too many requests; try again in ${context.after}.`,
    }),
  });
}

function openEvents(
  stream: Stream,
  reply: FastifyReply,
  isWelcome: () => boolean,
): FastifyReply | undefined {
  const response: ServerResponse = reply.raw;
  reply.headers({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const headers = reply.getHeaders();
  reply.hijack();
  response.socket?.setNoDelay(true);
  response.writeHead(200, headers as Record<string, string>);
  stream.add(response, isWelcome);
  return undefined;
}

const WAIT = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width"><title>Edgewatt</title>
<p>The page is being built; this takes a few seconds on the first start.</p></html>`;

const PUBLIC = { config: { policy: 'public' } } as const;
const SESSION = { config: { policy: 'session' } } as const;

/** The page's files, or one line that says why they are not there. */
function serveAssets(app: FastifyInstance, assets: () => Assets): void {
  const file = (request: FastifyRequest, reply: FastifyReply, name: string) => {
    const now = assets();
    if (now.state === 'failed') {
      return reply.code(503).type('text/plain; charset=utf-8').send(`${now.why}\n`);
    }
    if (now.state === 'building') {
      if (name !== 'index.html') return reply.code(503).header('retry-after', '1').send();
      return reply.type('text/html; charset=utf-8').header('cache-control', 'no-store').send(WAIT);
    }
    const immutable = request.url.startsWith('/assets/');
    return reply.sendFile(name, now.dir, {
      dotfiles: 'deny',
      maxAge: immutable ? 31_536_000_000 : 0,
      immutable,
    });
  };
  app.get('/', PUBLIC, (request, reply) => file(request, reply, 'index.html'));
  app.get('/favicon.svg', PUBLIC, (request, reply) => file(request, reply, 'favicon.svg'));
  app.get('/assets/:name', PUBLIC, (request, reply) => {
    const { name } = request.params as { name: string };
    return file(request, reply, `assets/${name}`);
  });
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_request, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send('There is nothing here.\n'),
  );
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    await app.close();
    throw listenFault(error, host, port);
  }
}

/** Takes over the socket on which another server listens. @returns '' */
async function behind(app: FastifyInstance, front: Server): Promise<string> {
  await app.ready();
  // From here on it knows its connections, to count, to time and to close them.
  await new Promise<void>((resolve) => app.server.listen(front, resolve));
  return '';
}

function watchAssets(source: PageOptions['assetsDir']): () => Assets {
  let assets: Assets =
    typeof source === 'string' ? { state: 'built', dir: source } : { state: 'building' };
  if (typeof source !== 'string') {
    source.then(
      (dir) => {
        assets = { state: 'built', dir };
      },
      (error: unknown) => {
        assets = { state: 'failed', why: error instanceof Error ? error.message : String(error) };
      },
    );
  }
  return () => assets;
}

function createServer({ tls, requestMs = REQUEST_MS }: PageOptions): FastifyInstance {
  const settings = {
    logger: false,
    forceCloseConnections: true,
    trustProxy: false,
    bodyLimit: 4_096,
    requestTimeout: requestMs,
  };
  const lines = { connectionsCheckingInterval: REQUEST_CHECK_MS, headersTimeout: requestMs };
  const app =
    tls === undefined
      ? fastify({ ...settings, http: lines })
      : (fastify({ ...settings, https: { ...lines, ...tls, minVersion: 'TLSv1.2' } }) as never);
  app.server.maxConnections = CONNECTIONS_MAX;
  return app;
}

/** The site's page: its files, and the two views as server-sent events under /api/live. */
export function createPage(options: PageOptions): Page {
  const app = createServer(options);
  const listenersMax = options.listenersMax ?? 32;
  const stream = createStream({ listenersMax, blockedMaxMs: BLOCKED_MAX_MS }, () =>
    performance.now(),
  );
  const assets = watchAssets(options.assetsDir);
  let beat: NodeJS.Timeout | undefined;
  let liveAtMs: number | undefined;
  let routes: readonly RoutePolicy[] = [];

  return {
    get routes() {
      return routes;
    },
    async start(front) {
      const own = options.host.includes(':') ? `[${options.host}]` : options.host;
      const names = [...LOOPBACK, own, ...(options.hosts ?? [])].map((name) => name.toLowerCase());
      guardNames(app, new Set(names));
      await protect(app, options.requestsPerMinute ?? 600);
      routes = guardRoutes(app, options.doors);
      await app.register(serveFiles, { root: import.meta.dirname, serve: false });
      serveDoors(app, options.doors);
      if (options.override !== undefined) serveOverrides(app, options.override);
      app.get('/api/live', SESSION, (request, reply) =>
        stream.count < listenersMax
          ? openEvents(stream, reply, () => isSignedIn(request, options.doors))
          : reply.code(503).header('retry-after', '5').send('Too many pages are open.\n'),
      );
      app.get('/healthz', PUBLIC, (_request, reply) =>
        reply.header('cache-control', 'no-store').send({
          page: assets().state,
          listeners: stream.count,
          liveAgeMs: liveAtMs === undefined ? null : Math.round(performance.now() - liveAtMs),
        }),
      );
      serveAssets(app, assets);
      const url = front ? await behind(app, front) : await listen(app, options.host, options.port);
      beat = setInterval(() => stream.beat(), BEAT_MS);
      beat.unref();
      return url === '' ? '' : `${url}/`;
    },
    take(socket) {
      app.server.emit('connection', socket);
      socket.resume();
    },
    live(view) {
      liveAtMs = performance.now();
      stream.send('live', view);
    },
    day(view) {
      stream.send('day', view);
    },
    async stop() {
      clearInterval(beat);
      stream.stop();
      app.server.closeAllConnections();
      await app.close();
      if (app.server.listening) await new Promise((resolve) => app.server.close(resolve));
    },
  };
}
