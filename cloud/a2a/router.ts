import {
  type A2aMessage,
  type A2aNotice,
  type A2aRequest,
  type A2aResponse,
  type A2aTask,
  a2aRequest,
} from '../../gateway/contracts/messages.ts';
import type { Instant } from '../../gateway/contracts/values/time.ts';
import { canonical } from '../canonical.ts';
import type { Row, Store, Write } from '../ports.ts';
import {
  agentMessage,
  isDone,
  newTask,
  type OwnTask,
  type Parts,
  type TaskState,
  withoutArtifacts,
  withState,
} from './tasks.ts';

/** Who is speaking, as topic and registry say. */
export interface Speaker {
  readonly gateway: string;
  readonly participant: string;
  readonly zone: string;
}

/**
 * What an agent makes of a message: the state of its task, its answer, and what the task waits for.
 */
export interface AgentAnswer {
  readonly state: TaskState;
  readonly result?: { readonly name: string; readonly parts: Parts };
  readonly says?: string;
  readonly waitsFor?: readonly string[];
  readonly writes?: readonly Write[];
}

export interface AgentPort {
  send(speaker: Speaker, message: A2aMessage, taskId: string, nowMs: Instant): AgentAnswer;
  /** Takes back what the task asked for. */
  cancel?(speaker: Speaker, taskId: string, nowMs: Instant): readonly Write[];
}

export type AgentName = A2aRequest['agent'];

/** A2A's own codes where one fits, JSON-RPC's otherwise. */
export const A2A_ERRORS = {
  invalidRequest: -32_600,
  invalidParams: -32_602,
  taskNotFound: -32_001,
  taskNotCancelable: -32_002,
  versionNotSupported: -32_009,
} as const;

/** Tasks of one list; what comes after has to be asked for by its context. */
const LISTED_MAX = 50;

/** Tasks and answered messages live this long after their last change. */
export const TASK_LIFE_MS = 48 * 3_600_000;

/**
 * Routes A2A requests to the agents and keeps their tasks. A message is answered once: its
 * repetition, also after a restart, gets the same answer and has no second effect. Task ids are
 * made here; a task is its gateway's own.
 */
export class A2aRouter {
  private readonly agents: Readonly<Record<AgentName, AgentPort>>;
  private readonly nextId: (name: string) => number;
  private readonly tasks = new Map<string, OwnTask>();
  private readonly watchers = new Map<string, Set<(task: A2aTask) => void>>();
  private readonly answered = new Map<string, { atMs: Instant; response: A2aResponse }>();

  constructor(agents: Readonly<Record<AgentName, AgentPort>>, nextId: (name: string) => number) {
    this.agents = agents;
    this.nextId = nextId;
  }

  restore(store: Pick<Store, 'rows'>, nowMs: Instant): void {
    const sinceMs = nowMs - TASK_LIFE_MS;
    for (const row of store.rows('trade_data', 'task', sinceMs)) {
      const own = JSON.parse(row.body) as OwnTask;
      this.tasks.set(own.task.id, own);
    }
    for (const row of store.rows('trade_data', 'answer', sinceMs)) {
      this.answered.set(row.key, { atMs: row.fromMs, response: JSON.parse(row.body) });
    }
  }

  /**
   * @param payload  what JSON made of the message.
   * @returns no answer where nobody could tell whose it is
   */
  handle(
    speaker: Speaker,
    payload: unknown,
    nowMs: Instant,
  ): { readonly response: A2aResponse | undefined; readonly writes: Write[] } {
    const parsed = a2aRequest.safeParse(payload);
    if (!parsed.success) return { response: refuseUnread(payload), writes: [] };
    const request = parsed.data;
    if (request.method === 'GetTask')
      return { response: this.getTask(speaker, request), writes: [] };
    if (request.method === 'ListTasks')
      return { response: this.listTasks(speaker, request), writes: [] };
    if (request.method === 'CancelTask') return this.cancelTask(speaker, request, nowMs);
    return this.sendMessage(speaker, request, nowMs);
  }

