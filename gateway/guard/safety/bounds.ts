import type { TerminalFacts, TerminalLimits } from './facts.ts';

export interface Bounds {
  readonly lowW: number; // <= 0
  readonly highW: number; // >= 0
  readonly lowCode: string;
  readonly highCode: string;
}

interface Side {
  readonly mostW: number;
  readonly code: string;
}

/** A cap that is not a number >= 0 closes the side; one that does not exist leaves it as it is. */
function cap(side: Side, mostW: number | undefined): Side {
  if (mostW === undefined) return side;
  return { ...side, mostW: mostW >= 0 ? Math.min(mostW, side.mostW) : 0 };
}

/** A device that has such a flag, and does not show it clear. */
const isFaulty = ({ fault }: TerminalFacts): boolean => fault !== undefined && fault !== 0;

/**
 * What flows into the node at most: nameplate, BMS, converter, and nothing at or below the floor
 * of charge.
 */
function discharge(limits: TerminalLimits, facts: TerminalFacts): Side {
  let side: Side = { mostW: limits.ratedInW, code: 'BMS_LIMIT' };
  side = cap(side, facts.ratedW);
  side = cap(side, facts.dischargeMaxW);
  side = cap(side, facts.shareInW);
  if (isFaulty(facts)) return { mostW: 0, code: 'BMS_FAULT' };
  const { store } = limits;
  if (store === undefined) return side;
  if (!(facts.socLowPct > store.socMinPct)) {
    return { mostW: 0, code: facts.socLowPct <= store.socMinPct ? 'SOC_MIN' : 'STALE' };
  }
  return facts.socLowPct > store.reservePct ? side : { mostW: 0, code: 'RESERVE' };
}

/** What flows out of the node at most, as a positive figure. */
function charge(limits: TerminalLimits, facts: TerminalFacts): Side {
  let side: Side = { mostW: limits.ratedOutW, code: 'BMS_LIMIT' };
  side = cap(side, facts.ratedW);
  side = cap(side, facts.chargeMaxW);
  side = cap(side, facts.shareOutW);
  if (isFaulty(facts)) return { mostW: 0, code: 'BMS_FAULT' };
  const { store } = limits;
  if (store === undefined) return side;
  const maxPct = facts.isFilling === true ? (store.fullPct ?? store.socMaxPct) : store.socMaxPct;
  if (!(facts.socHighPct < maxPct)) {
    return { mostW: 0, code: facts.socHighPct >= maxPct ? 'SOC_MAX' : 'STALE' };
  }
  if (facts.temperatureC !== undefined && !(facts.temperatureC >= store.chargeMinC)) {
    return { mostW: 0, code: 'TOO_COLD' };
  }
  return side;
}

/**
 * Device protection for a setpoint. Charge unknown on either side closes both: neither in nor
 * out.
 */
export function bounds(limits: TerminalLimits, facts: TerminalFacts): Bounds {
  const inward = discharge(limits, facts);
  const outward = charge(limits, facts);
  return {
    lowW: outward.mostW === 0 ? 0 : -outward.mostW,
    highW: inward.mostW,
    lowCode: outward.code,
    highCode: inward.code,
  };
}
