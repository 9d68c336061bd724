import {
  Message,
  type SendMessageRequest,
  type StreamResponse,
  Task,
  TaskState,
  type TaskStatus,
  taskStateToJSON,
} from '@a2a-js/sdk';
import {
  PushNotificationNotSupportedError,
  RequestMalformedError,
  TaskNotCancelableError,
  TaskNotFoundError,
  UnsupportedOperationError,
} from '@a2a-js/sdk/errors';
import type { A2ARequestHandler, ServerCallContext } from '@a2a-js/sdk/server';
import type { A2aRequest, A2aTask } from '../../gateway/contracts/messages.ts';
import type { A2aDoor } from '../ports.ts';

type AgentName = A2aRequest['agent'];
export type Card = Awaited<ReturnType<A2ARequestHandler['getAgentCard']>>;

const BLOCK_MS = 20_000; // a caller who wants the end waits so long, then gets where it stands
const PAGE = 50;
const PAGE_MAX = 100;

const DONE: ReadonlySet<string> = new Set([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]);
const isDone = (task: A2aTask): boolean => DONE.has(task.status.state);

/** One agent behind the SDK: each operation is the one that MQTT has, in the SDK's types. */
export function requestHandler(door: A2aDoor, agent: AgentName, card: Card): A2ARequestHandler {
  const inside = new Inside(door, agent);
  const noPush = async (): Promise<never> => {
    throw new PushNotificationNotSupportedError('no webhooks are called here');
  };
  return {
    getAgentCard: async () => card,
    getAuthenticatedExtendedAgentCard: async () => {
      throw new UnsupportedOperationError('the card is the same for everybody');
    },
    sendMessage: async (params, context) => {
      const task = inside.send(gatewayOf(context), params);
      if (params.configuration?.returnImmediately === true || isDone(task)) return sdkTask(task);
      return sdkTask(await inside.ended(task));
    },
    sendMessageStream: (params, context) =>
      inside.stream(() => inside.send(gatewayOf(context), params), goneOf(context)),
    getTask: async ({ id }, context) => sdkTask(inside.find(gatewayOf(context), id)),
    cancelTask: async ({ id }, context) => {
      const gateway = gatewayOf(context);
      inside.find(gateway, id);
      return sdkTask(inside.ask(gateway, { method: 'CancelTask', taskId: id }));
    },
    listTasks: async (params, context) => {
      const all = inside.list(gatewayOf(context), params.contextId, params.status);
      const from = Number(params.pageToken || 0);
      const size = Math.min(params.pageSize || PAGE, PAGE_MAX);
      if (!Number.isSafeInteger(from) || from < 0) {
        throw new RequestMalformedError('not a page token of this service');
      }
      const until = from + size;
      return {
        tasks: all
          .slice(from, until)
          .map((task) => sdkTask(params.includeArtifacts === true ? task : bare(task))),
        nextPageToken: until < all.length ? String(until) : '',
        pageSize: size,
        totalSize: all.length,
      };
    },
    resubscribe: (params, context) =>
      inside.stream(() => {
        const task = inside.find(gatewayOf(context), params.id);
        if (isDone(task)) throw new UnsupportedOperationError('the task is over');
        return task;
      }, goneOf(context)),
    createTaskPushNotificationConfig: noPush,
    getTaskPushNotificationConfig: noPush,
    listTaskPushNotificationConfigs: noPush,
    deleteTaskPushNotificationConfig: noPush,
  };
}

class Inside {
  private readonly door: A2aDoor;
  private readonly agent: AgentName;

  constructor(door: A2aDoor, agent: AgentName) {
    this.door = door;
    this.agent = agent;
  }

  send(gateway: string, { message }: SendMessageRequest): A2aTask {
    if (message === undefined) throw new RequestMalformedError('SendMessage needs a message');
    return this.ask(gateway, { method: 'SendMessage', message: Message.toJSON(message) });
  }

  ask(gateway: string, request: object): A2aTask {
    const answer = this.door.request(gateway, {
      a2aVersion: '1.0',
      agent: this.agent,
      ...request,
    });
    if (answer?.task !== undefined) return answer.task;
    const text = answer?.error?.message ?? 'not an A2A request that anybody could answer';
    if (answer?.error?.code === -32_001) throw new TaskNotFoundError(text);
    if (answer?.error?.code === -32_002) throw new TaskNotCancelableError(text);
    throw new RequestMalformedError(text);
  }

  find(gateway: string, id: string): A2aTask {
    const task = this.door.tasks(gateway, this.agent).find((one) => one.id === id);
    if (task === undefined) throw new TaskNotFoundError('no such task');
    return task;
  }

  list(gateway: string, contextId: string, status: TaskState): A2aTask[] {
    const state = taskStateToJSON(status);
    return this.door
      .tasks(gateway, this.agent)
      .filter((one) => contextId === '' || one.contextId === contextId)
      .filter((one) => status === TaskState.TASK_STATE_UNSPECIFIED || one.status.state === state);
  }

  /** A task's end, or how it stands when nobody waits longer. */
  ended(task: A2aTask): Promise<A2aTask> {
    const { promise, resolve } = Promise.withResolvers<A2aTask>();
    let newest = task;
    const stop = this.door.watch(task.id, (changed) => {
      newest = changed;
      if (isDone(changed)) finish();
    });
    const timer = setTimeout(() => finish(), BLOCK_MS);
    const finish = (): void => {
      stop();
      clearTimeout(timer);
      resolve(newest);
    };
    return promise;
  }

  /** The task, then each change of its state until it is over or the caller is gone. */
  async *stream(
    begin: () => A2aTask,
    gone: AbortSignal | undefined,
  ): AsyncGenerator<StreamResponse, void, undefined> {
    const task = begin();
    const waiting: A2aTask[] = [];
    let wake = (): void => undefined;
    const stop = this.door.watch(task.id, (changed) => {
      waiting.push(changed);
      wake();
    });
    gone?.addEventListener('abort', () => wake());
    try {
      yield { payload: { $case: 'task', value: sdkTask(task) } };
      let over = isDone(task);
      while (!over && gone?.aborted !== true) {
        const next = waiting.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          continue;
        }
        over = isDone(next);
        yield { payload: { $case: 'statusUpdate', value: changeOf(next) } };
      }
    } finally {
      stop();
    }
  }
}

function changeOf(task: A2aTask) {
  const status: TaskStatus | undefined = sdkTask(task).status;
  return { taskId: task.id, contextId: task.contextId, status, metadata: undefined };
}

const sdkTask = (task: A2aTask): Task => Task.fromJSON(task);

/** As a list shows it, unless it is asked for more. */
const bare = ({ artifacts: _left, ...task }: A2aTask): A2aTask => task;

/** Where a2a-http says that the caller has hung up. */
export const GONE = 'gone';

function goneOf(context: ServerCallContext): AbortSignal | undefined {
  const gone = context.state.get(GONE);
  return gone instanceof AbortSignal ? gone : undefined;
}

/** Who calls is what the token proved, never a field of the message. */
function gatewayOf(context: ServerCallContext): string {
  return context.user?.userName ?? '';
}
