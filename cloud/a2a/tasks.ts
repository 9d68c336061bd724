import type { A2aMessage, A2aTask } from '../../gateway/contracts/messages.ts';
import { type Instant, localTime } from '../../gateway/contracts/values/time.ts';

export type TaskState = A2aTask['status']['state'];
export type Parts = A2aMessage['parts'];

/** A task with what the protocol does not show: whose it is and what it still waits for. */
export interface OwnTask {
  readonly task: A2aTask;
  readonly agent: string;
  readonly gateway: string;
  readonly atMs: Instant;
  readonly waitsFor: readonly string[];
}

const DONE: ReadonlySet<TaskState> = new Set([
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_REJECTED',
]);

export const isDone = (task: A2aTask): boolean => DONE.has(task.status.state);

/** UTC with milliseconds, `2026-11-22T08:15:00.000Z`. */
export function timestamp(atMs: Instant): string {
  const at = localTime(atMs, 'UTC');
  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const time = `${pad(Math.floor(at.minuteOfDay / 60))}:${pad(at.minuteOfDay % 60)}`;
  const ms = ((atMs % 60_000) + 60_000) % 60_000;
  const seconds = `${pad(Math.floor(ms / 1_000))}.${pad(Math.floor(ms) % 1_000, 3)}`;
  return `${at.year}-${pad(at.month)}-${pad(at.day)}T${time}:${seconds}Z`;
}

export function newTask(
  id: string,
  contextId: string,
  state: TaskState,
  atMs: Instant,
  result: { readonly name: string; readonly parts: Parts } | undefined,
  says: string | undefined,
): A2aTask {
  return {
    id,
    contextId,
    status: {
      state,
      timestamp: timestamp(atMs),
      ...(says !== undefined && { message: agentMessage(`${id}-status`, [{ text: says }]) }),
    },
    ...(result !== undefined && {
      artifacts: [{ artifactId: `${id}-1`, name: result.name, parts: result.parts }],
    }),
  };
}

/** As a list shows it, unless it is asked for more. */
export function withoutArtifacts({ artifacts: _left, ...task }: A2aTask): A2aTask {
  return task;
}

export function withState(task: A2aTask, state: TaskState, atMs: Instant): A2aTask {
  return { ...task, status: { state, timestamp: timestamp(atMs) } };
}

export function agentMessage(messageId: string, parts: Parts, contextId?: string): A2aMessage {
  return {
    messageId,
    role: 'ROLE_AGENT',
    parts,
    ...(contextId !== undefined && { contextId }),
  };
}
