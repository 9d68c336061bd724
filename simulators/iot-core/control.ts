import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Jobs } from './jobs.ts';
import { isObject, parseJson } from './service.ts';

/**
 * The control plane of AWS IoT as far as jobs need it, over HTTP on loopback: CreateJob, CancelJob,
 * DescribeJobExecution by their documented paths. AWS asks for a signature (SigV4); here a token.
 */
export interface Control {
  readonly port: number; // 0 = free
  readonly token: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const BODY_BYTES_MAX = 65_536;
const JOB = /^\/jobs\/([A-Za-z0-9_-]{1,64})$/;
const CANCEL = /^\/jobs\/([A-Za-z0-9_-]{1,64})\/cancel$/;
const EXECUTION = /^\/things\/([A-Za-z0-9:_-]{1,128})\/jobs\/([A-Za-z0-9_-]{1,64})$/;
const THING_ARN = /^arn:aws:iot:[^:]*:[^:]*:thing\/([A-Za-z0-9:_-]{1,128})$/;

const refused = (status: number, message: string): Answer => ({ status, body: { message } });

/** @returns its server, listening, and the port */
export async function openControl(
  { port, token }: Control,
  jobs: Jobs,
): Promise<{ readonly server: Server; readonly port: number }> {
  const wanted = Buffer.from(`Bearer ${token}`);
  const server = createServer((request, response) => {
    void answerTo(request, wanted, jobs).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

async function answerTo(request: IncomingMessage, wanted: Buffer, jobs: Jobs): Promise<Answer> {
  const shown = Buffer.from(request.headers.authorization ?? '');
  if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) {
    return refused(403, 'the token is missing or wrong');
  }
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const call = `${request.method} ${pathname}`;
  const [, job] = JOB.exec(pathname) ?? [];
  if (request.method === 'PUT' && job !== undefined) {
    return create(jobs, job, parseJson(await textOf(request)));
  }
  const [, ended] = CANCEL.exec(pathname) ?? [];
  if (request.method === 'PUT' && ended !== undefined) {
    const force = searchParams.get('force') === 'true';
    for (const thing of jobs.thingsOf(ended)) jobs.cancel(thing, ended, force);
    return { status: 200, body: { jobId: ended } };
  }
  const [, thing, jobId] = EXECUTION.exec(pathname) ?? [];
  if (request.method === 'GET' && thing !== undefined && jobId !== undefined) {
    const execution = jobs.described(thing, jobId);
    return execution === undefined
      ? refused(404, `no job '${jobId}' at '${thing}'`)
      : { status: 200, body: { execution } };
  }
  return refused(404, `not emulated: ${call}`);
}

function create(jobs: Jobs, jobId: string, body: unknown): Answer {
  const { targets, document } = isObject(body) ? body : {};
  const things = (Array.isArray(targets) ? targets : []).map(
    (target) => THING_ARN.exec(String(target))?.[1],
  );
  const order = parseJson(typeof document === 'string' ? document : '');
  if (things.length === 0 || things.includes(undefined)) {
    return refused(400, 'targets: a list of arn:aws:iot:REGION:ACCOUNT:thing/NAME');
  }
  if (!isObject(order)) return refused(400, 'document: JSON as text');
  try {
    jobs.create(
      jobId,
      order,
      things.flatMap((thing) => thing ?? []),
    );
    return { status: 200, body: { jobId, jobArn: `arn:aws:iot:::job/${jobId}` } };
  } catch (error) {
    const exists = jobs.thingsOf(jobId).length > 0;
    return refused(exists ? 409 : 400, (error as Error).message);
  }
}

/** @returns '' for what is longer than any job may be */
async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > BODY_BYTES_MAX) return '';
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
