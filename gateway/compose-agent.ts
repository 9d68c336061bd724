import { type Agent, type AgentDeps, createAgent } from './agents/agent.ts';

/**
 * Joins the agent process's inside to its ports, for the site and for the virtual world. Apart from
 * compose.ts, so that the guard's process loads nothing of it.
 */
export const composeAgent = (deps: AgentDeps): Agent => createAgent(deps);
