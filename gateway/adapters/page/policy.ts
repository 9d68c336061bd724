import { createHmac, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Doors, Entry } from './doors.ts';

/**
 * Each route declares who may use it, or it cannot be registered:
 * - public: anybody on the network, reads nothing of the site;
 * - door: anybody, to come in; counted by the doors themselves;
 * - session: who is signed in; a change needs the session's own token beside the cookie.
 */
export type Policy = 'public' | 'door' | 'session';

declare module 'fastify' {
  interface FastifyContextConfig {
    policy?: Policy;
  }
}

export interface RoutePolicy {
  readonly method: string;
  readonly url: string;
  readonly policy: Policy;
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Cookies do not know ports: two gateways behind one name would end each other's sessions, so the
 * port is part of the cookie's name. Over HTTPS its prefix keeps other hosts from planting one.
 */
function cookieName(request: FastifyRequest): string {
  const name = `edgewatt-${request.raw.socket.localPort ?? 0}`;
  return request.protocol === 'https' ? `__Host-${name}` : name;
}

function sessionOf(request: FastifyRequest): string | undefined {
  const name = `${cookieName(request)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(name))?.slice(name.length);
}

function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, maxAgeS: number) {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  const rules = `Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${secure}`;
  reply.header('set-cookie', `${cookieName(request)}=${value}; ${rules}`);
}

/** Known to the page through /api/session only, so that no foreign page can send it. */
const changeToken = (session: string): string =>
  createHmac('sha256', session).update('change').digest('base64url');

function isChangeToken(session: string, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const [a, b] = [Buffer.from(changeToken(session)), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Whether this request came, and still is, from somebody who is signed in. */
export function isSignedIn(request: FastifyRequest, doors: Doors): boolean {
  return doors.isSession(sessionOf(request));
}

/** Enforces the policies; call before the first route. @returns the table, as it grows */
export function guardRoutes(app: FastifyInstance, doors: Doors): readonly RoutePolicy[] {
  const table: RoutePolicy[] = [];
  app.addHook('onRoute', ({ method, url, config }) => {
    const policy = config?.policy;
    if (policy === undefined) throw new RangeError(`${method} ${url} declares no policy`);
    for (const one of [method].flat()) table.push({ method: one, url, policy });
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.policy !== 'session') return undefined;
    const session = sessionOf(request);
    if (session === undefined || !doors.isSession(session)) {
      return reply.code(401).header('cache-control', 'no-store').send({ why: 'Sign in first.' });
    }
    const isRead = READS.has(request.method);
    if (isRead || isChangeToken(session, request.headers['x-edgewatt-change'])) return undefined;
    return reply.code(403).send({ why: 'A change needs the token of this session.' });
  });
  return table;
}

const claimBody = z.strictObject({ code: z.string(), password: z.string() });
const passwordBody = z.strictObject({ password: z.string() });
const tokenBody = z.strictObject({ token: z.string() });

/** The ways in and out. */
export function serveDoors(app: FastifyInstance, doors: Doors): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, entry: Entry): FastifyReply => {
    reply.header('cache-control', 'no-store');
    if (entry.ok) {
      const before = sessionOf(request);
      if (before !== undefined && doors.isSession(before)) doors.signOut(before);
      setCookie(request, reply, entry.session, entry.maxAgeS);
      return reply.code(204).send();
    }
    if (entry.retryAfterS !== undefined) reply.header('retry-after', entry.retryAfterS);
    return reply.code(entry.status).send({ why: entry.why });
  };
  const enter = <T>(
    url: string,
    body: z.ZodType<T>,
    run: (ip: string, given: T) => Entry | Promise<Entry>,
  ): void => {
    app.post(url, { config: { policy: 'door' } }, async (request, reply) => {
      const given = body.safeParse(request.body);
      if (!given.success) return reply.code(400).send({ why: 'This is no request to come in.' });
      return answer(request, reply, await run(request.ip, given.data));
    });
  };
  enter('/api/session/claim', claimBody, (ip, { code, password }) =>
    doors.claim(ip, code, password),
  );
  enter('/api/session/password', passwordBody, (ip, { password }) => doors.signIn(ip, password));
  enter('/api/session/token', tokenBody, (ip, { token }) => doors.redeem(ip, token));
  app.get('/api/session', { config: { policy: 'public' } }, (request, reply) => {
    const session = sessionOf(request);
    const state =
      session !== undefined && doors.isSession(session)
        ? { signedIn: true, claimed: doors.claimed, change: changeToken(session) }
        : { signedIn: false, claimed: doors.claimed };
    return reply.header('cache-control', 'no-store').send(state);
  });
  app.post('/api/session/end', { config: { policy: 'session' } }, (request, reply) => {
    const session = sessionOf(request);
    if (session !== undefined) doors.signOut(session);
    setCookie(request, reply, '', 0);
    return reply.code(204).header('cache-control', 'no-store').send();
  });
}
