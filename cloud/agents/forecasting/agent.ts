import type { AgentPort } from '../../a2a/router.ts';
import type { ForecastState } from './forecasting.ts';

/**
 * The forecasting agent as others may talk to it: it tells a gateway where its zone's newest
 * forecast is.
 */
export function forecastingAgent(zones: ReadonlyMap<string, ForecastState>): AgentPort {
  return {
    send(speaker, message) {
      const asked = message.parts.some(
        (part) =>
          'data' in part && (part.data as { kind?: unknown } | null)?.kind === 'get-forecast',
      );
      const data = zones.get(speaker.zone)?.published;
      if (!asked)
        return { state: 'TASK_STATE_REJECTED', says: 'send a data part {kind: "get-forecast"}' };
      if (data === undefined) return { state: 'TASK_STATE_FAILED', says: 'nothing is known yet' };
      return {
        state: 'TASK_STATE_COMPLETED',
        result: { name: 'forecast', parts: [{ data, mediaType: 'application/json' }] },
      };
    },
  };
}
