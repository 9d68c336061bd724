import type { ControlSpec, Profile, WriteStep } from '../../devices/profile.ts';
import type { Behaviour, Commanded } from './types.ts';

/** A device's own registers, as values in canonical units. */
export interface Registers {
  has(key: string): boolean;
  take(key: string): number | undefined;
  put(key: string, value: number): void;
}

/** A device's own time: renewed by writes, it ends what was commanded. */
export function createLease(
  registers: Registers,
  options: {
    readonly time: string | (() => number); // s; 0 = never
    readonly left?: string | undefined;
    readonly end: () => void;
  },
) {
  const { time, left } = options;
  let endMs: number | undefined;
  const show = (nowMs: number): void => {
    if (left === undefined || !registers.has(left)) return;
    const leftMs = endMs === undefined ? 0 : endMs - nowMs;
    registers.put(left, Math.ceil(leftMs / 1_000));
  };
  return {
    /** @param running whether there is anything to end */
    renew(running: boolean, nowMs: number): void {
      const timeS = typeof time === 'string' ? (registers.take(time) ?? 0) : time();
      endMs = running && timeS > 0 ? nowMs + timeS * 1_000 : undefined;
      show(nowMs);
    },
    step(nowMs: number): void {
      if (endMs !== undefined && nowMs >= endMs) {
        endMs = undefined;
        options.end();
      }
      show(nowMs);
    },
    left: (nowMs: number): { leftMs?: number } =>
      endMs === undefined ? {} : { leftMs: endMs - nowMs },
  };
}

type Direction = NonNullable<WriteStep['when']>;
const DIRECTIONS: readonly Direction[] = ['charging', 'discharging'];
/** Beats that may be missing before a device takes its controller for lost. Ours. */
const MISSED_BEATS = 3;

const constOf = ({ value }: WriteStep): number | undefined =>
  'const' in value ? value.const : undefined;
const fromOf = ({ value }: WriteStep): string => ('from' in value ? value.from : '');
const isSize = (step: WriteStep): boolean =>
  ['powerW', 'absPowerW', 'powerPct', 'currentA', 'on'].includes(fromOf(step));
const near = (a: number | undefined, b: number): boolean =>
  a !== undefined && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b));

/** A step of `set` that must show its value while somebody commands. */
interface Mark {
  readonly point: string;
  readonly value: number;
}

/** Of the steps for one direction, or for both; the last of each point. */
function marksOf({ set }: ControlSpec, when: Direction | undefined): readonly Mark[] {
  const marks = new Map<string, Mark>();
  for (const step of set) {
    const value = constOf(step);
    if (step.when === when && value !== undefined) {
      marks.set(step.point, { point: step.point, value });
    }
  }
  return [...marks.values()];
}

/** What a device makes of the writes of one control, as far as its profile says. */
class ByControl {
  private readonly spec: ControlSpec;
  private readonly sizes: readonly WriteStep[];
  private readonly marks: readonly Mark[];
  /** Directions that have marks of their own. */
  private readonly directed: readonly {
    readonly when: Direction;
    readonly marks: readonly Mark[];
  }[];
  private readonly registers: Registers;
  private readonly ratedW: number;
  private readonly group: ReadonlySet<string>;
  private readonly lease: ReturnType<typeof createLease>;
  private idle = true; // nobody has commanded since the start or since the time ended
  private direction: Direction | undefined; // of the size that was written last
  private beat: { readonly value: number | undefined; readonly atMs: number } | undefined;

  constructor(spec: ControlSpec, registers: Registers, ratedW: number) {
    this.spec = spec;
    this.registers = registers;
    this.ratedW = ratedW;
    this.sizes = spec.set.filter(isSize);
    this.marks = marksOf(spec, undefined);
    this.directed = DIRECTIONS.map((when) => ({ when, marks: marksOf(spec, when) })).filter(
      ({ marks }) => marks.length > 0,
    );
    const { arm, set, release, heartbeat, reversion } = spec;
    const own = [...arm, ...set, ...release].map(({ point }) => point);
    this.group = new Set(heartbeat === undefined ? own : [...own, heartbeat.point]);
    const timer = this.timer()?.point;
    const fixedS = reversion.to === 'none' || timer !== undefined ? 0 : reversion.minS;
    this.lease = createLease(registers, {
      time: timer ?? (() => fixedS),
      left: reversion.remaining,
      end: () => this.end(),
    });
    this.letGo();
  }

  written(keys: ReadonlySet<string>, nowMs: number): void {
    for (const step of this.spec.set) {
      if (!keys.has(step.point)) continue;
      this.idle = false;
      const sized = isSize(step) && this.registers.take(step.point) !== 0;
      if (step.when !== undefined && sized) this.direction = step.when;
    }
    if (this.isReleased(keys)) this.idle = true;
    const active = this.active();
    if (!active) this.lease.renew(false, nowMs);
    else if (this.renews(keys)) this.lease.renew(true, nowMs);
    if (keys.has(this.spec.heartbeat?.point ?? '')) this.beat = undefined;
  }

  step(nowMs: number): void {
    this.lease.step(nowMs);
    const { heartbeat } = this.spec;
    if (heartbeat === undefined || !this.active()) {
      this.beat = undefined;
      return;
    }
    const value = this.registers.take(heartbeat.point);
    if (this.beat === undefined || value !== this.beat.value) this.beat = { value, atMs: nowMs };
    if (nowMs - this.beat.atMs >= heartbeat.everyS * 1_000 * MISSED_BEATS) this.end();
  }

