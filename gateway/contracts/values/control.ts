import type { ControlSpec, DeviceMap } from '../../../devices/profile.ts';
import type { Terminal } from './site.ts';

/** The profile's control for a terminal, on the device that switches it. */
export function controlOf(map: DeviceMap, terminal: Terminal): ControlSpec | undefined {
  const binds = terminal.controlDevice === undefined ? (terminal.part ?? '') : '';
  return map.control.find((spec) => spec.binds === binds && spec.kind === terminal.control);
}
