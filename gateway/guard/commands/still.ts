import type { Verdict } from '../safety/verdict.ts';
import { commandOf, type LeaseOptions } from './options.ts';
import type { ControlRegisters } from './registers.ts';
import { finals, near, targets } from './targets.ts';
import type { ReversionTimer } from './timer.ts';

/** A verdict that has not moved for so many cycles has settled. */
const SETTLED_CYCLES = 3;
const SAME_W = 0.5;

/** Whether what stands in a device may stay for a newer verdict: writes wear and fill a bus. */
export class Still {
  private readonly options: LeaseOptions;
  private powerW = Number.NaN;
  private sinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: LeaseOptions) {
    this.options = options;
  }

  /** Each verdict, as it comes. */
  see({ powerW }: Verdict): void {
    if (Math.abs(powerW - this.powerW) <= SAME_W) return;
    this.powerW = powerW;
    this.sinceMs = this.options.clock.monoMs();
  }

  /** @param isRenewed  it is written anew anyhow: then no more than the newest asks */
  stands(
    control: ControlRegisters,
    verified: Verdict,
    verdict: Verdict,
    isRenewed: boolean,
  ): boolean {
    const isMore = Math.abs(verified.powerW) > Math.abs(verdict.powerW);
    if (this.isNear(verified, verdict)) return !(isMore && isRenewed);
    return this.isSame(control, verified, verdict);
  }

  /** Nothing is to be written, read or renewed for it, whatever the registers' fineness. */
  stays(
    control: ControlRegisters,
    verified: Verdict,
    verdict: Verdict,
    timer: ReversionTimer,
  ): boolean {
    const { spec } = control;
    if (control.needsCompare || control.needsScale) return false;
    if (verdict.kind === 'release') return verified.kind === 'release';
    const hasTimer = spec.reversion.to !== 'none';
    if (spec.heartbeat !== undefined || (hasTimer && timer.isDue(this.options.clock.monoMs()))) {
      return false;
    }
    return this.isNear(verified, verdict);
  }

  private isNear(verified: Verdict, verdict: Verdict): boolean {
    const { clock, times, terminal } = this.options;
    const restedMs = clock.monoMs() - this.sinceMs;
    return near(verified, verdict, terminal, restedMs >= SETTLED_CYCLES * times.cycleMs);
  }

  /** The device's registers are no finer than the difference. */
  private isSame(control: ControlRegisters, a: Verdict, b: Verdict): boolean {
    if (a.kind !== b.kind || a.currentA !== b.currentA || !(a.powerW * b.powerW > 0)) return false;
    const { map, spec, exponents } = control;
    const shown = (one: Verdict): readonly number[] =>
      finals(targets(map, spec.set, commandOf(this.options, spec, one), exponents)).map(
        ({ value }) => value,
      );
    const before = shown(a);
    return shown(b).every((value, index) => value === before[index]);
  }
}
