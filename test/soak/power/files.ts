/** What a gateway and its cloud keep, below one folder. */
export const FILES = {
  outbox: 'agent.db',
  cloud: 'cloud.db',
  audit: 'audit',
  state: 'guard.state',
  box: 'blackbox',
} as const;

export const GATEWAY = 'gw-1';
