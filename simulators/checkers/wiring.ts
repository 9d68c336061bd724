import { decoderOf } from '../../devices/decoder.ts';
import type {
  ControlSpec,
  RegisterSpace,
  ResolvedPoint,
  WriteStep,
} from '../../devices/profile.ts';
import type { Terminal } from '../../gateway/contracts/values/site.ts';
import type { Case, DeviceFace, Heard, Span, SpanPoint, WireFrame } from './types.ts';

/** A controllable terminal with the device that obeys and the sequence that commands it. */
export interface Control {
  readonly terminal: Terminal;
  readonly device: string;
  readonly face: DeviceFace;
  readonly spec: ControlSpec;
}

export function controlsOf(court: Pick<Case, 'site' | 'devices'>): Control[] {
  return court.site.terminals.flatMap((terminal) => {
    if (terminal.control === 'none') return [];
    const device = terminal.controlDevice ?? terminal.device ?? '';
    const face = court.devices[device];
    const part = terminal.controlDevice === undefined ? (terminal.part ?? '') : '';
    const spec = face?.map.control.find((entry) => entry.binds === part);
    return face === undefined || spec === undefined ? [] : [{ terminal, device, face, spec }];
  });
}

/** A point's value in the registers; undefined also where the device has no such point. */
export function peek(face: DeviceFace, key: string): number | undefined {
  const known = face.map.points[key] !== undefined || face.map.sums?.[key] !== undefined;
  return known ? face.take(key) : undefined;
}

const READ_SPACE: Readonly<Record<number, RegisterSpace>> = {
  1: 'coil',
  2: 'discrete',
  3: 'holding',
  4: 'input',
};

const spaceOf = (frame: WireFrame): RegisterSpace | undefined =>
  frame.write ? (frame.fc === 5 || frame.fc === 15 ? 'coil' : 'holding') : READ_SPACE[frame.fc];

const STATE = /(socPct|temperatureC)$/;

function spanOf({ map }: DeviceFace, frame: WireFrame): Span {
  const space = spaceOf(frame);
  const points = Object.values(map.points).filter(
    (point) =>
      point.space === space &&
      point.at >= frame.address &&
      point.at + point.count <= frame.address + frame.count,
  );
  return {
    points: points.map((point) => ({
      point,
      offset: point.at - frame.address,
      decode: decoderOf(map, point),
    })),
    hasControl: points.some((point) => point.class === 'control'),
    hasState: points.some(({ key }) => STATE.test(key)),
  };
}

/** What the frames of a site name; undefined for a device that the site does not have. */
export function createHearing(
  devices: Readonly<Record<string, DeviceFace>>,
): (frame: WireFrame) => Heard | undefined {
  const known = new Map(
    Object.entries(devices).map(([id, face]) => [id, { face, spans: places() }]),
  );
  return (frame) => {
    const device = known.get(frame.device);
    if (device === undefined) return undefined;
    const { face, spans } = device;
    const lengths = spans.at(frame.fc, frame.address);
    let span = lengths.get(frame.count);
    if (span === undefined) {
      span = spanOf(face, frame);
      lengths.set(frame.count, span);
    }
    return { frame, face, span };
  };
}

/** Spans by function code and first register, then by length. */
function places() {
  const byPlace = new Map<number, Map<number, Span>>();
  return {
    at: (fc: number, address: number): Map<number, Span> => {
      const place = fc * 65_536 + address;
      let lengths = byPlace.get(place);
      if (lengths === undefined) {
        lengths = new Map();
        byPlace.set(place, lengths);
      }
      return lengths;
    },
  };
}

/** Value of a point inside a frame; undefined = not available, or text. */
export function valueIn({ frame, face }: Heard, own: SpanPoint): number | undefined {
  const { scaleFrom } = own.point;
  const exponent = scaleFrom === undefined ? undefined : peek(face, scaleFrom);
  return own.decode(frame.values, own.offset, exponent);
}

/** One step of the register, in the point's unit: what rounding may cost. */
export function resolutionOf(face: DeviceFace, point: ResolvedPoint): number {
  const exponent = point.scaleFrom === undefined ? 0 : (peek(face, point.scaleFrom) ?? 0);
  let step = point.scale ?? 1;
  for (let n = 0; n < Math.abs(exponent); n += 1) step = exponent < 0 ? step / 10 : step * 10;
  return step;
}

export const fromOf = (step: WriteStep): string | undefined =>
  'from' in step.value ? step.value.from : undefined;
export const constOf = (step: WriteStep): number | undefined =>
  'const' in step.value ? step.value.const : undefined;

const POWER = new Set(['powerW', 'absPowerW', 'powerPct', 'currentA', 'on']);

/**
 * True for a write that asks something of the terminal: not arming, not enabling, not giving back.
 */
export function isSetpoint(spec: ControlSpec, key: string, value: number | undefined): boolean {
  const asks = spec.set.some((step) => step.point === key && POWER.has(fromOf(step) ?? ''));
  const gives = spec.release.some((step) => step.point === key && constOf(step) === value);
  return asks && !gives;
}
