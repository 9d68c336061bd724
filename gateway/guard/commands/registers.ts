import { decodePoint } from '../../../devices/codec.ts';
import type { ControlSpec, DeviceMap } from '../../../devices/profile.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import type { BusHandle } from '../bus/types.ts';
import { readRequest } from '../measurements/device.ts';
import { type Block, planBlocks } from '../measurements/plan.ts';
import { controlOf, controlPoints, type Target } from './targets.ts';

/** The registers that one control touches, and what they showed when they were last read. */
export class ControlRegisters {
  readonly map: DeviceMap;
  readonly spec: ControlSpec;
  readonly exponents = new Map<string, number>();
  private readonly shown = new Map<string, number | undefined>();
  private readonly blocks: readonly Block[];

  private constructor(map: DeviceMap, spec: ControlSpec) {
    this.map = map;
    this.spec = spec;
    const own = controlPoints(map, spec).map((point) => ({ ...point, class: 'control' as const }));
    const scales = own.flatMap((point) => {
      const scale = point.scaleFrom === undefined ? undefined : map.points[point.scaleFrom];
      return scale === undefined ? [] : [scale];
    });
    const points = Object.fromEntries([...own, ...scales].map((point) => [point.key, point]));
    this.blocks = planBlocks({ ...map, points }, { varyShape: false });
  }

  /** Undefined when the device offers no such control for the terminal. */
  static of(map: DeviceMap, terminal: Terminal): ControlRegisters | undefined {
    const spec = controlOf(map, terminal);
    return spec === undefined ? undefined : new ControlRegisters(map, spec);
  }

  /** A value cannot be written before its scale factor is known. */
  get needsScale(): boolean {
    const points = this.blocks.flatMap((block) => block.items.flatMap((item) => item.points));
    return points.some((point) => point.as === 'sf' && !this.exponents.has(point.key));
  }

  /** Reads all of them, scale factors included; false when that failed. */
  async read(handle: BusHandle): Promise<boolean> {
    const { map } = this;
    for (const block of this.blocks) {
      const [span] = block.spans;
      const result = await handle.request(readRequest(block.space, span), 'write');
      if (!result.ok) return false;
      const points = block.items.flatMap((item) => item.points);
      for (const point of points.filter((one) => one.as === 'sf')) {
        const exponent = decodePoint(map, point, result.words, point.at - span.at);
        if (exponent === undefined) this.exponents.delete(point.key);
        else this.exponents.set(point.key, exponent);
      }
      for (const point of points.filter((one) => one.as !== 'sf')) {
        const { scaleFrom } = point;
        const exponent = scaleFrom === undefined ? undefined : this.exponents.get(scaleFrom);
        const offset = point.at - span.at;
        this.shown.set(point.key, decodePoint(map, point, result.words, offset, exponent));
      }
    }
    return true;
  }

  value(key: string): number | undefined {
    return this.shown.get(key);
  }

  agrees(list: readonly Target[]): boolean {
    return list.every(({ point, value, tolerance }) => {
      const shown = this.shown.get(point.key);
      return shown !== undefined && Math.abs(shown - value) <= tolerance;
    });
  }
}
