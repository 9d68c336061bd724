import {
  type KeptOverride,
  OVERRIDE_ACTS,
  OVERRIDE_MAX_MS,
  OVERRIDE_MIN_MS,
  type Overridable,
  type Override,
  type OverrideAct,
  type OverrideAnswer,
  type OverrideRequest,
} from '../contracts/values/override.ts';
import type { Site, Terminal } from '../contracts/values/site.ts';
import { age, clockTime, power } from '../contracts/values/words.ts';
import type { Clock } from '../ports.ts';

/** What became of orders, for the audit log and the list of events. */
export interface OverrideNews {
  readonly code: 'OVERRIDE' | 'OVERRIDE_ENDED' | 'OVERRIDE_REFUSED';
  readonly text: string;
}

/** Acts that a control can be ordered to. */
const ACTS: Readonly<Record<Terminal['control'], readonly OverrideAct[]>> = {
  none: [],
  setpoint: ['hold', 'charge', 'discharge'],
  limit: ['off'],
  steps: ['off'],
  'on-off': ['off'],
};

const TEXT_MAX = 64;

export function overridable({ terminals }: Site): Overridable[] {
  return terminals
    .filter(({ control }) => ACTS[control].length > 0)
    .map(({ id, name, control, ratedInW, ratedOutW }) => ({
      terminal: id,
      name,
      acts: ACTS[control],
      chargeMaxW: control === 'setpoint' ? ratedOutW : 0,
      dischargeMaxW: control === 'setpoint' ? ratedInW : 0,
    }));
}

/**
 * Orders of people that are in force. It decides nothing: what they ask goes through arbiter and
 * kernel like any other wish.
 */
export class Overrides {
  private readonly site: Site;
  private readonly clock: Clock;
  private held: readonly Override[];
  private told: OverrideNews[] = [];

  /** @param kept  of the run before; what has ended meanwhile is left out */
  constructor(site: Site, clock: Clock, kept: readonly KeptOverride[] = []) {
    this.site = site;
    this.clock = clock;
    const ahead = clock.monoMs() - clock.wallMs();
    this.held = kept
      .filter((one) => this.objection({ ...one, forMs: OVERRIDE_MIN_MS }) === '')
      .filter(({ untilWallMs }) => untilWallMs > clock.wallMs())
      .map((one) => ({ ...one, untilMs: untilOf(one, ahead, clock.monoMs()) }));
  }

  /** In force now, by terminal; what has ended is told. */
  now(): readonly Override[] {
    const nowMs = this.clock.monoMs();
    const ended = this.held.filter(({ untilMs }) => !(nowMs < untilMs));
    if (ended.length === 0) return this.held;
    this.held = this.held.filter(({ untilMs }) => nowMs < untilMs);
    for (const one of ended) {
      this.tell('OVERRIDE_ENDED', `Order of ${one.by} has ended: ${this.words(one)}`);
    }
    return this.held;
  }

  /** For `guard.state`, so that an order outlives a restart. */
  kept(): readonly KeptOverride[] {
    return this.held.map(({ terminal, act, powerW, untilWallMs, by }) => {
      return { terminal, act, powerW, untilWallMs, by };
    });
  }

  /** What happened since the last call. */
  news(): readonly OverrideNews[] {
    const { told } = this;
    if (told.length > 0) this.told = [];
    return told;
  }

  /** @param raw  over a pipe or a socket: anything; undefined only asks what is in force */
  ask(raw: unknown): OverrideAnswer {
    if (raw === undefined || raw === null) return this.answer('');
    const request = requestOf(raw);
    const why = request === undefined ? 'not an order' : this.objection(request);
    if (request === undefined || why !== '') {
      const by = request === undefined ? '' : ` of ${request.by}`;
      this.tell('OVERRIDE_REFUSED', `An order${by} was refused: ${why}`);
      return this.answer(why);
    }
    this.now();
    const { terminal, act, by } = request;
    const before = this.held.find((one) => one.terminal === terminal);
    if (act === 'end') {
      if (before === undefined) return this.answer(`no order stands for ${terminal}`);
      this.held = this.held.filter((one) => one !== before);
      this.tell('OVERRIDE_ENDED', `${by} took an order back: ${this.words(before)}`);
      return this.answer('');
    }
    const order = this.order(request, act);
    const others = this.held.filter((one) => one !== before);
    this.held = [...others, order].sort((a, b) => (a.terminal < b.terminal ? -1 : 1));
    const until = clockTime(order.untilWallMs, this.site.place.timeZone);
    this.tell('OVERRIDE', `${by} ordered: ${this.words(order)}, until ${until}`);
    return this.answer('');
  }

