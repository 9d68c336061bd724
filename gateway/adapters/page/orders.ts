import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { OVERRIDE_ACTS, type OverrideAnswer } from '../../contracts/values/override.ts';

/** Asks the guard. @returns undefined when it does not answer */
export type AskOverride = (request?: unknown) => Promise<OverrideAnswer | undefined>;

const SESSION = { config: { policy: 'session' } } as const;
const BY = 'the page';

/** Ranges are the guard's to judge: it names them when it refuses. */
const orderBody = z.strictObject({
  terminal: z.string().min(1).max(64),
  act: z.enum([...OVERRIDE_ACTS, 'end']),
  powerW: z.number().default(0),
  forMs: z.number().default(0),
});

/** Orders of who is signed in. A change needs the session's own token. */
export function serveOverrides(app: FastifyInstance, ask: AskOverride): void {
  const silent = { why: 'The guard does not answer.' };
  app.get('/api/override', SESSION, async (_request, reply) => {
    const answer = await ask();
    reply.header('cache-control', 'no-store');
    return answer === undefined ? reply.code(503).send(silent) : reply.send(answer);
  });
  app.post('/api/override', SESSION, async (request, reply) => {
    const given = orderBody.safeParse(request.body);
    if (!given.success) return reply.code(400).send({ why: 'This is no order.' });
    const answer = await ask({ ...given.data, by: BY });
    reply.header('cache-control', 'no-store');
    if (answer === undefined) return reply.code(503).send(silent);
    if (answer.refused === '') return reply.send(answer);
    return reply.code(409).send({ why: `Refused: ${answer.refused}.` });
  });
}
