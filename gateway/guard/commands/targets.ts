import { decodePoint, encodePoint } from '../../../devices/codec.ts';
import type { ControlSpec, DeviceMap, ResolvedPoint, WriteStep } from '../../../devices/profile.ts';
import { nameplateW, type Terminal } from '../../contracts/values/site.ts';
import type { Request } from '../bus/pdu.ts';
import type { RegisterWrite, Use } from '../safety/registers.ts';
import type { Verdict } from '../safety/verdict.ts';

/**
 * A change of power smaller than this share of the rated power is not worth a write, unless it is
 * towards zero.
 */
const DEADBAND = 0.001;
/** Towards zero, for as long as it goes on: a slow ramp is not a write a second. */
const DEADBAND_DOWN = 0.0025;

/** What a verdict means to one device, before it is put into registers. */
export interface Command {
  readonly powerW: number; // + into the busbar
  readonly direction: 'charging' | 'discharging'; // at 0 W the one before, so that nothing flaps
  readonly currentA: number;
  readonly ratedW: number; // 100 % of a percent value
  readonly timeoutS: number;
  readonly safeW: number;
  readonly safeOn: boolean; // there is a safe value; otherwise it is the device's own mode
}

/** One write: the value that the register will hold, and its words. */
export interface Target {
  readonly point: ResolvedPoint;
  readonly value: number;
  readonly tolerance: number;
  readonly words: readonly number[];
  readonly use: Use; // what it does, in the kernel's words
  readonly exponent: number | undefined;
  readonly together: boolean; // in one frame with the one before
}

/** One request, and what it writes. */
interface Frame {
  readonly request: Request;
  readonly targets: readonly Target[];
}

/** Exponents of the scale factors, by key, as last read from the device. */
export type Exponents = ReadonlyMap<string, number>;

function wanted(step: WriteStep, command: Command): number {
  if ('const' in step.value) return step.value.const;
  switch (step.value.from) {
    case 'powerW':
      return command.powerW;
    case 'absPowerW':
      return Math.abs(command.powerW);
    case 'powerPct':
      return (100 * command.powerW) / command.ratedW;
    case 'timeoutS':
      return command.timeoutS;
    case 'currentA':
      return command.currentA;
    case 'safeW':
      return command.safeW;
    case 'safePct':
      return (100 * command.safeW) / command.ratedW;
    case 'safeOn':
      return command.safeOn ? 1 : 0;
    case 'on':
      return command.powerW === 0 ? 0 : 1;
  }
}

const USES = {
  powerW: 'power',
  absPowerW: 'size',
  powerPct: 'share',
  timeoutS: 'time',
  currentA: 'current',
  safeW: 'safe-power',
  safePct: 'safe-share',
  safeOn: 'safe-on',
  on: 'on',
} as const;

const isFloat = ({ as }: ResolvedPoint): boolean => as === 'f32' || as === 'f64';

/** Value of one step of the register, in the point's unit; a float has none. */
const resolution = (point: ResolvedPoint, exponent: number | undefined): number =>
  isFloat(point) ? 0 : countOf(point, exponent);

/** Value of one count, without the sign. */
function countOf(point: ResolvedPoint, exponent: number | undefined): number {
  const power = exponent ?? 0;
  let tens = 1;
  for (let n = Math.abs(power); n > 0; n -= 1) tens *= 10;
  const scale = Math.abs(point.scale ?? 1);
  return power < 0 ? scale / tens : scale * tens;
}

/**
 * Towards zero, so that rounding never asks for more than the verdict did; inside the register's
 * range.
 */
function towardsZero(value: number, step: number, point: ResolvedPoint): number {
  const inside = Math.min(Math.max(value, point.min ?? value), point.max ?? value);
  if (step === 0) return inside;
  const whole = Math.floor(Math.abs(inside) / step + 1e-9);
  return inside < 0 ? -whole * step : whole * step;
}

/** @throws RangeError when the register cannot hold the value or its scale factor is unknown */
function targetOf(map: DeviceMap, step: WriteStep, command: Command, exponents: Exponents): Target {
  const point = map.points[step.point];
  if (point === undefined) throw new RangeError(`the device has no ${step.point}`);
  const exponent = point.scaleFrom === undefined ? undefined : exponents.get(point.scaleFrom);
  if (point.scaleFrom !== undefined && exponent === undefined) {
    throw new RangeError(`scale factor ${point.scaleFrom} is unknown`);
  }
  const fineness = resolution(point, exponent);
  const asked = wanted(step, command);
  const exact = 'const' in step.value ? asked : towardsZero(asked, fineness, point);
  const words = encodePoint(map, point, exact, exponent);
  const value = decodePoint(map, point, words, 0, exponent) ?? exact;
  const tolerance = fineness / 2 + 1e-6 * Math.abs(value);
  const { value: from } = step;
  const use: Use = 'const' in from ? { is: 'fixed', value: asked } : { is: USES[from.from] };
  return { point, value, tolerance, words, use, exponent, together: step.together === true };
}