  private order({ terminal, powerW, forMs, by }: OverrideRequest, act: OverrideAct): Override {
    const { clock } = this;
    const isPowered = act === 'charge' || act === 'discharge';
    return {
      ...{ terminal, act, by, powerW: isPowered ? powerW : 0 },
      untilWallMs: clock.wallMs() + forMs,
      untilMs: clock.monoMs() + forMs,
    };
  }

  /** Why this cannot be ordered, in words; '' when it can. */
  private objection({ terminal, act, powerW, forMs }: Omit<OverrideRequest, 'by'>): string {
    const own = this.site.terminals.find(({ id }) => id === terminal);
    if (own === undefined) return `the site has no terminal ${terminal}`;
    if (act === 'end') return '';
    if (!this.site.control.active) return 'the gateway only observes: control is off';
    const acts = ACTS[own.control];
    if (acts.length === 0) return `${own.name} has no control`;
    if (!acts.includes(act)) return `${own.name} can be ordered to: ${acts.join(', ')}`;
    const mostW = act === 'charge' ? own.ratedOutW : own.ratedInW;
    if (act === 'charge' || act === 'discharge') {
      if (!(powerW > 0 && powerW <= mostW)) return `${own.name} ${act}s 1 W to ${power(mostW)}`;
    }
    if (!(forMs >= OVERRIDE_MIN_MS && forMs <= OVERRIDE_MAX_MS)) {
      return `an order stands ${age(OVERRIDE_MIN_MS)} to ${age(OVERRIDE_MAX_MS)}`;
    }
    return '';
  }

  private words({ terminal, act, powerW }: Pick<Override, 'terminal' | 'act' | 'powerW'>): string {
    const name = this.site.terminals.find(({ id }) => id === terminal)?.name ?? terminal;
    return powerW > 0 ? `${name} ${act} ${power(powerW)}` : `${name} ${act}`;
  }

  private tell(code: OverrideNews['code'], text: string): void {
    this.told.push({ code, text });
  }

  private answer(refused: string): OverrideAnswer {
    return { refused, overrides: this.kept(), terminals: overridable(this.site) };
  }
}

/** A wall clock that went back while nobody ran prolongs no order beyond what may stand at most. */
const untilOf = ({ untilWallMs }: KeptOverride, ahead: number, nowMs: number): number =>
  Math.min(untilWallMs + ahead, nowMs + OVERRIDE_MAX_MS);

/** Hand-written, so that the guard needs no schema library. */
function requestOf(raw: unknown): OverrideRequest | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined;
  const asked = raw as Partial<Record<keyof OverrideRequest, unknown>>;
  const isText = (text: unknown): boolean =>
    typeof text === 'string' && text !== '' && text.length <= TEXT_MAX;
  const acts: readonly unknown[] = [...OVERRIDE_ACTS, 'end'];
  const isSound =
    [asked.terminal, asked.by].every(isText) &&
    acts.includes(asked.act) &&
    Number.isFinite(asked.powerW) &&
    Number.isFinite(asked.forMs);
  if (!isSound) return undefined;
  const { terminal, act, powerW, forMs, by } = raw as OverrideRequest;
  return { terminal, act, powerW, forMs, by };
}

/** Orders of a saved state; anything odd counts as none. */
export function keptOverrides(raw: unknown): readonly KeptOverride[] {
  if (!Array.isArray(raw)) return [];
  return raw.flatMap((one: KeptOverride | null) => {
    const request = requestOf({ ...one, forMs: 0 });
    const untilWallMs = Number(one?.untilWallMs);
    if (request === undefined || request.act === 'end' || !Number.isFinite(untilWallMs)) return [];
    const { terminal, act, powerW, by } = request;
    return [{ terminal, act, powerW, by, untilWallMs }];
  });
}
