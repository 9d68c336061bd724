import { decodeText } from '../../../devices/codec.ts';
import { Fault } from '../../../gateway/contracts/values/fault.ts';
import type { Clock } from '../../../gateway/ports.ts';
import { createStream } from '../../random.ts';
import type { Commanded, DeviceImage, Frame } from '../types.ts';
import { createFaults, faultHelp } from './rules.ts';
import { type FaultyStation, foreignWrite } from './session.ts';

/** A simulated device on somebody's desk: its faults and its readings follow lines of text. */
export interface Desk {
  readonly station: FaultyStation;
  /**
   * One line of the protocol that `help` describes.
   * @returns what to answer; an object is the device's state
   * @throws Fault when the line is wrong
   */
  line(text: string): readonly string[] | DeskState;
  state(): DeskState;
  /** Values that stand whatever the surroundings say. */
  pin(assignment: string): void;
}

export interface DeskState {
  readonly profile: string;
  readonly unit: number;
  readonly told: Commanded;
  readonly points: Readonly<Record<string, number | string | null>>;
  readonly pinned: readonly string[];
  readonly faults: readonly { readonly line: string; readonly count: number }[];
  readonly requests: number;
  readonly writes: number; // that it took
  readonly storedWrites: number; // of them to flash
}

export interface DeskOptions {
  readonly image: DeviceImage;
  readonly unit: number;
  readonly wire: 'tcp' | 'rtu';
  readonly clock: Clock;
  readonly seed: number;
  readonly turn: (nowMs: number) => void; // of what surrounds the device
  readonly onWrite: (frame: Frame, points: Readonly<Record<string, number>>) => void;
}

const HELP: readonly string[] = [
  'help                  these lines',
  'set POINT=VALUE       show this, whatever happens around the device; VALUE none: not available',
  'free POINT|all        follow the surroundings again',
  'fault RULE            RULE = KIND [ARGUMENT] [on reads|writes] [every N] [chance P] ' +
    '[times N] [for TIME]',
  'off KIND|all          end these faults',
  'faults                those that stand, and how often each struck',
  'state                 everything, as one line of JSON',
  'Kinds of faults; a TIME is 300, 300ms, 30s or 2min:',
];

export function createDesk(options: DeskOptions): Desk {
  const { image, unit, clock } = options;
  const pinned = new Map<string, number | undefined>();
  const counts = { requests: 0, writes: 0, storedWrites: 0 };
  const faults = createFaults(options.seed, options.wire);

  const refresh = (): void => {
    const nowMs = clock.monoMs();
    image.step(nowMs);
    options.turn(nowMs);
    for (const [key, value] of pinned) image.put(key, value);
  };
  const heard = (frame: Frame): void => {
    counts.requests += 1;
    if (!frame.write || frame.exception !== 0) return;
    const points = writtenPoints(image, frame);
    counts.writes += 1;
    const isStored = Object.keys(points).some((key) => image.map.points[key]?.stored === true);
    if (isStored) counts.storedWrites += 1;
    options.onWrite(frame, points);
  };
  const station: FaultyStation = {
    bus: 'desk',
    units: new Map([[unit, image]]),
    clock,
    onFrame: heard,
    onRequest: refresh,
    wire: options.wire,
    faults,
    random: createStream(options.seed, 'garbage'),
    before: new Map(),
    frozen: new WeakMap(),
  };
  const state = (): DeskState => {
    refresh();
    return {
      profile: image.profile.id,
      unit,
      told: image.control(),
      points: pointsOf(image),
      pinned: [...pinned.keys()],
      faults: faults.list(clock.realMs()),
      ...counts,
    };
  };
  const pin = (assignment: string): void => {
    const { key, value } = assignmentOf(image, assignment);
    pinned.set(key, value);
    refresh();
    // A register that clients write is changed once, as at the device's own panel.
    if (image.map.points[key]?.writable === true) pinned.delete(key);
  };
  const hand: Hand = { image, faults, pinned, clock, pin, state };
  return { station, state, pin, line: (text) => obey(hand, text) };
}

