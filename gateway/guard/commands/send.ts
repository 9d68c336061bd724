import type { ControlSpec } from '../../../devices/profile.ts';
import type { Permit } from '../safety/registers.ts';
import { commandOf, type LeaseOptions, unlocking } from './options.ts';
import type { ControlRegisters } from './registers.ts';
import { framesOf, registersOf, type Target } from './targets.ts';

/**
 * done: all written. refused: for good, and why. unknown: a write was not answered. later: the
 * device is busy, or nothing was sent.
 */
type Sent =
  | { readonly state: 'done' | 'unknown' | 'later' }
  | { readonly state: 'refused'; readonly why: string };

interface SendOptions {
  readonly permit: Permit;
  readonly isEnd: boolean; // of an order: heard or not
  /** Something that ends the order has come meanwhile: what is left is not sent. */
  readonly isOvertaken: () => boolean;
  readonly urgent: boolean; // protective, or a release: may use the last of the budget
}

const isStored = (spec: ControlSpec, { point }: Target): boolean =>
  spec.flash === 'persistent' || point.stored === true;

/** Writes, behind the code that unlocks the device where that is due. */
export class Sender {
  private unlockedUntilMs = Number.NEGATIVE_INFINITY;

  /** The device may have forgotten it. */
  forget(): void {
    this.unlockedUntilMs = Number.NEGATIVE_INFINITY;
  }

  async send(
    control: ControlRegisters,
    list: readonly Target[],
    lease: LeaseOptions,
    options: SendOptions,
  ): Promise<Sent> {
    const { clock } = lease;
    const isLocked = clock.monoMs() >= this.unlockedUntilMs;
    const command = commandOf(lease, control.spec, options.permit.verdict);
    const code = isLocked ? unlocking(lease, control, command) : [];
    const sent = await send(control, code, lease, options);
    if (sent.state !== 'done') return sent;
    if (code.length > 0) {
      const everyS = control.spec.unlock?.write?.everyS ?? Number.POSITIVE_INFINITY;
      this.unlockedUntilMs = clock.monoMs() + 1_000 * everyS;
    }
    return send(control, list, lease, options);
  }
}

/**
 * Writes in order. A stored register that shows the value already is left alone; those that are
 * written count against the day's budget, all of them or none. The kernel looks at every register
 * of the sequence before the first one goes.
 */
async function send(
  control: ControlRegisters,
  list: readonly Target[],
  { handle, budget, device, refusal }: LeaseOptions,
  { permit, urgent, isEnd, isOvertaken }: SendOptions,
): Promise<Sent> {
  const { spec, map } = control;
  const due = list.filter((one) => !(isStored(spec, one) && control.shows(one)));
  const frames = framesOf(map, due);
  const why = frames
    .flatMap((frame) => registersOf(map, frame))
    .map((one) => refusal(one, permit))
    .find((one) => one !== undefined);
  if (why !== undefined) return { state: 'refused', why };
  const stored = due.filter((one) => isStored(spec, one)).length;
  if (stored > 0 && !budget.take(device, stored, urgent, spec.writesPerDay)) {
    return { state: 'refused', why: 'the day is out of writes to its stored registers' };
  }
  for (const { request, targets } of frames) {
    if (isOvertaken()) return { state: 'later' };
    const priority = isEnd ? 'end' : 'write';
    let result = await handle.request(request, priority);
    if (!result.ok && result.exception === 4) result = await handle.request(request, priority);
    // 5: accepted, still at it
    if (result.ok || result.exception === 5) {
      for (const target of targets) control.wrote(target);
      continue;
    }
    if (result.why !== 'exception') {
      for (const target of targets) control.doubt(target);
      return { state: result.sent ? 'unknown' : 'later' };
    }
    if (result.exception === 6) return { state: 'later' };
    const keys = targets.map(({ point }) => point.key).join(' and ');
    const hint = spec.unlock === undefined ? '' : `; ${spec.unlock.how}`;
    return { state: 'refused', why: `${keys} refused with exception ${result.exception}${hint}` };
  }
  return { state: 'done' };
}
