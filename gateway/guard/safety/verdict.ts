/**
 * The only thing `commands/` accepts. Minted here and nowhere else, so a write cannot be spelled without the
 * kernel. `powerW` is + into the node: setpoint for 'setpoint', production limit (>= 0) for 'limit', the power of
 * the chosen current for 'steps', 0 or the rated draw for 'on-off'. 'release' gives the terminal back to its device.
 */
export interface Verdict {
  readonly terminal: string;
  readonly kind: 'setpoint' | 'limit' | 'steps' | 'on-off' | 'release';
  readonly powerW: number;
  readonly currentA: number; // for 'steps', otherwise 0
  readonly code: string; // ReasonCode of what bound it
  readonly protective: boolean; // slew, rest and direction rules do not hold it back
  readonly [minted]: true;
}

declare const minted: unique symbol;