/** Values of a write by point; what the device holds by now. */
function writtenPoints(image: DeviceImage, frame: Frame): Record<string, number> {
  const space = frame.fc === 5 || frame.fc === 15 ? 'coil' : 'holding';
  const judged = image.judge(space, frame.address, frame.values);
  return typeof judged === 'number' ? {} : Object.fromEntries(judged);
}

function pointsOf(image: DeviceImage): Record<string, number | string | null> {
  const points: Record<string, number | string | null> = {};
  for (const point of Object.values(image.map.points)) {
    if (point.as === 'sf') continue;
    points[point.key] =
      point.as === 'str'
        ? decodeText(point, image.raw[point.space], point.at)
        : (image.take(point.key) ?? null);
  }
  for (const key of Object.keys(image.map.sums ?? {})) points[key] = image.take(key) ?? null;
  return points;
}

/** @throws Fault when the device has no such number, or its register cannot show the value */
function assignmentOf(image: DeviceImage, text: string) {
  const match = /^([A-Za-z0-9_.]+)=(.+)$/.exec(text.trim());
  const [key = '', given = ''] = match?.slice(1) ?? [];
  const value = given === 'none' ? undefined : Number(given);
  if (match === null || Number.isNaN(value)) {
    throw new Fault(`'${text}' is no assignment`, 'set', 'write POINT=VALUE, as powerW=-2500');
  }
  const isText = image.map.points[key]?.as === 'str';
  if (!image.has(key) || isText) {
    const near = Object.keys(image.map.points).filter((name) => name.includes(key));
    const hint = near.length === 0 ? "'state' shows its points" : `it has ${near.join(', ')}`;
    throw new Fault(`${image.profile.id} has no number '${key}'`, 'set', hint);
  }
  try {
    image.put(key, value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Fault(error.message, 'set', 'choose a value that its register can show');
  }
  return { key, value };
}

interface Hand {
  readonly image: DeviceImage;
  readonly faults: ReturnType<typeof createFaults>;
  readonly pinned: Map<string, number | undefined>;
  readonly clock: Clock;
  pin(assignment: string): void;
  state(): DeskState;
}

function obey(hand: Hand, text: string): readonly string[] | DeskState {
  const [word = '', ...rest] = text.trim().split(/\s+/);
  const argument = rest.join(' ');
  switch (word) {
    case '':
      return [];
    case 'help':
      return [...HELP, ...faultHelp().map((line) => `  ${line}`)];
    case 'state':
      return hand.state();
    case 'set':
      hand.pin(argument);
      return [`ok ${argument}`];
    case 'free':
      return [freed(hand.pinned, argument)];
    case 'fault':
      order(hand, argument);
      return [`ok ${argument}`];
    case 'off':
      return [`ok ${hand.faults.remove(argument === '' ? 'all' : argument)} off`];
    case 'faults':
      return shown(hand);
    default:
      throw new Fault(`no command '${word}'`, 'line', "'help' lists them");
  }
}

function shown({ faults, clock }: Hand): readonly string[] {
  const lines = faults.list(clock.realMs()).map(({ line, count }) => `${line}: struck ${count}`);
  return lines.length === 0 ? ['none'] : lines;
}

function freed(pinned: Map<string, number | undefined>, key: string): string {
  const before = pinned.size;
  if (key === 'all' || key === '') pinned.clear();
  else pinned.delete(key);
  return `ok ${before - pinned.size} free`;
}

/** A fault that names a point must name one that the device has. */
function order({ image, faults, clock }: Hand, text: string): void {
  const [kind, argument = ''] = text.split(/\s+/);
  if (kind === 'second-master' && foreignWrite(image, argument) === undefined) {
    const writable = Object.values(image.map.points).filter((point) => point.writable === true);
    const names = writable.map(({ key }) => key).join(', ') || 'none at all';
    throw new Fault(`'${argument}' cannot be written`, 'fault', `writable are: ${names}`);
  }
  faults.add(text, clock.realMs());
}
