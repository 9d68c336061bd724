import type { ControlSpec } from '../../../devices/profile.ts';
import type { Permit } from '../safety/registers.ts';
import type { Verdict } from '../safety/verdict.ts';
import { strange } from './foreign.ts';
import { Heartbeat } from './heartbeat.ts';
import { Obedience } from './obedience.ts';
import { commandOf, controlFor, type LeaseOptions, permitOf } from './options.ts';
import { ends, Outcome } from './outcome.ts';
import type { ControlRegisters } from './registers.ts';
import { Sender } from './send.ts';
import { Still } from './still.ts';
import { type Command, finals, powerIn, type Target, targets } from './targets.ts';
import { ReversionTimer } from './timer.ts';
import type { LeaseView } from './types.ts';
import { Way } from './way.ts';

type Step = 'done' | 'again' | 'newer'; // again: with the next verdict; newer: with it, at once

/** One terminal under control: compare, arm, write, read back, renew, release. */
export class Lease {
  private readonly options: LeaseOptions;
  private wanted: Verdict | undefined;
  private readonly still: Still;
  private busy = false;
  private control: ControlRegisters | undefined;
  private verified: Verdict | undefined; // as written and read back
  private settled: Verdict | undefined; // the newest that needs nothing more
  private verifiedAtMs = 0;
  private readonly timer = new ReversionTimer();
  private readonly obedience: Obedience;
  private readonly outcome = new Outcome();
  private readonly way: Way;
  private refusal: string | undefined;
  private session = 0; // of the wire, for which all this is known
  private toldW: number | undefined; // setpoint that it was last asked for; NaN = its own mode
  private direction: Command['direction'] | undefined; // last asked of the device; unknown at first
  private urgent = false; // protective, or a release
  private permit: Permit | undefined; // of the verdict that is under way
  private readonly heartbeat = new Heartbeat();
  private retry: (() => void) | undefined;
  private readonly sender = new Sender();

  constructor(options: LeaseOptions) {
    this.options = options;
    this.still = new Still(options);
    this.way = new Way(options);
    this.obedience = new Obedience(options.times);
  }

  view(): LeaseView {
    const nowMs = this.options.clock.monoMs();
    const obeying = this.obedience.view(nowMs);
    return {
      terminal: this.options.terminal.id,
      device: this.options.device,
      armed: this.timer.runs(nowMs),
      armedUntilMonoMs: this.timer.endsAtMs,
      lastVerified: this.outcome.unknown || obeying.mismatches > 0 ? undefined : this.verified,
      lastVerifiedAtMs: this.verifiedAtMs,
      toldW: this.timer.isOver(nowMs) ? Number.NaN : this.toldW,
      way: this.way.view(nowMs),
      ...obeying,
      unknownOutcome: this.outcome.unknown,
      refused: this.refusal,
      aside: this.options.foreign.standsAside(nowMs),
      wears: this.control?.hasStored,
    };
  }

  /** The newest wish wins; what is under way is finished first. */
  offer(verdict: Verdict): void {
    this.wanted = verdict;
    this.still.see(verdict);
    if (!this.busy) void this.work();
  }

  /** Writes until it is verified. @returns false when that did not succeed before `endRealMs` */
  async insist(verdict: Verdict, endRealMs: number): Promise<boolean> {
    const { obedience, outcome, options } = this;
    obedience.hurry();
    const isObeyed = (): boolean => !outcome.unknown && obedience.mismatches === 0;
    const done = (): boolean => !this.busy && isObeyed() && this.settled === verdict;
    while (!done() && options.clock.realMs() < endRealMs) {
      this.offer(verdict);
      await new Promise<void>((next) => options.clock.realAt(options.clock.realMs() + 20, next));
    }
    return done();
  }

  private async work(): Promise<void> {
    this.busy = true;
    this.retry?.();
    this.retry = undefined;
    let verdict = this.wanted;
    while (verdict !== undefined) {
      const now = this.turn(verdict);
      const step = typeof now === 'string' ? now : await now;
      if (step === 'again') this.later();
      const newest: Verdict | undefined = this.wanted;
      verdict = step !== 'again' && newest !== verdict ? newest : undefined;
    }
    this.busy = false;
  }

