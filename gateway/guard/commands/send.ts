import type { ControlSpec } from '../../../devices/profile.ts';
import type { BusHandle } from '../bus/types.ts';
import type { Permit } from '../safety/registers.ts';
import type { Budget } from './budget.ts';
import type { ControlRegisters } from './registers.ts';
import { framesOf, registersOf, type Target } from './targets.ts';
import type { KernelLook } from './types.ts';

/**
 * done: all written. refused: for good, and why. unknown: a write was not answered. later: the
 * device is busy, or nothing was sent.
 */
export type Sent =
  | { readonly state: 'done' | 'unknown' | 'later' }
  | { readonly state: 'refused'; readonly why: string };

export interface SendOptions {
  readonly handle: BusHandle;
  readonly budget: Budget;
  readonly device: string;
  readonly permit: Permit;
  readonly refusal: KernelLook['refusal'];
  readonly isEnd: boolean; // of an order: heard or not
  readonly urgent: boolean; // protective, or a release: may use the last of the budget
}

const isStored = (spec: ControlSpec, { point }: Target): boolean =>
  spec.flash === 'persistent' || point.stored === true;

/**
 * Writes in order. A stored register that shows the value already is left alone; those that are
 * written count against the day's budget, all of them or none. The kernel looks at every register
 * of the sequence before the first one goes.
 */
export async function send(
  control: ControlRegisters,
  list: readonly Target[],
  options: SendOptions,
): Promise<Sent> {
  const { spec, map } = control;
  const { handle, budget, device, permit, refusal, urgent, isEnd } = options;
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
