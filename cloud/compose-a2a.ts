import type { A2aRequest, A2aResponse } from '../gateway/contracts/messages.ts';
import { httpCard } from './a2a/card.ts';
import type { A2aRouter } from './a2a/router.ts';
import { forecastingCard } from './agents/forecasting/card.ts';
import { gridCard } from './agents/grid/card.ts';
import { marketSupervisorCard } from './agents/market-supervisor/card.ts';
import type { CloudConfig } from './config/cloud.ts';
import type { Registered } from './fleet/registry.ts';
import type { A2aDoor } from './ports.ts';

export const CARDS = {
  'market-supervisor': marketSupervisorCard,
  grid: gridCard,
  forecasting: forecastingCard,
} as const;

interface Inside {
  readonly config: CloudConfig;
  readonly registry: ReadonlyMap<string, Registered>;
  readonly router: A2aRouter;
  answer(from: Registered, payload: unknown): A2aResponse | undefined;
}

/** The agents as another binding than MQTT reaches them: same router, same tasks, same registry. */
export function a2aDoor({ config, registry, router, answer }: Inside): A2aDoor {
  return {
    agents: Object.keys(CARDS) as A2aRequest['agent'][],
    card: (agent, url) => httpCard(CARDS[agent], url, config.brokerUrl, config.tenant),
    request: (gateway, payload) => {
      const from = registry.get(gateway);
      return from && answer(from, payload);
    },
    tasks: (gateway, agent) => {
      const from = registry.get(gateway);
      return from === undefined ? [] : router.list(from, agent);
    },
    watch: (taskId, hear) => router.watch(taskId, hear),
  };
}