  /** Once more after a cycle, also when nobody asks again. */
  private later(): void {
    const { clock, times, handle } = this.options;
    if (!handle.connected) return;
    this.retry = clock.at(clock.monoMs() + times.cycleMs, () => {
      if (!this.busy) void this.work();
    });
  }

  private turn(verdict: Verdict): Step | Promise<Step> {
    const { clock, handle } = this.options;
    const nowMs = clock.monoMs();
    this.urgent = verdict.protective || verdict.kind === 'release';
    if (!handle.connected) return 'again';
    if (!this.urgent && this.options.foreign.standsAside(nowMs)) return 'again';
    if (!this.obedience.mayTry(this.urgent, nowMs)) return 'again';
    const control = this.find(verdict);
    if (control === undefined) return 'again';
    if (this.session !== handle.sessions) {
      // It was away: the device may have restarted and lost both timer and setpoint.
      this.session = handle.sessions;
      control.forget();
      this.forget();
      this.timer.reset();
    }
    const { verified, outcome, still, timer } = this;
    const isSeen = verified !== undefined && !outcome.unknown && !this.isLookDue(nowMs);
    const stays = isSeen && still.stays(control, verified, verdict, timer);
    if (!stays) return this.brought(control, verdict);
    if (verdict.kind !== 'release') this.toldW = verdict.powerW;
    this.settled = verdict;
    return 'done';
  }

  private isLookDue(nowMs: number): boolean {
    return this.options.foreign.isLookDue(this.verifiedAtMs, nowMs, this.options.times);
  }

  private async brought(control: ControlRegisters, verdict: Verdict): Promise<Step> {
    try {
      const step = await this.bring(control, verdict);
      this.settled = step === 'done' ? verdict : undefined;
      return step === 'again' && this.isOvertaken() ? 'newer' : step;
    } catch (error) {
      return this.refuse(error instanceof Error ? error.message : String(error));
    }
  }

  /** The control that this terminal is under; undefined with the reason told when there is none. */
  private find(verdict: Verdict): ControlRegisters | undefined {
    const { control: before, options } = this;
    const found = controlFor(options, before, verdict, this.endsNow(verdict));
    if (typeof found === 'string') this.refuse(found);
    if (found === undefined || typeof found === 'string') return undefined;
    if (found !== before) this.forget();
    this.control = found;
    return found;
  }

  /** Brings the device to the verdict, as little as is needed. */
  private async bring(control: ControlRegisters, verdict: Verdict): Promise<Step> {
    const { spec } = control;
    this.permit = permitOf(this.options, spec, verdict);
    const isEnd = this.endsNow(verdict);
    const askedAtMs = this.options.clock.monoMs();
    const look = await this.outcome.look(control, this.options.handle, isEnd);
    if (look === 'read' && this.isAsked) this.recognise(control, verdict, askedAtMs);
    if (look === 'again' || this.isOvertaken()) return 'again';
    if (verdict.kind === 'release') return this.release(control, verdict, look === 'read');
    const isHurried = isEnd && this.verified?.code !== verdict.code; // its end goes first
    if (!isHurried && !(await this.beat(control))) return 'again';
    const nowMs = this.options.clock.monoMs();
    const hasTimer = spec.reversion.to !== 'none';
    const isAnew = this.outcome.unknown || (hasTimer && this.timer.isDue(nowMs));
    const { verified } = this;
    const stands = verified !== undefined && this.still.stands(control, verified, verdict, isAnew);
    const aim = stands ? verified : verdict;
    if (stands) this.toldW = verdict.powerW;
    const command = this.command(spec, aim);
    const set = control.aims(command);
    const isArmed = this.timer.runs(nowMs);
    if (this.outcome.unknown) {
      // The last write was not answered: what the registers show decides, not a blind repeat.
      this.outcome.unknown = false;
      const arrived = control.agrees(set) && (isArmed || !hasTimer);
      if (arrived) return this.confirm(control, aim, set);
      this.verified = undefined;
      if (!isEnd && !control.isArmedAs(command)) this.forget();
    }
    const isBare =
      (isEnd && this.verified !== aim) || // set without arming
      (verdict.code === 'SAFE_STATE' && look === 'read' && !isArmed && control.revives(command));
    const renew = hasTimer && this.timer.isDue(nowMs) && !isBare;
    if (this.verified === aim && !renew) return this.check(control, aim, set);
    if (renew && spec.arm.length > 0) {
      const alone = this.verified === aim && isArmed && spec.reversion.renewedBy !== 'none';
      if (!(await this.arm(control, command, alone))) return 'again';
      if (alone) return this.confirm(control, aim, set);
      if (this.isOvertaken()) return 'again';
    }
    this.toldW = verdict.powerW;
    return this.write(control, aim, command, set);
  }

