/**
 * All guard times in one place (DESIGN section 3). In an accelerated run the cycle and every guard
 * time are stretched together, so that freshness, safe state and reversion take the same number of
 * cycles.
 */
export interface Timing {
  readonly stretch: number; // 1 in real time
  readonly cycleMs: number;
  /** How old a reading may be to count, by the class of its point. */
  readonly freshMs: { readonly control: number; readonly state: number; readonly slow: number };
  readonly safeByMs: number; // the safe state stands so long after the last good control reading
  readonly reversionMs: number; // longest that a device goes on by itself when we fall silent
  readonly limitBackMs: number; // back inside a limit after a step
  readonly heartbeatMs: number; // the grid agent is lost after so long without a heartbeat
  readonly failsafeMs: number; // minimum hold of the failsafe limit
  readonly directionRestMs: number; // between charging and discharging, for wishes
  readonly agentSilentMs: number; // an agent process that is silent for so long is restarted
  readonly planExpiryMs: number; // not stretched: plans live on the wall clock
}

/** @param speed simulated seconds per real second, >= 1 */
export function timing(speed: number): Timing {
  const cycleMs = Math.max(1_000, speed * 50);
  const k = cycleMs / 1_000;
  return {
    stretch: k,
    cycleMs,
    freshMs: { control: 5_000 * k, state: 30_000 * k, slow: 900_000 * k },
    safeByMs: 10_000 * k,
    reversionMs: 60_000 * k,
    limitBackMs: 5_000 * k,
    heartbeatMs: 120_000 * k,
    failsafeMs: 7_200_000 * k,
    directionRestMs: 30_000 * k,
    agentSilentMs: 10_000 * k,
    planExpiryMs: Math.max(1_800_000, 10_000 * k),
  };
}

/**
 * Guard times that follow the slowest wire which control depends on: freshness of control readings
 * from the usual up to what that wire needs, and the safe state as much later.
 */
export class SiteTiming implements Timing {
  readonly stretch: number;
  readonly cycleMs: number;
  readonly reversionMs: number;
  readonly limitBackMs: number;
  readonly heartbeatMs: number;
  readonly failsafeMs: number;
  readonly directionRestMs: number;
  readonly agentSilentMs: number;
  readonly planExpiryMs: number;
  freshMs: Timing['freshMs'];
  safeByMs: number;
  private readonly usual: Timing;
  private readonly buses: ReadonlySet<string>;
  private readonly controlMs = new Map<string, number>();

  /** @param buses that control hangs on */
  constructor(usual: Timing, buses: ReadonlySet<string>) {
    this.usual = usual;
    this.buses = buses;
    this.stretch = usual.stretch;
    this.cycleMs = usual.cycleMs;
    this.freshMs = usual.freshMs;
    this.safeByMs = usual.safeByMs;
    this.reversionMs = usual.reversionMs;
    this.limitBackMs = usual.limitBackMs;
    this.heartbeatMs = usual.heartbeatMs;
    this.failsafeMs = usual.failsafeMs;
    this.directionRestMs = usual.directionRestMs;
    this.agentSilentMs = usual.agentSilentMs;
    this.planExpiryMs = usual.planExpiryMs;
  }

  /** @param controlMs how old a control reading of that bus may be; never less than the usual */
  follow(bus: string, controlMs: number): void {
    if (!this.buses.has(bus)) return;
    this.controlMs.set(bus, controlMs);
    const { freshMs, safeByMs } = this.usual;
    const moreMs = Math.max(0, ...[...this.controlMs.values()].map((ms) => ms - freshMs.control));
    this.freshMs = { ...freshMs, control: freshMs.control + moreMs };
    this.safeByMs = safeByMs + moreMs;
  }
}
