import type { AuditNote } from '../contracts/values/audit.ts';
import type { OverrideAnswer } from '../contracts/values/override.ts';
import type { TrialAnswer } from '../contracts/values/trial.ts';
import type { AuditLog, Clock, Pipe } from '../ports.ts';
import { Passing } from './passing.ts';

/** A master that writes each second makes an entry a minute, with how many they were. */
const TOGETHER_MS = 60_000;
const OPEN_MAX = 256;
/** Modbus functions that change something. */
const WRITES: readonly number[] = [5, 6, 15, 16, 22, 23];

interface Open {
  readonly note: AuditNote;
  readonly untilMs: number;
  more: number;
}

/** Requests on their way through the guard; what changes something is noted with its answer. */
export class AuditedPassing extends Passing {
  private readonly audit: AuditLog | undefined;
  private readonly realMs: () => number;
  private readonly open = new Map<string, Open>();

  constructor(clock: Clock, pipe: Pick<Pipe, 'send'>, audit: AuditLog | undefined) {
    super(clock, pipe);
    this.audit = audit;
    this.realMs = () => clock.realMs();
  }

  override async ask(
    device: string,
    pdu: Uint8Array,
    isLocal = false,
    from?: string,
  ): Promise<Uint8Array> {
    const answer = await super.ask(device, pdu, isLocal, from);
    const code = pdu[0] ?? 0;
    const isWrite = WRITES.includes(code);
    if (!isWrite && !isLocal) return answer;
    const isRefused = ((answer[0] ?? 0) & 0x80) !== 0;
    const what = isRefused ? 'refused' : 'passed';
    const who = isLocal ? 'A command on this machine' : `Another master (${from ?? 'unknown'})`;
    const does = isWrite ? 'writes to' : 'reads';
    this.together({
      kind: isLocal ? 'command' : 'pass-through',
      what,
      text: `${who} ${does} ${device}: ${what}`,
      data: { device, function: code, ...(isWrite && { request: hex(pdu) }) },
    });
    return answer;
  }

  override async trial(request: unknown): Promise<TrialAnswer | undefined> {
    const answer = await super.trial(request);
    const asked = typeof request === 'object' && request !== null ? { ...request } : {};
    const told = Object.entries(asked).filter(([, value]) => isPlain(value));
    const { device, act } = asked as { device?: unknown; act?: unknown };
    if (act === 'look') return answer; // asks for nothing but what was seen
    this.together({
      kind: 'commissioning',
      what: answer === undefined ? 'unanswered' : 'asked',
      text: `A device is proven: ${String(act ?? 'a step').slice(0, 32)} ${String(device ?? '')}`,
      data: Object.fromEntries(told) as AuditNote['data'] & object,
    });
    return answer;
  }

  override async override(request?: unknown): Promise<OverrideAnswer | undefined> {
    const answer = await super.override(request);
    if (request === undefined) return answer;
    const asked = typeof request === 'object' && request !== null ? { ...request } : {};
    const told = Object.entries(asked).filter(([, value]) => isPlain(value));
    const refused = answer === undefined ? 'the guard does not answer' : answer.refused;
    void this.audit?.note({
      kind: 'command',
      what: refused === '' ? 'accepted' : 'refused',
      text: refused === '' ? 'An order of a person' : `An order of a person: ${refused}`,
      data: Object.fromEntries(told) as AuditNote['data'] & object,
    });
    return answer;
  }

  /** The first at once, those like it in the next minute in one entry. */
  private together(note: AuditNote): void {
    const { audit, open } = this;
    if (audit === undefined) return;
    const nowMs = this.realMs();
    for (const [key, one] of open) {
      if (one.untilMs > nowMs && open.size < OPEN_MAX) continue;
      open.delete(key);
      if (one.more > 0) void audit.note(moreOf(one));
    }
    const same = open.get(note.text);
    if (same !== undefined) same.more += 1;
    else {
      open.set(note.text, { note, untilMs: nowMs + TOGETHER_MS, more: 0 });
      void audit.note(note);
    }
  }

  /** What is still counted, at the end. */
  flush(): void {
    for (const one of this.open.values()) {
      if (one.more > 0) void this.audit?.note(moreOf(one));
    }
    this.open.clear();
  }
}

const moreOf = ({ note, more }: Open): AuditNote => ({
  ...note,
  text: `${note.text}, ${more} more times within a minute`,
  data: { ...note.data, times: more },
});

const hex = (pdu: Uint8Array): string =>
  [...pdu.subarray(0, 32)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const isPlain = (value: unknown): boolean =>
  ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= 128;
