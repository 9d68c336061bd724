import type { SignedDirective } from '../../contracts/values/directive.ts';
import {
  type AgentFrame,
  type GuardFrame,
  hearFrames,
  sendFrame,
} from '../../contracts/values/frames.ts';
import type { Intent } from '../../contracts/values/plan.ts';
import type { Clock, Log, Pipe } from '../../ports.ts';

const ALIVE_MS = 2_000; // real; the guard calls ten seconds of silence a hang
const DIRECTIVES_MAX = 64;

/**
 * The agent's end of the pipe: latest-value slots for intent and acknowledgements, a short queue
 * for directives, and a sign of life. What does not fit waits for the pipe to drain.
 */
export class GuardLink {
  onClose: (() => void) | undefined;
  private readonly pipe: Pipe;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly slots = new Map<AgentFrame['t'], AgentFrame>();
  private readonly recordAcks = new Map<number, number>();
  private directives: SignedDirective[] = [];
  private cancelAlive: (() => void) | undefined;
  private open = true;

  constructor(pipe: Pipe, clock: Clock, log: Log) {
    this.pipe = pipe;
    this.clock = clock;
    this.log = log;
    pipe.onDrain = () => this.flush();
    pipe.onClose = () => {
      this.close();
      this.onClose?.();
    };
    this.alive();
  }

  /**
   * From now on frames are taken; until then they wait in the pipe, so that none is lost at the
   * start.
   */
  listen(onFrame: (frame: GuardFrame) => void): void {
    // The parent process is trusted.
    const take = (frame: unknown): void => onFrame(frame as GuardFrame);
    hearFrames(this.pipe, take, (error) => {
      this.log.error('the guard sent a broken frame', { why: String(error) });
      this.pipe.close();
    });
  }

  imageTaken(cycle: number): void {
    this.put({ t: 'image-ack', cycle });
  }

  recordsStored(epoch: number, seq: number): void {
    this.recordAcks.set(epoch, Math.max(seq, this.recordAcks.get(epoch) ?? 0));
    this.flush();
  }

  intent(intent: Intent): void {
    this.put({ t: 'intent', intent });
  }

  /**
   * Unchanged, as the grid agent signed it; the guard verifies. The newest count when the pipe is
   * stuck.
   */
  directive(directive: SignedDirective): void {
    this.directives = [...this.directives, directive].slice(-DIRECTIVES_MAX);
    this.flush();
  }

  close(): void {
    this.open = false;
    this.cancelAlive?.();
  }

  private alive(): void {
    this.put({ t: 'alive' });
    this.cancelAlive = this.clock.realAt(this.clock.realMs() + ALIVE_MS, () => this.alive());
  }

  private put(frame: AgentFrame): void {
    this.slots.set(frame.t, frame);
    this.flush();
  }

  private flush(): void {
    if (!this.open) return;
    for (;;) {
      const directive = this.directives[0];
      if (directive === undefined) break;
      if (!sendFrame(this.pipe, { t: 'directive', directive })) return;
      this.directives.shift();
    }
    for (const [epoch, seq] of this.recordAcks) {
      if (!sendFrame(this.pipe, { t: 'records-ack', epoch, seq })) return;
      this.recordAcks.delete(epoch);
    }
    for (const [slot, frame] of this.slots) {
      if (!sendFrame(this.pipe, frame)) return;
      this.slots.delete(slot);
    }
  }
}
