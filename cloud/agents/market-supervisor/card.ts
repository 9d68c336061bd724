import type { AgentCard } from '../../a2a/card.ts';

export const marketSupervisorCard: AgentCard = {
  name: 'market-supervisor',
  description:
    'Runs the local market of a zone: takes orders until a gate closes, clears each delivery ' +
    'interval at one price, sends awards, and settles what was delivered.',
  version: '1.0.0',
  skills: [
    {
      id: 'orders',
      name: 'Place orders',
      description:
        'Takes a data part {v: 1, kind: "orders", zone, orders[]}. The task answers with a ' +
        'receipt at once, and is completed when every interval in it is cleared. Canceling the ' +
        'task takes its orders out while their gate is open.',
      tags: ['market', 'auction'],
      examples: ['{"v":1,"kind":"orders","zone":"z1","orders":[]}'],
    },
  ],
};