  private endsNow(verdict: Verdict): boolean {
    return ends(verdict, this.control, this.timer.stands(this.options.clock.monoMs()));
  }

  /** What ends the order has come, while a verdict is under way that does not. */
  private isOvertaken(): boolean {
    const { wanted, permit } = this;
    if (wanted === undefined || permit === undefined) return false;
    return this.endsNow(wanted) && !this.endsNow(permit.verdict);
  }

  /** Its timer runs as we armed it, whatever became of the connection: a safe setpoint may go. */
  private recognise(control: ControlRegisters, verdict: Verdict, askedAtMs: number): void {
    const command = this.command(control.spec, verdict);
    if (control.isArmedAs(command)) this.timer.seen(askedAtMs, control.leftS);
  }

  /** It stands under a setpoint of ours, as far as anybody knows. */
  private get isAsked(): boolean {
    return this.toldW !== undefined && !Number.isNaN(this.toldW);
  }

  /** Nothing that was written counts any more. */
  private forget(): void {
    this.verified = undefined;
    this.timer.forget();
    this.sender.forget();
  }

  private command(spec: ControlSpec, verdict: Pick<Verdict, 'powerW' | 'currentA'>): Command {
    return commandOf(this.options, spec, verdict, this.direction);
  }

  /** Timer and reversion value, read back before any setpoint. */
  private async arm(control: ControlRegisters, command: Command, alone: boolean): Promise<boolean> {
    const { spec, map } = control;
    const all = targets(map, spec.arm, command, control.exponents);
    const only = all.filter(({ use }) => use.is === 'time');
    const list = alone && only.length > 0 ? only : all;
    const sentAtMs = this.options.clock.monoMs();
    if (!(await this.send(control, list))) return false;
    if (!(await control.read(this.options.handle))) return false;
    if (!this.judge(control, finals(all))) return false;
    // As the register holds it: a device may count whole minutes.
    this.timer.start(sentAtMs, Math.min(command.timeoutS, ...only.map(({ value }) => value)));
    return true;
  }

  /** The controller's word, where the device wants to see it count. */
  private async beat(control: ControlRegisters): Promise<boolean> {
    const { map, spec, exponents } = control;
    const nowMs = this.options.clock.monoMs();
    const step = this.heartbeat.due(spec, nowMs, this.options.times.cycleMs);
    if (step === undefined) return true;
    const none = this.command(spec, { powerW: 0, currentA: 0 });
    if (!(await this.send(control, targets(map, [step], none, exponents)))) return false;
    this.heartbeat.sent(nowMs);
    return true;
  }

  /** The setpoint: power first, enable last, then read back. */
  private async write(
    control: ControlRegisters,
    verdict: Verdict,
    command: Command,
    set: readonly Target[],
  ): Promise<Step> {
    const { spec, map } = control;
    const sentAtMs = this.options.clock.monoMs();
    const sizes = spec.set.some((step) => 'from' in step.value && step.value.from === 'absPowerW');
    const put = (to: Command) => this.send(control, targets(map, spec.set, to, control.exponents));
    this.verified = undefined;
    if (sizes && spec.flash === 'volatile' && command.direction !== this.direction) {
      // Size and direction are two registers: it turns at 0 W, so that nothing flows the wrong way.
      if (!(await put({ ...command, powerW: 0 }))) return 'again';
    }
    this.direction = command.direction;
    this.way.asked(powerIn(set, command), sentAtMs);
    if (!(await put(command))) return 'again';
    if (spec.reversion.renewedBy === 'any-write') this.timer.renew(sentAtMs);
    if (spec.arm.length === 0 && spec.reversion.to !== 'none') {
      this.timer.start(sentAtMs, command.timeoutS);
    }
    if (!(await control.read(this.options.handle))) return 'again';
    return this.confirm(control, verdict, set);
  }