  /** Something a task waited for has happened; says the task's newest form. */
  progress(
    taskId: string,
    done: string,
    nowMs: Instant,
  ): { task: OwnTask; writes: Write[] } | undefined {
    const own = this.tasks.get(taskId);
    if (own === undefined) return undefined;
    if (isDone(own.task) || !own.waitsFor.includes(done)) return { task: own, writes: [] };
    const waitsFor = own.waitsFor.filter((one) => one !== done);
    const task =
      waitsFor.length > 0 ? own.task : withState(own.task, 'TASK_STATE_COMPLETED', nowMs);
    const next = { ...own, task, waitsFor };
    this.keep(next);
    return { task: next, writes: [taskRow(next)] };
  }

  /** A message of an agent that nobody asked for. */
  notice(agent: AgentName, parts: Parts, task?: OwnTask): A2aNotice {
    const messageId = `msg-${this.nextId('message')}`;
    return {
      a2aVersion: '1.0',
      agent,
      message: agentMessage(messageId, parts, task?.task.contextId),
      ...(task !== undefined && { task: task.task }),
    };
  }

  /** A gateway's tasks with one agent, newest change first. */
  list(speaker: Speaker, agent: AgentName): A2aTask[] {
    return [...this.tasks.values()]
      .filter((own) => own.gateway === speaker.gateway && own.agent === agent)
      .map(({ task }) => task)
      .sort((a, b) =>
        a.status.timestamp === b.status.timestamp
          ? Number(a.id < b.id) - Number(a.id > b.id)
          : a.status.timestamp < b.status.timestamp
            ? 1
            : -1,
      );
  }

  /** Hears of each change of a task from now on. @returns ends that */
  watch(taskId: string, hear: (task: A2aTask) => void): () => void {
    const hearers = this.watchers.get(taskId) ?? new Set();
    this.watchers.set(taskId, hearers.add(hear));
    return () => {
      hearers.delete(hear);
      if (hearers.size === 0) this.watchers.delete(taskId);
    };
  }

  private keep(own: OwnTask): void {
    this.tasks.set(own.task.id, own);
    for (const hear of this.watchers.get(own.task.id) ?? []) hear(own.task);
  }

  forget(beforeMs: Instant): void {
    for (const [id, own] of this.tasks) if (own.atMs < beforeMs) this.tasks.delete(id);
    for (const [key, one] of this.answered) if (one.atMs < beforeMs) this.answered.delete(key);
  }

  private sendMessage(speaker: Speaker, request: A2aRequest, nowMs: Instant) {
    const { message } = request;
    if (message === undefined) {
      return refuse('unknown', A2A_ERRORS.invalidParams, 'SendMessage needs a message');
    }
    const key = `answer/${speaker.gateway}/${message.messageId}`;
    const known = this.answered.get(key);
    if (known !== undefined) return { response: known.response, writes: [] };
    if (message.taskId !== undefined) return this.continueTask(speaker, message);
    const taskId = `task-${this.nextId('task')}`;
    const answer = this.agents[request.agent].send(speaker, message, taskId, nowMs);
    const own: OwnTask = {
      task: newTask(
        taskId,
        message.contextId ?? `ctx-${taskId}`,
        answer.state,
        nowMs,
        answer.result,
        answer.says,
      ),
      agent: request.agent,
      gateway: speaker.gateway,
      atMs: nowMs,
      waitsFor: answer.waitsFor ?? [],
    };
    this.keep(own);
    const response: A2aResponse = {
      a2aVersion: '1.0',
      inReplyTo: message.messageId,
      task: own.task,
    };
    this.answered.set(key, { atMs: nowMs, response });
    const row: Row = {
      table: 'trade_data',
      key,
      kind: 'answer',
      zone: speaker.zone,
      who: speaker.gateway,
      fromMs: nowMs,
      body: canonical(response),
    };
    return {
      response,
      writes: [...(answer.writes ?? []), taskRow(own), { op: 'put' as const, row }],
    };
  }

