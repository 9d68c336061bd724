import type { OperatorSettings } from '../../contracts/settings.ts';
import { gatewayTopics } from '../../contracts/topics.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { AgentStore, AuditLog, Broker, BrokerMessage, Clock, Log } from '../../ports.ts';
import { JobRunner, type Operations } from '../jobs/jobs.ts';
import { SettingsShadow } from '../shadow/shadow.ts';
import { encodeJson } from '../status/status.ts';
import { ReservedTopics } from './reserved.ts';

export interface FleetDeps {
  readonly site: Site;
  readonly siteHash: string;
  readonly broker: Broker;
  readonly store: AgentStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: AuditLog | undefined;
  readonly operations: Operations;
  readonly settings: (settings: OperatorSettings) => void;
}

/**
 * The fleet's hold on a gateway: settings by shadow, work by job. Only where the broker has both.
 */
export class FleetLink {
  private readonly broker: Broker;
  private readonly reserved: ReservedTopics;
  private readonly shadow: SettingsShadow;
  private readonly jobs: JobRunner;

  constructor(deps: FleetDeps) {
    const { site, broker, clock, operations, log } = deps;
    const { diagnostics } = gatewayTopics(site.tenant, site.gateway);
    this.broker = broker;
    this.reserved = new ReservedTopics(broker, clock);
    const { reserved } = this;
    this.shadow = new SettingsShadow({
      ...deps,
      reserved,
      apply: (settings) => {
        const { logLevel } = settings;
        if (logLevel) {
          const leftMs = (logLevel.untilMs - clock.wallMs()) / clock.speed;
          operations.logLevel(logLevel.level, leftMs);
        }
        deps.settings(settings);
      },
    });
    this.jobs = new JobRunner({
      thing: site.gateway,
      reserved,
      operations,
      log,
      audit: deps.audit,
      upload: async (jobId, bundle) => {
        const payload = encodeJson({ v: 1, jobId, ...bundle });
        await broker.publish(diagnostics, payload);
        return payload.length;
      },
    });
  }

  /** Before the first connect. */
  async start(): Promise<void> {
    await this.shadow.recall();
    this.broker.subscribe([...this.shadow.filters, ...this.jobs.filters]);
  }

  /** On every connect. */
  async online(): Promise<void> {
    await this.shadow.refresh();
    await this.jobs.next();
  }

  take(message: BrokerMessage): void {
    if (this.reserved.take(message) || this.shadow.take(message)) return;
    this.jobs.take(message);
  }
}
