import type { Observation } from './observe.ts';
import type { Way } from './physics.ts';

/** A witness that saw every pulse, with what it saw over what it should have seen. */
export interface Seen {
  readonly observation: Observation;
  readonly share: number; // 1 = as expected; below 0 = turned
}

export interface SignView {
  /** What the device does with an order: 1 as told, -1 the opposite, 0 not to be told. */
  readonly truth: Way;
  readonly turned: readonly Seen[]; // witnesses that count the wrong way
  /** Where truth is 0: these and the device contradict each other. */
  readonly conflicting: readonly Seen[];
}

/**
 * Who is turned: what chemistry and the site's own sum say decides; else the reading of events that
 * needs the fewest faults. A profile that is turned throughout, order and own reading, is one.
 * @param own  undefined where the device shows no power of its own
 * @param physics  ways that are known for sure: of the store, of the device by a sure meter
 * @param areSignsSeen  the profile's source states its signs: then the device is believed in a tie
 */
export function signOf(
  own: Seen | undefined,
  meters: readonly Seen[],
  physics: readonly Way[],
  areSignsSeen: boolean,
): SignView {
  const all = own === undefined ? meters : [own, ...meters];
  const against = (truth: 1 | -1): Seen[] => all.filter(({ share }) => share * truth < 0);
  const sure = physics.filter((way) => way !== 0);
  const [first] = sure;
  if (first !== undefined && sure.every((way) => way === first)) {
    return { truth: first, turned: against(first), conflicting: [] };
  }
  const asTold = against(1).length;
  const opposite = 1 + meters.filter(({ share }) => share > 0).length;
  if (first === undefined && (asTold < opposite || (asTold === opposite && areSignsSeen))) {
    return { truth: 1, turned: against(1), conflicting: [] };
  }
  if (first === undefined && opposite < asTold) {
    return { truth: -1, turned: against(-1), conflicting: [] };
  }
  return { truth: 0, turned: [], conflicting: meters.filter(({ share }) => share < 0) };
}
