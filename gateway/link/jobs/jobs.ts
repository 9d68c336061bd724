import {
  type JobDocument,
  jobDocument,
  type SiteJob,
  type UpdateJob,
} from '../../contracts/jobs.ts';
import type { LogLevel } from '../../contracts/settings.ts';
import type { AuditLog, BrokerMessage, Log } from '../../ports.ts';
import { type Fields, fieldsOf, type ReservedTopics } from '../fleet/reserved.ts';

export type Details = Readonly<Record<string, string>>;

/** A no to what a job asks, before anything was changed; one sentence. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
}

/** Progress, for whoever follows the job. */
export type Step = (name: string, details?: Details) => Promise<void>;

/** What a start of the gateway tries: a site document, a release. */
export interface Tried<Job> {
  /**
   * Judges it and puts it in place for the next start; the same one again is no harm.
   * @param told  details of an earlier try of the same job
   * @returns what to remember of it over the restart  @throws Rejected, or Error when it fails
   */
  take(job: Job, step: Step, told: Details): Promise<Details>;
  /** After the restart. @returns once it is kept  @throws Error with the reason why it was left */
  kept(details: Details): Promise<Details>;
}

/** What a job may do to this gateway. */
export interface Operations {
  /** Of this start of each: a job that asked for a restart knows by it that it happened. */
  readonly boots: { readonly agent: string; readonly gateway: string };
  /**
   * `agent`: the guard runs on and starts another. `gateway`: the guard gives the devices back and
   * both are started again.
   */
  restart(what: 'agent' | 'gateway'): void;
  /** @param forMs real milliseconds until the usual level is back */
  logLevel(level: LogLevel, forMs: number): void;
  /** What is known of this process, for a person; no secrets. */
  diagnostics(): Promise<Fields>;
  readonly site: Tried<SiteJob>;
  readonly update: Tried<UpdateJob>;
}

export interface JobDeps {
  readonly thing: string;
  readonly reserved: ReservedTopics;
  readonly operations: Operations;
  /** Sends a bundle to the cloud; resolves when the broker has it. */
  readonly upload: (jobId: string, bundle: Fields) => Promise<number>;
  readonly log: Log;
  readonly audit?: AuditLog | undefined;
}

type Status = 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'IN_PROGRESS';
type OverRestart = Extract<JobDocument, { operation: 'restart' | 'site' | 'update' }>;

interface Outcome {
  readonly status: Status;
  readonly details: Details;
  readonly restart?: 'agent' | 'gateway';
}

const done = (details: Details): Outcome => ({ status: 'SUCCEEDED', details });

/** AWS IoT takes details of 1 to 1,024 characters, none of them a control character. */
const DETAIL_CHARS = 1_024;
const detail = (text: string): string =>
  text.replaceAll(/\p{C}+/gu, ' ').slice(0, DETAIL_CHARS) || '-';

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
    const { operations } = this.deps;
    const outcome = await this.outcome(jobId, execution).catch((error: unknown): Outcome => {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: error instanceof Rejected ? 'REJECTED' : 'FAILED', details: { reason } };
    });
    this.audit(jobId, execution, outcome);
    await this.tell(jobId, outcome.status, outcome.details);
    if (outcome.restart === undefined) return true;
    operations.restart(outcome.restart);
    return false;
  }

  private audit(jobId: string, execution: Fields, { status, details }: Outcome): void {
    const operation = String(fieldsOf(execution['jobDocument'])['operation'] ?? 'unknown');
    void this.deps.audit?.note({
      kind: 'job',
      what: status.toLowerCase(),
      text: `Job ${jobId}: ${operation}`.slice(0, 200),
      data: { ...details },
    });
  }

  private async outcome(jobId: string, execution: Fields): Promise<Outcome> {
    const { operations, upload, log } = this.deps;
    const parsed = jobDocument.safeParse(execution['jobDocument']);
    if (!parsed.success) throw new Rejected(firstComplaint(parsed.error.issues));
    const document = parsed.data;
    log.info('a job begins', { jobId, operation: document.operation });
    switch (document.operation) {
      case 'log-level':
        operations.logLevel(document.level, document.minutes * 60_000);
        return done({ level: document.level, minutes: String(document.minutes) });
      case 'diagnostics':
        return done({ bytes: String(await upload(jobId, await operations.diagnostics())) });
      default:
        return this.overRestart(jobId, document, textsOf(fieldsOf(execution['statusDetails'])));
    }
  }

  /** The process that finds another boot in the job's details than its own is the new one. */
  private async overRestart(jobId: string, job: OverRestart, told: Details): Promise<Outcome> {
    const { operations, log } = this.deps;
    const what = job.operation === 'restart' ? job.what : 'gateway';
    const boot = operations.boots[what];
    // Progress that does not arrive is no reason to stop.
    const step: Step = (name, details) =>
      this.tell(jobId, 'IN_PROGRESS', { ...told, ...details, step: name }).catch((error) => {
        log.warn('progress of a job not told', { jobId, why: String(error) });
      });
    if (told['boot'] === undefined || told['boot'] === boot) {
      const taken = await this.takeUp(job, step, told);
      return {
        status: 'IN_PROGRESS',
        details: { ...taken, step: 'restarting', boot },
        restart: what,
      };
    }
    if (job.operation === 'restart') return done({ boot });
    await step('on trial');
    return done(await operations[job.operation].kept(told));
  }

  private async takeUp(job: OverRestart, step: Step, told: Details): Promise<Details> {
    const { operations } = this.deps;
    if (job.operation === 'restart') return {};
    return job.operation === 'site'
      ? operations.site.take(job, step, told)
      : operations.update.take(job, step, told);
  }

  private async tell(jobId: string, status: Status, details: Details): Promise<void> {
    const statusDetails = Object.fromEntries(
      Object.entries(details).map(([name, value]) => [name, detail(value)]),
    );
    await this.deps.reserved.ask(`${this.base}/${jobId}/update`, { status, statusDetails });
  }
}

function firstComplaint(
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): string {
  const [{ path, message } = { path: [], message: 'not understood' }] = issues;
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

const textsOf = (fields: Fields): Details =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, String(value)]));
