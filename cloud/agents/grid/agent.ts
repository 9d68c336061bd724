import type { AgentPort } from '../../a2a/router.ts';
import type { GridState } from './grid.ts';

/** The grid agent as others may talk to it: it tells a gateway its own envelope. */
export function gridAgent(zones: ReadonlyMap<string, GridState>): AgentPort {
  return {
    send(speaker, message) {
      const asked = message.parts.some(
        (part) =>
          'data' in part && (part.data as { kind?: unknown } | null)?.kind === 'get-envelope',
      );
      const envelope = zones.get(speaker.zone)?.envelopes.get(speaker.gateway);
      if (!asked)
        return { state: 'TASK_STATE_REJECTED', says: 'send a data part {kind: "get-envelope"}' };
      if (envelope === undefined)
        return { state: 'TASK_STATE_FAILED', says: 'no envelope is in force yet' };
      const data = { v: 1, kind: 'envelope', ...envelope };
      return {
        state: 'TASK_STATE_COMPLETED',
        result: { name: 'envelope', parts: [{ data, mediaType: 'application/json' }] },
      };
    },
  };
}
