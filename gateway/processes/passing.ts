import { encodeFrame } from '../contracts/values/frames.ts';
import type { OverrideAnswer } from '../contracts/values/override.ts';
import type { TrialAnswer } from '../contracts/values/trial.ts';
import type { Clock, Pipe } from '../ports.ts';

const BUSY = 6;
const NO_ANSWER = 11;
const PATIENCE_MS = 10_000; // real; a guard that is busy answers sooner

/** Requests for devices on their way through the guard, by number: the agent's side. */
export class Passing {
  private readonly clock: Clock;
  private readonly pipe: Pick<Pipe, 'send'>;
  private readonly waiting = new Map<number, (pdu: Uint8Array) => void>();
  private readonly asked = new Map<number, (answer: TrialAnswer | OverrideAnswer) => void>();
  private count = 0;

  constructor(clock: Clock, pipe: Pick<Pipe, 'send'>) {
    this.clock = clock;
    this.pipe = pipe;
  }

  /**
   * @param isLocal for a person at this machine, who may read every device of the site
   * @param from address of another master
   */
  ask(device: string, pdu: Uint8Array, isLocal = false, from?: string): Promise<Uint8Array> {
    const refused = (code: number): Uint8Array => Uint8Array.of((pdu[0] ?? 0) | 0x80, code);
    this.count += 1;
    const id = this.count;
    const local = isLocal ? ({ local: true } as const) : {};
    const who = from === undefined ? local : { from };
    const frame = encodeFrame({ t: 'pass', id, device, bytes: [...pdu], ...who });
    if (!this.pipe.send(frame)) return Promise.resolve(refused(BUSY));
    return new Promise((resolve) => {
      const cancel = this.clock.realAt(this.clock.realMs() + PATIENCE_MS, () => {
        this.waiting.delete(id);
        resolve(refused(NO_ANSWER));
      });
      this.waiting.set(id, (answer) => {
        cancel();
        resolve(answer);
      });
    });
  }

  /** A request of the commissioning command. @returns undefined when the guard does not answer */
  trial(request: unknown): Promise<TrialAnswer | undefined> {
    return this.frame<TrialAnswer>('trial', request);
  }

  /** A person's order; without one, what is in force. @returns undefined as above */
  override(request?: unknown): Promise<OverrideAnswer | undefined> {
    return this.frame<OverrideAnswer>('override', request);
  }

  /** The guard's answer to a request of one of these kinds. */
  told(id: number, answer: TrialAnswer | OverrideAnswer): void {
    this.asked.get(id)?.(answer);
  }

  private frame<T extends TrialAnswer | OverrideAnswer>(
    t: 'trial' | 'override',
    request: unknown,
  ): Promise<T | undefined> {
    this.count += 1;
    const id = this.count;
    if (!this.pipe.send(encodeFrame({ t, id, request }))) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const end = (answer: TrialAnswer | OverrideAnswer | undefined): void => {
        cancel();
        this.asked.delete(id);
        resolve(answer as T | undefined); // the guard answers each in its kind
      };
      const cancel = this.clock.realAt(this.clock.realMs() + PATIENCE_MS, () => end(undefined));
      this.asked.set(id, end);
    });
  }

  answered(id: number, bytes: readonly number[]): void {
    this.waiting.get(id)?.(Uint8Array.from(bytes));
    this.waiting.delete(id);
  }
}
