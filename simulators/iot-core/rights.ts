import { timingSafeEqual } from 'node:crypto';
import { type Connection, type Policy, permits } from './policy.ts';
import { matches } from './topics.ts';

/** What a client may do with a password; `+` and `#` as in filters. Nothing else is allowed. */
export interface Grant {
  readonly clientId: string;
  readonly password: string;
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** What one connection may do. */
export interface Rights {
  readonly thing: string | undefined;
  readonly certificateId: string | undefined;
  publish(topic: string, retain: boolean): boolean;
  subscribe(filter: string): boolean;
  receive(topic: string): boolean;
}

const allows = (filters: readonly string[], topic: string): boolean =>
  filters.some((filter) => filter === topic || matches(filter, topic));

export function passwordFits(grant: Grant, password: Uint8Array): boolean {
  const wanted = Buffer.from(grant.password);
  return wanted.length === password.length && timingSafeEqual(wanted, password);
}

export function grantRights(grant: Grant): Rights {
  return {
    thing: grant.clientId,
    certificateId: undefined,
    publish: (topic) => allows(grant.publish, topic),
    subscribe: (filter) => allows(grant.subscribe, filter),
    receive: (topic) => allows(grant.subscribe, topic),
  };
}

/** @returns undefined when the policies do not allow the connection itself */
export function policyRights(
  policies: readonly Policy[],
  connection: Connection,
  certificateId: string,
): Rights | undefined {
  if (!permits(policies, 'Connect', ['client', connection.clientId], connection)) return undefined;
  return {
    thing: connection.thing === connection.clientId ? connection.thing : undefined,
    certificateId,
    publish: (topic, retain) =>
      permits(policies, 'Publish', ['topic', topic], connection) &&
      (!retain || permits(policies, 'RetainPublish', ['topic', topic], connection)),
    subscribe: (filter) => permits(policies, 'Subscribe', ['topicfilter', filter], connection),
    receive: (topic) => permits(policies, 'Receive', ['topic', topic], connection),
  };
}
