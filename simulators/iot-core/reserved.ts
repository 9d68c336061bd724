import type { Authority } from './authority.ts';
import { Jobs } from './jobs.ts';
import type { Limits } from './limits.ts';
import { Provisioning } from './provisioning.ts';
import type { Registry } from './registry.ts';
import type { Caller, Outlet } from './service.ts';
import { Shadows } from './shadows.ts';

/** What a rule does with a message of basic ingest. */
export type RuleTarget = (message: {
  readonly topic: string; // without `$aws/rules/<rule>/`
  readonly clientId: string;
  readonly payload: Uint8Array;
}) => void;

export interface ReservedOptions {
  readonly out: Outlet;
  readonly limits: Limits;
  readonly registry: Registry;
  /** Without it nothing is provisioned. */
  readonly authority: Authority | undefined;
  readonly rules: Readonly<Record<string, RuleTarget>>;
}

/** Everything behind `$aws/`: shadows, jobs, provisioning, basic ingest. */
export class Reserved {
  readonly shadows: Shadows;
  readonly jobs: Jobs;
  private readonly provisioning: Provisioning | undefined;
  private readonly rules: Readonly<Record<string, RuleTarget>>;

  constructor({ out, limits, registry, authority, rules }: ReservedOptions) {
    this.shadows = new Shadows(out, limits);
    this.jobs = new Jobs(out, limits);
    this.provisioning = authority && new Provisioning(out, authority, registry);
    this.rules = rules;
  }

  /** @returns false when nobody listens at this reserved topic */
  take(topic: string, payload: Uint8Array, from: Caller): boolean {
    const [, area, thing = '', service, ...rest] = topic.split('/');
    if (area === 'things' && service === 'shadow') {
      return this.shadows.take(thing, rest, payload, from);
    }
    if (area === 'things' && service === 'jobs') return this.jobs.take(thing, rest, payload, from);
    if (area === 'rules') {
      const target = this.rules[thing];
      target?.({ topic: [service, ...rest].join('/'), clientId: from.clientId, payload });
      return true; // a rule that is not there swallows, and the PUBACK does not tell
    }
    return this.provisioning?.take(topic.split('/').slice(1), payload, from) ?? false;
  }

  stop(): void {
    this.jobs.stop();
  }
}

export const isReserved = (topic: string): boolean => topic.startsWith('$');
