import type { Limits } from './limits.ts';
import {
  type Caller,
  epochSeconds,
  isObject,
  type JsonObject,
  type Outlet,
  parseJson,
  tokenOf,
} from './service.ts';

export type JobStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'REJECTED'
  | 'TIMED_OUT'
  | 'CANCELED';

/** One job at one thing. */
export interface Execution {
  readonly jobId: string;
  readonly thing: string;
  readonly document: JsonObject;
  readonly queuedAt: number; // epoch seconds
  status: JobStatus;
  statusDetails: Record<string, string>;
  startedAt: number | undefined;
  lastUpdatedAt: number;
  versionNumber: number;
  deadline: NodeJS.Timeout | undefined;
}

/** An execution as a file keeps it: its step timer is not kept. */
export type KeptExecution = Omit<Execution, 'deadline'>;

type Answer =
  | { readonly accepted: object; readonly after?: () => unknown }
  | { readonly code: string; readonly message: string };

const PENDING_MAX = 10;
const ID = /^[A-Za-z0-9_-]{1,64}$/;
const SETTABLE = ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED'];
const isOpen = ({ status }: Execution): boolean => status === 'QUEUED' || status === 'IN_PROGRESS';

/** AWS IoT Jobs as a thing sees them, and the few calls of its control plane that a test needs. */
export class Jobs {
  private readonly out: Outlet;
  private readonly limits: Limits;
  private readonly byThing = new Map<string, Execution[]>();

  constructor(out: Outlet, limits: Limits) {
    this.out = out;
    this.limits = limits;
  }

  /** As CreateJob: queues one execution for each thing. @throws RangeError for what AWS refuses */
  create(jobId: string, document: JsonObject, things: readonly string[]): void {
    if (!ID.test(jobId)) throw new RangeError(`job id '${jobId}': 1 to 64 of A-Za-z0-9_-`);
    const length = JSON.stringify(document).length;
    if (length > this.limits.jobDocumentChars) throw new RangeError(`document of ${length} chars`);
    for (const thing of things) {
      if (this.find(thing, jobId)) throw new RangeError(`job '${jobId}' exists`);
      const atS = epochSeconds();
      const list = this.byThing.get(thing) ?? [];
      const before = this.nextOf(thing);
      list.push({
        jobId,
        thing,
        document,
        queuedAt: atS,
        status: 'QUEUED',
        statusDetails: {},
        startedAt: undefined,
        lastUpdatedAt: atS,
        versionNumber: 1,
        deadline: undefined,
      });
      this.byThing.set(thing, list);
      this.changed(thing, before);
    }
  }

  /** As CancelJob: what is running goes on unless it is forced. */
  cancel(thing: string, jobId: string, force = false): void {
    const execution = this.find(thing, jobId);
    if (execution === undefined || !isOpen(execution)) return;
    if (execution.status === 'IN_PROGRESS' && !force) return;
    this.turn(execution, 'CANCELED');
  }

  execution(thing: string, jobId: string): Readonly<Execution> | undefined {
    return this.find(thing, jobId);
  }

  /** As DescribeJobExecution of the control plane; undefined where there is none. */
  described(thing: string, jobId: string): object | undefined {
    const execution = this.find(thing, jobId);
    if (execution === undefined) return undefined;
    const { status, statusDetails: detailsMap } = execution;
    return { ...summary(execution), status, statusDetails: { detailsMap } };
  }

  /** Where a job is or was to be done. */
  thingsOf(jobId: string): string[] {
    return [...this.byThing.keys()].filter((thing) => this.find(thing, jobId) !== undefined);
  }

  all(): KeptExecution[] {
    return [...this.byThing.values()].flat().map(({ deadline: _timer, ...kept }) => kept);
  }

  restore(kept: readonly KeptExecution[]): void {
    for (const one of kept) {
      const list = this.byThing.get(one.thing) ?? [];
      list.push({ ...one, deadline: undefined });
      this.byThing.set(one.thing, list);
    }
  }

  /** Ends the timers of running jobs. */
  stop(): void {
    for (const list of this.byThing.values()) {
      for (const { deadline } of list) clearTimeout(deadline);
    }
  }

  /** @param levels the topic after `$aws/things/<thing>/jobs` @returns false: not a request */
  take(thing: string, levels: readonly string[], payload: Uint8Array, from: Caller): boolean {
    const [first = '', second, ...more] = levels;
    if (more.length > 0) return false;
    const body = parseJson(payload.length === 0 ? '{}' : payload);
    const topic = `$aws/things/${thing}/jobs/${levels.join('/')}`;
    const answer = this.answer(thing, first, second, body);
    if (answer === undefined) return false;
    const reply = { timestamp: epochSeconds(), ...tokenOf(body) };
    if ('code' in answer) from.reply(`${topic}/rejected`, { ...answer, ...reply });
    else {
      from.reply(`${topic}/accepted`, { ...answer.accepted, ...reply });
      answer.after?.();
    }
    return true;
  }

  private answer(
    thing: string,
    first: string,
    second: string | undefined,
    body: unknown,
  ): Answer | undefined {
    const known = second === undefined ? ['get', 'start-next'] : ['get', 'update'];
    if (!known.includes(second ?? first)) return undefined;
    if (!isObject(body)) return refusal('InvalidJson', 'The request is not JSON');
    if (second === undefined) {
      return first === 'get' ? this.pending(thing) : this.startNext(thing, body);
    }
    const execution = first === '$next' ? this.nextOf(thing) : this.find(thing, first);
    if (second === 'get') {
      if (execution === undefined && first === '$next') return { accepted: {} };
      if (execution === undefined) return refusal('ResourceNotFound', `no job '${first}'`);
      return { accepted: { execution: told(execution, body['includeJobDocument'] !== false) } };
    }
    if (execution === undefined) return refusal('ResourceNotFound', `no job '${first}'`);
    return this.update(execution, body);
  }