  /**
   * No skill goes over several turns: a known task is answered with where it stands, an unknown one
   * is an error.
   */
  private continueTask(speaker: Speaker, message: A2aMessage) {
    const own = this.tasks.get(message.taskId ?? '');
    if (own === undefined || own.gateway !== speaker.gateway) {
      return refuse(
        message.messageId,
        A2A_ERRORS.taskNotFound,
        'no such task; task ids are made by the server',
      );
    }
    const response: A2aResponse = {
      a2aVersion: '1.0',
      inReplyTo: message.messageId,
      task: own.task,
    };
    return { response, writes: [] };
  }

  private getTask(speaker: Speaker, request: A2aRequest): A2aResponse {
    const id = request.taskId ?? 'unknown';
    const own = this.tasks.get(id);
    if (own === undefined || own.gateway !== speaker.gateway) {
      return refuse(id, A2A_ERRORS.taskNotFound, 'no such task').response;
    }
    return { a2aVersion: '1.0', inReplyTo: id, task: own.task };
  }

  private listTasks(speaker: Speaker, request: A2aRequest): A2aResponse {
    const { requestId: inReplyTo, contextId } = request;
    if (inReplyTo === undefined) {
      return refuse('unknown', A2A_ERRORS.invalidParams, 'ListTasks needs a requestId').response;
    }
    const tasks = this.list(speaker, request.agent)
      .filter((task) => contextId === undefined || task.contextId === contextId)
      .slice(0, LISTED_MAX)
      .map(withoutArtifacts);
    return { a2aVersion: '1.0', inReplyTo, tasks };
  }

  private cancelTask(speaker: Speaker, request: A2aRequest, nowMs: Instant) {
    const id = request.taskId ?? 'unknown';
    const own = this.tasks.get(id);
    if (own === undefined || own.gateway !== speaker.gateway) {
      return refuse(id, A2A_ERRORS.taskNotFound, 'no such task');
    }
    const agent = this.agents[own.agent as AgentName];
    if (isDone(own.task) || agent.cancel === undefined) {
      return refuse(id, A2A_ERRORS.taskNotCancelable, 'the task is done, or cannot be taken back');
    }
    const writes = agent.cancel(speaker, id, nowMs);
    const next = { ...own, task: withState(own.task, 'TASK_STATE_CANCELED', nowMs), waitsFor: [] };
    this.keep(next);
    const response: A2aResponse = { a2aVersion: '1.0', inReplyTo: id, task: next.task };
    return { response, writes: [...writes, taskRow(next)] };
  }
}

function taskRow(own: OwnTask): Write {
  return {
    op: 'put',
    row: {
      table: 'trade_data',
      key: `task/${own.task.id}`,
      kind: 'task',
      zone: '',
      who: own.gateway,
      fromMs: own.atMs,
      body: canonical(own),
    },
  };
}

function refuse(inReplyTo: string, code: number, message: string) {
  const response: A2aResponse = { a2aVersion: '1.0', inReplyTo, error: { code, message } };
  return { response, writes: [] as Write[] };
}

/** A request that is not one still gets its answer, where it says at least which message it is. */
function refuseUnread(payload: unknown): A2aResponse | undefined {
  const request = payload as {
    a2aVersion?: unknown;
    message?: { messageId?: unknown };
    taskId?: unknown;
    requestId?: unknown;
  };
  const id = request?.message?.messageId ?? request?.taskId ?? request?.requestId;
  if (typeof id !== 'string' || !/^[A-Za-z0-9_.:-]{1,96}$/.test(id)) return undefined;
  const version = request.a2aVersion !== '1.0';
  return refuse(
    id,
    version ? A2A_ERRORS.versionNotSupported : A2A_ERRORS.invalidRequest,
    version ? 'this side speaks A2A 1.0' : 'not an A2A request of this binding',
  ).response;
}
