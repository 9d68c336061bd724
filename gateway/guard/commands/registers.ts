import { decodePoint } from '../../../devices/codec.ts';
import { READ_FUNCTION } from '../../../devices/functions.ts';
import type { ControlSpec, DeviceMap, ResolvedPoint } from '../../../devices/profile.ts';
import { controlOf } from '../../contracts/values/control.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import type { Request } from '../bus/pdu.ts';
import type { Priority } from '../bus/queue.ts';
import type { BusHandle } from '../bus/types.ts';
import { type Command, controlPoints, finals, type Target, targets } from './targets.ts';

const SPACES = ['holding', 'input', 'coil', 'discrete'] as const;
/** Registers worth reading for nothing to save a request. */
const WORTH = 32;

/** Points that are read together. */
interface Span {
  readonly points: readonly ResolvedPoint[];
  readonly at: number;
  readonly end: number;
}

/** Merges neighbours, never over what cannot be read and never beyond what one read may ask. */
function spansOf(map: DeviceMap, points: readonly ResolvedPoint[]): Span[] {
  const spans: Span[] = [];
  for (const point of [...points].sort((a, b) => a.at - b.at)) {
    const last = spans.at(-1);
    const end = Math.max(last?.end ?? 0, point.at + point.count);
    const fits =
      last !== undefined &&
      point.at - last.end <= WORTH &&
      end - last.at <= map.limits.maxRegistersPerRead &&
      !map.unreadable.some(
        (hole) => hole.space === point.space && hole.at < end && last.at < hole.at + hole.words,
      );
    if (fits) spans[spans.length - 1] = { points: [...last.points, point], at: last.at, end };
    else spans.push({ points: [point], at: point.at, end: point.at + point.count });
  }
  return spans;
}

const sameCommand = (a: Command, b: Command): boolean =>
  a.powerW === b.powerW &&
  a.direction === b.direction &&
  a.currentA === b.currentA &&
  a.ratedW === b.ratedW &&
  a.timeoutS === b.timeoutS &&
  a.safeW === b.safeW &&
  a.safeOn === b.safeOn;

function requestOf({ points: [first], at, end }: Span): Request {
  return { fc: READ_FUNCTION[first?.space ?? 'holding'], at, count: end - at };
}

/** The registers that one control touches, and what they showed when they were last read. */
export class ControlRegisters {
  readonly map: DeviceMap;
  readonly spec: ControlSpec;
  readonly exponents = new Map<string, number>();
  private readonly shown = new Map<string, number | undefined>();
  private readonly spans: readonly Span[];
  private readonly scales: readonly string[]; // read back with the points
  readonly hasStored: boolean; // some of them wear
  wasAsked = false; // by the last read that failed: it went out
  private compared = false; // read since the connection was opened
  private aimed: { readonly command: Command; readonly targets: readonly Target[] } | undefined;

  private constructor(map: DeviceMap, spec: ControlSpec) {
    this.map = map;
    this.spec = spec;
    const own = controlPoints(map, spec);
    const scales = own.flatMap((point) => {
      const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
      return scale === undefined ? [] : [scale];
    });
    const all = [...new Set([...own, ...scales])].filter((point) => point.writeOnly !== true);
    this.spans = SPACES.flatMap((space) => {
      const here = all.filter((point) => point.space === space);
      return spansOf(map, here);
    });
    this.scales = all.filter(({ as }) => as === 'sf').map(({ key }) => key);
    this.hasStored = spec.flash === 'persistent' || all.some(({ stored }) => stored === true);
  }

  /** Undefined when the device offers no such control for the terminal. */
  static of(map: DeviceMap, terminal: Terminal): ControlRegisters | undefined {
    const spec = controlOf(map, terminal);
    return spec === undefined ? undefined : new ControlRegisters(map, spec);
  }

  /** Stored registers are compared before they are written. */
  get needsCompare(): boolean {
    return !this.compared && this.hasStored;
  }

  /** A value cannot be written before its scale factor is known. */
  get needsScale(): boolean {
    return this.scales.some((key) => !this.exponents.has(key));
  }

  /**
   * What the registers must show in the end under a command; the same one comes cycle after cycle.
   * @throws RangeError when a register cannot hold its value
   */
  aims(command: Command): readonly Target[] {
    if (this.aimed === undefined || !sameCommand(this.aimed.command, command)) {
      const set = finals(targets(this.map, this.spec.set, command, this.exponents));
      this.aimed = { command, targets: set };
    }
    return this.aimed.targets;
  }

  /** Reads all of them, scale factors included; false when that failed. */
  async read(handle: BusHandle, priority: Priority = 'write'): Promise<boolean> {
    const answers: { span: Span; words: readonly number[] }[] = [];
    for (const span of this.spans) {
      const result = await handle.request(requestOf(span), priority);
      if (!result.ok) {
        this.wasAsked = result.sent;
        return false;
      }
      answers.push({ span, words: result.words });
    }
    for (const { span, words } of answers) {
      for (const point of span.points) {
        if (point.as !== 'sf') continue;
        const exponent = decodePoint(this.map, point, words, point.at - span.at);
        if (exponent !== this.exponents.get(point.key)) this.aimed = undefined;
        if (exponent === undefined) this.exponents.delete(point.key);
        else this.exponents.set(point.key, exponent);
      }
    }
    for (const { span, words } of answers) {
      for (const point of span.points) {
        if (point.as !== 'sf') this.show(point, words, point.at - span.at);
      }
    }
    this.compared = true;
    return true;
  }

  private show(point: ResolvedPoint, words: readonly number[], offset: number): void {
    const { scaleFrom } = point;
    const exponent = scaleFrom === undefined ? undefined : this.exponents.get(scaleFrom);
    this.shown.set(point.key, decodePoint(this.map, point, words, offset, exponent));
  }

  value(key: string): number | undefined {
    return this.shown.get(key);
  }

  /** What is left of its reversion timer; undefined where that cannot be read. */
  get leftS(): number | undefined {
    const { remaining } = this.spec.reversion;
    return remaining === undefined ? undefined : this.value(remaining);
  }

  /** Whether that runs. */
  get isCounting(): boolean | undefined {
    const { leftS } = this;
    return leftS === undefined ? undefined : leftS > 0;
  }

  /** It shows that it counts down from what we wrote: a device that has restarted does not. */
  isArmedAs(command: Command): boolean {
    if (this.isCounting !== true) return false;
    return this.agrees(finals(targets(this.map, this.spec.arm, command, this.exponents)));
  }

  /**
   * Its timer has run out as we set it, and the next write of any kind lets it count again: with
   * the setpoint that it still shows.
   */
  revives(command: Command): boolean {
    const { reversion, arm } = this.spec;
    if (reversion.renewedBy !== 'any-write' || this.agrees(this.aims(command))) return false;
    return this.agrees(finals(targets(this.map, arm, command, this.exponents)));
  }

  /** Until it is read back, and where it cannot be, a register shows what was written to it. */
  wrote({ point, value }: Target): void {
    this.shown.set(point.key, value);
  }

  /** Nothing is known of the registers any more: the device may have restarted. */
  forget(): void {
    this.shown.clear();
    this.compared = false;
  }

  /** A write was not answered: what the register shows is unknown. */
  doubt({ point }: Target): void {
    this.shown.delete(point.key);
  }

  shows({ point, value, tolerance }: Target): boolean {
    const shown = this.shown.get(point.key);
    return shown !== undefined && Math.abs(shown - value) <= tolerance;
  }

  agrees(list: readonly Target[]): boolean {
    return list.every((target) => this.shows(target));
  }
}