  /** Undefined while nobody commands. */
  control(nowMs: number): Omit<Commanded, 'ownMode'> | undefined {
    if (!this.active()) return undefined;
    const left = this.lease.left(nowMs);
    const size = this.size();
    if (size === undefined) return undefined;
    switch (this.spec.kind) {
      case 'limit':
        return { limitW: Math.abs(size), ...left };
      case 'setpoint':
        return { setpointW: this.resolved(size), ...left };
      case 'steps':
        return { currentA: size, ...left };
      case 'on-off':
        return { enabled: size !== 0, ...left };
    }
  }

  private timer(): WriteStep | undefined {
    const { arm, set } = this.spec;
    return [...arm, ...set].find((step) => fromOf(step) === 'timeoutS');
  }

  private take(step: WriteStep): number | undefined {
    return this.registers.take(step.point);
  }

  private holds(step: WriteStep): boolean {
    const wanted = constOf(step);
    return wanted !== undefined && near(this.take(step), wanted);
  }

  private isMarked(marks: readonly Mark[]): boolean {
    for (const { point, value } of marks) {
      if (!near(this.registers.take(point), value)) return false;
    }
    return true;
  }

  private active(): boolean {
    if (this.idle || !this.isMarked(this.marks)) return false;
    if (this.directed.length > 0) return this.commandedDirection() !== undefined;
    if (this.marks.length > 0) return true;
    const { release, reversion } = this.spec;
    const isRest = release.length > 0 && release.every((step) => this.holds(step));
    return reversion.to !== 'none' || !isRest;
  }

  private commandedDirection(): Direction | undefined {
    if (this.directed.length === 0) return this.direction;
    return this.directed.find(({ marks }) => this.isMarked(marks))?.when;
  }

  /** The end is told by a register of its own. */
  private isReleased(keys: ReadonlySet<string>): boolean {
    const { set, release } = this.spec;
    const own = release.filter(({ point }) => !set.some((step) => step.point === point));
    return own.some(({ point }) => keys.has(point)) && own.every((step) => this.holds(step));
  }

  private renews(keys: ReadonlySet<string>): boolean {
    const { set, reversion } = this.spec;
    if (reversion.to === 'none') return false;
    const timer = this.timer();
    if (reversion.renewedBy === 'timer-write' && timer !== undefined) return keys.has(timer.point);
    if (reversion.renewedBy === 'none') {
      const when = this.commandedDirection();
      const applied = set.filter((step) => step.when === undefined || step.when === when);
      return keys.has(applied.at(-1)?.point ?? '');
    }
    return [...keys].some((key) => this.group.has(key));
  }

  private sizeStep(): WriteStep | undefined {
    const when = this.commandedDirection();
    return this.sizes.find((step) => step.when === undefined || step.when === when);
  }

  /** W, A or on, as the registers say. */
  private size(): number | undefined {
    const step = this.sizeStep();
    const value = step && this.take(step);
    if (step === undefined || value === undefined) return undefined;
    const from = fromOf(step);
    if (from === 'powerPct') return (value / 100) * this.nameplateW();
    if (from !== 'absPowerW') return value;
    return value !== 0 && this.commandedDirection() === 'charging' ? -value : value;
  }

  private nameplateW(): number {
    return (this.registers.has('ratedW') && this.registers.take('ratedW')) || this.ratedW;
  }

  private resolved(sizeW: number): number {
    const { stepW, minPowerW = 0 } = this.spec;
    if (Math.abs(sizeW) < minPowerW) return 0;
    return stepW === undefined ? sizeW : Math.round(sizeW / stepW) * stepW;
  }

  /** Time or heartbeat ran out. */
  private end(): void {
    const size = this.sizeStep();
    if (this.spec.reversion.to !== 'value' || size === undefined) {
      this.letGo();
      return;
    }
    const { arm } = this.spec;
    const on = arm.find((step) => fromOf(step) === 'safeOn');
    if (on !== undefined && this.take(on) === 0) {
      this.letGo();
      return;
    }
    const named = arm.find((step) => fromOf(step) === 'safeW' || fromOf(step) === 'safePct');
    const fallback = named ?? arm.find((step) => /safe|fallback|reversion/i.test(step.point));
    this.registers.put(size.point, (fallback && this.take(fallback)) ?? 0);
  }

  private letGo(): void {
    this.idle = true;
    for (const step of this.spec.release) {
      const value = constOf(step);
      if (value !== undefined && this.registers.has(step.point)) {
        this.registers.put(step.point, value);
      }
    }
  }
}

const FREE: Commanded = { ownMode: true };

/** A device as its profile describes it: every control with its own time. */
export function byControls(profile: Profile, registers: Registers, ratedW: number): Behaviour {
  const controls = profile.control.map((spec) => new ByControl(spec, registers, ratedW));
  const isLocal = (): boolean =>
    registers.has('localControl') && registers.take('localControl') === 1;
  return {
    accepts: () => (isLocal() ? 4 : 0),
    written: (keys, nowMs) => {
      for (const control of controls) control.written(keys, nowMs);
    },
    step: (nowMs) => {
      for (const control of controls) control.step(nowMs);
    },
    control: (nowMs) => {
      let told: Commanded = FREE;
      for (const control of controls) {
        const own = control.control(nowMs);
        if (own !== undefined) told = { ...told, ...own, ownMode: false };
      }
      return told;
    },
  };
}