function requestOf(map: DeviceMap, point: ResolvedPoint, words: readonly number[]): Request {
  const [word = 0] = words;
  const at = point.writeAt ?? point.at;
  if (point.space === 'coil') return { fc: 5, at, on: word !== 0 };
  if (words.length === 1 && map.writeFunction === undefined) return { fc: 6, at, word };
  return { fc: 16, at, words };
}

/** Requests in order; what belongs together goes in one frame or not at all. */
export function framesOf(map: DeviceMap, list: readonly Target[]): Frame[] {
  const groups: Target[][] = [];
  for (const target of list) {
    const group = groups.at(-1);
    if (target.together && group !== undefined) group.push(target);
    else groups.push([target]);
  }
  return groups.flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const words = own.flatMap((target) => target.words);
    return [{ request: requestOf(map, first.point, words), targets: own }];
  });
}

const wordsIn = (request: Request): readonly number[] => {
  if (request.fc === 16) return request.words;
  if (request.fc === 6) return [request.word];
  return request.fc === 5 ? [request.on ? 1 : 0] : [];
};

/** Each register of a frame as it goes on the wire, for the kernel's second look. */
export function registersOf(map: DeviceMap, { request, targets }: Frame): RegisterWrite[] {
  let from = 0;
  return targets.map(({ point, exponent, use, words }) => {
    const own = wordsIn(request).slice(from, from + words.length);
    from += words.length;
    return {
      key: point.key,
      words: own,
      form: isFloat(point) ? 'float' : /^i|^sf$/.test(point.as) ? 'signed' : 'unsigned',
      lowFirst: (point.wordOrder ?? map.wordOrder) === 'little',
      countValue: (point.sign ?? 1) * countOf(point, exponent),
      offsetValue: point.offset ?? 0,
      use,
    };
  });
}

/** Writes of a sequence in order, those of the other direction left out. */
export function targets(
  map: DeviceMap,
  steps: readonly WriteStep[],
  command: Command,
  exponents: Exponents,
): Target[] {
  return steps
    .filter((step) => step.when === undefined || step.when === command.direction)
    .map((step) => targetOf(map, step, command, exponents));
}

/** What the registers must show in the end: a point that is written twice keeps its last value. */
export function finals(list: readonly Target[]): Target[] {
  const last = new Map(list.map((target) => [target.point.key, target]));
  return [...last.values()];
}

/** The power that a setpoint's registers ask for, W; those of a rough scale ask for less. */
export function powerIn(set: readonly Target[], { powerW, ratedW }: Command): number {
  for (const { use, value } of set) {
    if (use.is === 'power') return value;
    if (use.is === 'size') return Math.sign(powerW) * value;
    if (use.is === 'share') return (value / 100) * ratedW;
  }
  return powerW;
}

/** Nothing that anybody can rely on ends a setpoint by itself. */
export const isEndless = ({ reversion }: ControlSpec): boolean =>
  reversion.to === 'none' || reversion.unproven === true;

/** Every point that a control touches, to be read back. */
export function controlPoints(map: DeviceMap, spec: ControlSpec): readonly ResolvedPoint[] {
  const keys = new Set([...spec.arm, ...spec.set, ...spec.release].map((step) => step.point));
  if (spec.reversion.remaining !== undefined) keys.add(spec.reversion.remaining);
  return [...keys].flatMap((key) => map.points[key] ?? []);
}

/**
 * Not worth a write of its own: the same registers, or a small step. One towards zero counts until
 * it has settled; then it is written, and zero at once.
 */
export function near(a: Verdict, b: Verdict, terminal: Terminal, isSettled: boolean): boolean {
  if (a.kind !== b.kind || a.currentA !== b.currentA) return false;
  if (a.powerW === b.powerW) return true;
  if (a.powerW * b.powerW <= 0) return false;
  const isLess = Math.abs(b.powerW) < Math.abs(a.powerW);
  if (isLess && (isSettled || b.protective)) return false;
  const share = isLess ? DEADBAND_DOWN : DEADBAND;
  return Math.abs(a.powerW - b.powerW) <= share * nameplateW(terminal);
}

/** Power that the device shall take by itself when we fall silent. */
export function safePowerW(terminal: Terminal): number {
  return terminal.safeState.kind === 'limit' ? terminal.safeState.limitW : 0;
}
