import { type JobDocument, jobDocument, type LogLevel } from '../../contracts/settings.ts';
import type { BrokerMessage, Log } from '../../ports.ts';
import { type Fields, fieldsOf, type ReservedTopics } from '../fleet/reserved.ts';

/** What a job may do to this process. */
export interface Operations {
  /** Of this start of the process: a job that asked for a restart knows by it that it happened. */
  readonly bootId: string;
  /** Ends the agent process; the guard, which runs on, starts it again. */
  restart(): void;
  /** @param forMs real milliseconds until the usual level is back */
  logLevel(level: LogLevel, forMs: number): void;
  /** What is known of this process, for a person; no secrets. */
  diagnostics(): Promise<Fields>;
}

export interface JobDeps {
  readonly thing: string;
  readonly reserved: ReservedTopics;
  readonly operations: Operations;
  /** Sends a bundle to the cloud; resolves when the broker has it. */
  readonly upload: (jobId: string, bundle: Fields) => Promise<number>;
  readonly log: Log;
}

type Status = 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'IN_PROGRESS';
type Details = Readonly<Record<string, string>>;

/**
 * AWS IoT Jobs, one at a time: asks for the next on every connect and every notice. A job that was
 * in progress when the process ended comes back the same way and is taken up where it stood.
 */
export class JobRunner {
  readonly filters: readonly string[];
  private readonly deps: JobDeps;
  private readonly base: string;
  private busy = false;
  private again = false;

  constructor(deps: JobDeps) {
    this.deps = deps;
    this.base = `$aws/things/${deps.thing}/jobs`;
    this.filters = ['notify-next', 'start-next/+', '+/update/+'].map((t) => `${this.base}/${t}`);
  }

  take({ topic }: BrokerMessage): boolean {
    if (topic !== `${this.base}/notify-next`) return false;
    void this.next();
    return true;
  }

  /** Runs what waits, until nothing does. */
  async next(): Promise<void> {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.again) {
        this.again = false;
        const answer = await this.deps.reserved.ask(`${this.base}/start-next`, {});
        const execution = fieldsOf(answer['execution']);
        if (typeof execution['jobId'] === 'string') {
          this.again = await this.run(execution['jobId'], execution);
        }
      }
    } catch (error) {
      this.deps.log.warn('jobs not read', { why: String(error) });
    } finally {
      this.busy = false;
    }
  }

  /** @returns false when nothing more can be run by this process */
  private async run(jobId: string, execution: Fields): Promise<boolean> {
    const { log, operations } = this.deps;
    const parsed = jobDocument.safeParse(execution['jobDocument']);
    if (!parsed.success) {
      const reason = parsed.error.issues[0]?.message ?? 'not understood';
      await this.tell(jobId, 'REJECTED', { reason });
      return true;
    }
    const { operation } = parsed.data;
    log.info('a job begins', { jobId, operation });
    if (operation !== 'restart') {
      await this.finish(jobId, parsed.data);
      return true;
    }
    const asked = fieldsOf(execution['statusDetails'])['boot'];
    if (asked !== undefined && asked !== operations.bootId) {
      await this.tell(jobId, 'SUCCEEDED', { boot: operations.bootId });
      return true;
    }
    await this.tell(jobId, 'IN_PROGRESS', { boot: operations.bootId });
    operations.restart();
    return false;
  }

  private async finish(jobId: string, document: JobDocument): Promise<void> {
    const { operations, upload } = this.deps;
    let details: Details = {};
    try {
      if (document.operation === 'log-level') {
        operations.logLevel(document.level, document.minutes * 60_000);
        details = { level: document.level, minutes: String(document.minutes) };
      } else {
        const bytes = await upload(jobId, await operations.diagnostics());
        details = { bytes: String(bytes) };
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await this.tell(jobId, 'FAILED', { reason });
      return;
    }
    await this.tell(jobId, 'SUCCEEDED', details);
  }

  private async tell(jobId: string, status: Status, statusDetails: Details): Promise<void> {
    const body = { status, statusDetails };
    await this.deps.reserved.ask(`${this.base}/${jobId}/update`, body);
  }
}
