import type { Terminal } from '../contracts/values/site.ts';
import { doing, type PlaceKind, power, sentence } from '../contracts/values/words.ts';

const KINDS: Readonly<Record<Terminal['kind'], PlaceKind>> = {
  pv: 'pv',
  battery: 'battery',
  ev: 'ev',
  load: 'load',
  generator: 'pv',
  converter: 'battery',
};

/**
 * What a terminal is told, for people: 'Battery discharging 9.0 kW, so that ...'.
 * @param powerW  W, + into the node; undefined = left to its own mode
 * @param why  clause that follows, '' for none
 */
export function act(terminal: Terminal, powerW: number | undefined, why: string): string {
  const name = sentence(terminal.name);
  const clause = why === '' ? '' : `, ${why}`;
  if (powerW === undefined) return `${name} in its own mode${clause}`;
  if (terminal.control === 'limit') return `${name} held to ${power(powerW)}${clause}`;
  if (terminal.control === 'on-off') return `${name} ${powerW < 0 ? 'on' : 'off'}${clause}`;
  return `${name} ${doing(KINDS[terminal.kind], powerW)}${clause}`;
}