  private pending(thing: string): Answer {
    const open = this.open(thing).slice(0, PENDING_MAX);
    const of = (status: JobStatus) => open.filter((one) => one.status === status).map(summary);
    return { accepted: { inProgressJobs: of('IN_PROGRESS'), queuedJobs: of('QUEUED') } };
  }

  /** A job in progress is given back as it stands: so this is also the call after a restart. */
  private startNext(thing: string, body: JsonObject): Answer {
    const execution = this.nextOf(thing);
    if (execution === undefined) return { accepted: {} };
    if (execution.status === 'QUEUED') {
      const before = execution;
      execution.statusDetails = detailsOf(body);
      this.start(execution, body);
      return {
        accepted: { execution: told(execution, true) },
        after: () => this.changed(thing, before),
      };
    }
    this.arm(execution, body);
    return { accepted: { execution: told(execution, true) } };
  }

  private update(execution: Execution, body: JsonObject): Answer {
    const status = String(body['status']);
    if (!SETTABLE.includes(status)) {
      return refusal('InvalidRequest', `status must be one of ${SETTABLE.join(', ')}`);
    }
    const state = { executionState: stateOf(execution) };
    if (!isOpen(execution)) {
      const code =
        execution.status === 'CANCELED' ? 'InvalidStateTransition' : 'TerminalStateReached';
      return { ...refusal(code, `the job is ${execution.status}`), ...state };
    }
    const expected = Number(body['expectedVersion'] ?? execution.versionNumber);
    if (expected !== execution.versionNumber) {
      const is = `expected ${expected}, it is ${execution.versionNumber}`;
      return { ...refusal('VersionMismatch', is), ...state };
    }
    const before = this.nextOf(execution.thing);
    const was = execution.status;
    if (isObject(body['statusDetails'])) execution.statusDetails = detailsOf(body);
    if (status === 'IN_PROGRESS') this.start(execution, body);
    else this.settle(execution, status as JobStatus);
    const accepted = {
      ...(body['includeJobExecutionState'] === true && { executionState: stateOf(execution) }),
      ...(body['includeJobDocument'] === true && { jobDocument: execution.document }),
    };
    const moved = was !== execution.status;
    return { accepted, after: () => moved && this.changed(execution.thing, before) };
  }

  private start(execution: Execution, body: JsonObject): void {
    execution.status = 'IN_PROGRESS';
    execution.startedAt ??= epochSeconds();
    execution.lastUpdatedAt = epochSeconds();
    execution.versionNumber += 1;
    this.arm(execution, body);
  }

  /** The step timer; -1 clears it. */
  private arm(execution: Execution, body: JsonObject): void {
    const minutes = body['stepTimeoutInMinutes'];
    if (typeof minutes !== 'number') return;
    clearTimeout(execution.deadline);
    if (minutes < 1) return;
    const end = (): void => this.turn(execution, 'TIMED_OUT');
    execution.deadline = setTimeout(end, minutes * 60_000).unref();
  }

  private settle(execution: Execution, status: JobStatus): void {
    clearTimeout(execution.deadline);
    execution.status = status;
    execution.lastUpdatedAt = epochSeconds();
    execution.versionNumber += 1;
  }

  private turn(execution: Execution, status: JobStatus): void {
    const before = this.nextOf(execution.thing);
    this.settle(execution, status);
    this.changed(execution.thing, before);
  }

  private changed(thing: string, before: Execution | undefined): void {
    const timestamp = epochSeconds();
    const open = this.open(thing);
    const jobs: Record<string, unknown[]> = {};
    for (const one of open.slice(0, PENDING_MAX)) {
      jobs[one.status] ??= [];
      jobs[one.status]?.push(summary(one));
    }
    this.out.publish(`$aws/things/${thing}/jobs/notify`, { timestamp, jobs });
    const next = this.nextOf(thing);
    if (next === before) return;
    const execution = next === undefined ? {} : { execution: told(next, true) };
    this.out.publish(`$aws/things/${thing}/jobs/notify-next`, { timestamp, ...execution });
  }

  /** In progress first, then in order of creation. */
  private open(thing: string): Execution[] {
    const open = (this.byThing.get(thing) ?? []).filter(isOpen);
    const running = open.filter(({ status }) => status === 'IN_PROGRESS');
    return [...running, ...open.filter(({ status }) => status === 'QUEUED')];
  }

  private nextOf(thing: string): Execution | undefined {
    return this.open(thing)[0];
  }

  private find(thing: string, jobId: string): Execution | undefined {
    return this.byThing.get(thing)?.find((one) => one.jobId === jobId);
  }
}

const refusal = (code: string, message: string) => ({ code, message });

const stateOf = ({ status, statusDetails, versionNumber }: Execution) => ({
  status,
  statusDetails,
  versionNumber,
});

function summary(execution: Execution) {
  const { jobId, queuedAt, lastUpdatedAt, startedAt, versionNumber } = execution;
  return {
    jobId,
    queuedAt,
    lastUpdatedAt,
    ...(startedAt !== undefined && { startedAt }),
    executionNumber: 1,
    versionNumber,
  };
}

function told(execution: Execution, withDocument: boolean) {
  const { thing, status, statusDetails, document } = execution;
  return {
    ...summary(execution),
    thingName: thing,
    status,
    ...(Object.keys(statusDetails).length > 0 && { statusDetails }),
    ...(withDocument && { jobDocument: document }),
  };
}

function detailsOf(body: JsonObject): Record<string, string> {
  const details = body['statusDetails'];
  if (!isObject(details)) return {};
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, String(value)]));
}
