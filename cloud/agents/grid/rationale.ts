import type { GridState } from './grid.ts';

/** What a rationale may rest on. */
export interface RationaleFacts {
  readonly sites: number;
  readonly loadKw: number;
  readonly ratedKva: number;
  readonly heatPct: number;
  readonly importSharePct: number;
  readonly exportSharePct: number;
  readonly likelyKw?: number; // most within a day, either way, as the sites' demand is forecast
}

export function rationaleFacts(state: GridState): RationaleFacts {
  const { zone, loadW, transformer, shares, likely } = state;
  return {
    sites: zone.gateways.length,
    loadKw: Math.round(Math.abs(loadW) / 100) / 10,
    ratedKva: Math.round(zone.transformer.ratedVa / 1_000),
    heatPct: Math.round(transformer.heatShare * 100),
    importSharePct: Math.round(shares.importShare * 100),
    exportSharePct: Math.round(shares.exportShare * 100),
    ...(likely && { likelyKw: Math.round(likelyW(likely, zone.uncontrolledW) / 100) / 10 }),
  };
}

const likelyW = ({ importW, exportW }: NonNullable<GridState['likely']>, elseW: number): number =>
  Math.max(0, importW + elseW, exportW - elseW);

/** The program's own sentence. */
export function plainRationale(facts: RationaleFacts): string {
  const { loadKw, ratedKva, importSharePct, exportSharePct, likelyKw } = facts;
  const later = likelyKw === undefined ? '' : ` Within a day up to ${likelyKw} kW are likely.`;
  const load = `The shared transformer of ${ratedKva} kVA carries ${loadKw} kW`;
  if (importSharePct === 100 && exportSharePct === 100) {
    return `${load}; everybody has the contracted power.${later}`;
  }
  return (
    `${load}; everybody may import ${importSharePct} % and export ${exportSharePct} % ` +
    `of the contracted power for now.${later}`
  );
}

/** Whether every figure of a sentence is one of the facts. */
export function isGrounded(sentence: string, facts: RationaleFacts): boolean {
  const known: readonly (number | undefined)[] = Object.values(facts);
  const figures = sentence.match(/\d+(?:[.,]\d+)?/g) ?? [];
  return figures.every((text) => {
    const value = Number(text.replace(',', '.'));
    return known.some((one) => one !== undefined && (value === one || value === Math.round(one)));
  });
}