  private confirm(control: ControlRegisters, verdict: Verdict, set: readonly Target[]): Step {
    if (!this.judge(control, set) || !this.runs(control)) return 'again';
    this.verified = verdict;
    this.verifiedAtMs = this.options.clock.monoMs();
    this.way.stands(this.verifiedAtMs);
    this.obedience.agreed(this.verifiedAtMs);
    this.refusal = undefined;
    return 'done';
  }

  /** Looked at now and then: someone else may write, or the device may have restarted. */
  private async check(
    control: ControlRegisters,
    verdict: Verdict,
    set: readonly Target[],
  ): Promise<Step> {
    if (!this.isLookDue(this.options.clock.monoMs())) return 'done';
    if (!(await control.read(this.options.handle))) return 'again';
    if (!this.judge(control, set, 'changed by someone else, or the device has restarted')) {
      // Not armed anew before ours stands again: that would renew the other one's setpoint.
      if (this.noteForeign(control, verdict, set)) this.verified = undefined;
      else this.forget();
      return 'again';
    }
    return this.confirm(control, verdict, set);
  }

  /** @returns whether somebody else has written, and left our timer running as it was */
  private noteForeign(control: ControlRegisters, verdict: Verdict, set: readonly Target[]) {
    const { spec, map, exponents } = control;
    const command = this.command(spec, verdict);
    const what = strange(control, set, finals(targets(map, spec.release, command, exponents)));
    if (what === undefined) return false;
    this.options.foreign.met(what, this.options.clock.monoMs(), this.timer.renewalMs);
    return control.isArmedAs(command);
  }

  /** Gives the terminal back to its device. */
  private async release(control: ControlRegisters, verdict: Verdict, isRead: boolean) {
    const { spec, map } = control;
    const { handle } = this.options;
    const list = targets(map, spec.release, this.command(spec, verdict), control.exponents);
    const wanted = finals(list);
    if (this.verified?.kind === 'release' && !this.outcome.unknown) {
      return this.check(control, this.verified, wanted);
    }
    // Ours may stand: written first. Otherwise what it shows decides, where it tells.
    const isOurs = this.outcome.unknown || this.isAsked;
    this.outcome.unknown = false;
    this.forget();
    this.toldW = Number.NaN;
    const isKnown = isRead || (!isOurs && (await control.read(handle)));
    if (!isKnown && !isOurs && control.hasStored) return 'again';
    if (!isKnown || !control.agrees(wanted)) {
      if (!(await this.send(control, list)) || !(await control.read(handle))) return 'again';
    }
    return this.confirm(control, verdict, wanted);
  }

  /** Writes in order. False: stopped, and it is known why. */
  private async send(control: ControlRegisters, list: readonly Target[]): Promise<boolean> {
    const { permit, urgent } = this;
    if (permit === undefined) return false;
    const how = { permit, urgent, isEnd: this.endsNow(permit.verdict) };
    const isOvertaken = () => this.isOvertaken();
    const sent = await this.sender.send(control, list, this.options, { ...how, isOvertaken });
    if (sent.state === 'refused') this.refuse(sent.why);
    if (sent.state === 'unknown') this.outcome.lost();
    return sent.state === 'done';
  }

  /** Does the device count down? Only asked where it can be read. */
  private runs(control: ControlRegisters): boolean {
    if (!this.timer.runs(this.options.clock.monoMs())) return true;
    // One that cannot be read was proven at commissioning.
    if (control.isCounting !== false) return true;
    this.timer.forget();
    return this.disagrees('its reversion timer does not run');
  }

  private judge(
    control: ControlRegisters,
    list: readonly Target[],
    why = 'shows something else than was written',
  ): boolean {
    return control.agrees(list) || this.disagrees(why);
  }

  private disagrees(why: string): false {
    const { log, device, clock, terminal } = this.options;
    if (!this.obedience.disagreed(clock.monoMs())) return false;
    log.error(`device ${device}, ${terminal.id}: ${why}; it is given back for a while`);
    return false;
  }

  private refuse(why: string): Step {
    const { log, device, clock, terminal } = this.options;
    if (this.refusal !== why) log.error(`device ${device}, ${terminal.id}: ${why}`);
    this.refusal = why;
    this.obedience.refused(clock.monoMs());
    return 'again';
  }
}
