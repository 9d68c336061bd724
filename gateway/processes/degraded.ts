import type { AgentDeps } from '../agents/agent.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Log } from '../ports.ts';

type Problem = NonNullable<AgentDeps['problems']>[number];

/**
 * What a person must mend on this gateway, while the agent goes on without it: one line in the log
 * and an alarm on the page.
 */
export class Degraded {
  readonly problems: Problem[] = [];
  private readonly log: Log;

  constructor(log: Log) {
    this.log = log;
  }

  /** @param text  one sentence */
  tell(code: string, text: string, mend: string): void {
    this.problems.push({ code, text, mend });
  }

  /** What stands in the way until it no longer does. @param fault  undefined: it is mended */
  stands(code: string, cost: string, fault: Fault | undefined): void {
    const at = this.problems.findIndex((one) => one.code === code);
    if (fault === undefined) {
      if (at >= 0) this.problems.splice(at, 1);
      return;
    }
    const { what, where, mend } = fault;
    const now = { code, text: `${cost} ${where}: ${what}.`, mend: `${sentence(mend)}.` };
    if (at < 0) this.log.error(`${fault.message}. ${cost}`);
    this.problems.splice(at < 0 ? this.problems.length : at, 1, now);
  }

  /** Why gateway.yaml and site.yaml as they stand do not run. */
  left(why: string): string {
    const mend = 'Mend the file: once it is changed it is tried again at the next start.';
    this.tell('FILES_LEFT', why, mend);
    return why;
  }

  /**
   * @param code  of the alarm
   * @param cost  what is missing meanwhile, one sentence
   * @returns undefined where the part is at fault, and that is said; other errors pass
   */
  async without<Part>(
    code: string,
    cost: string,
    part: () => Part | Promise<Part>,
  ): Promise<Part | undefined> {
    try {
      return await part();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { what, where, mend } = error;
      this.log.error(`${error.message}. ${cost}`);
      this.problems.push({ code, text: `${cost} ${where}: ${what}.`, mend: `${sentence(mend)}.` });
      return undefined;
    }
  }
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);
