import type { Flow, LiveView } from '../../../contracts/values/view.ts';
import {
  age,
  percent,
  power,
  sentence,
  UNKNOWN_WORD,
  verb,
} from '../../../contracts/values/words.ts';
import type { Place } from './geometry.ts';

/** 'Sun, producing'; a place that only uses needs no verb. */
export function title(place: Place): string {
  const { flow } = place;
  if (
    flow.powerW === null ||
    flow.kind === 'load' ||
    flow.kind === 'rest' ||
    flow.kind === 'loss'
  ) {
    return flow.name;
  }
  return `${flow.name}, ${verb(flow.kind, flow.powerW)}`;
}

/** 'was 19.6 kW', or that it is not known. */
export function was(flow: Flow): string {
  return flow.lastW === null ? UNKNOWN_WORD : `was ${power(flow.lastW)}`;
}

/** Third line under a figure: where it comes from and how old it is. */
export function origin(
  place: Place,
  ageMs: number,
): { readonly text: string; readonly alarm: boolean } {
  const { flow, state } = place;
  if (state === 'unknown') return { text: 'never read', alarm: true };
  if (state === 'stale') {
    return { text: `${flow.source ?? 'meter'} silent for ${age(ageMs)}`, alarm: true };
  }
  const parts: string[] = [];
  if (flow.socPct !== undefined && flow.socPct !== null) parts.push(`${percent(flow.socPct)} full`);
  else if (flow.derived) parts.push('calculated');
  else if (flow.source !== undefined) parts.push(flow.source);
  parts.push(`${age(ageMs)} ago`);
  return { text: parts.join(' · '), alarm: false };
}

/**
 * Whole clause for lists and screen readers: 'Battery, discharging 9.0 kW', 'Ovens, was 19.6 kW'.
 */
export function clause(place: Place): string {
  const { flow } = place;
  if (flow.powerW === null) return `${flow.name}, ${was(flow)}`;
  return `${flow.name}, ${flow.doing}`;
}

/** In and out agree, or by how much they do not. */
export function balance(live: LiveView): string {
  if (live.unexplainedW === null) return 'in and out cannot be compared';
  const agree = Math.abs(live.unexplainedW) < 500;
  return `${agree ? 'in and out agree, ' : ''}${power(live.unexplainedW)} unexplained`;
}

export function described(all: readonly Place[], live: LiveView): string {
  const side = (which: Place['side']): string =>
    all
      .filter((place) => place.side === which)
      .map(clause)
      .join('; ') || 'nothing';
  const sides = `In: ${side('in')}. Out: ${side('out')}.`;
  return `Power flow drawn to scale. ${sides} ${sentence(balance(live))}.`;
}
