import type { GridState } from './grid.ts';

/** What a rationale may rest on. */
export interface RationaleFacts {
  readonly sites: number;
  readonly loadKw: number;
  readonly ratedKva: number;
  readonly heatPct: number;
  readonly importSharePct: number;
  readonly exportSharePct: number;
}

export function rationaleFacts({ zone, loadW, transformer, shares }: GridState): RationaleFacts {
  return {
    sites: zone.gateways.length,
    loadKw: Math.round(Math.abs(loadW) / 100) / 10,
    ratedKva: Math.round(zone.transformer.ratedVa / 1_000),
    heatPct: Math.round(transformer.heatShare * 100),
    importSharePct: Math.round(shares.importShare * 100),
    exportSharePct: Math.round(shares.exportShare * 100),
  };
}

/** The program's own sentence. */
export function plainRationale(facts: RationaleFacts): string {
  const { loadKw, ratedKva, importSharePct, exportSharePct } = facts;
  const load = `The shared transformer of ${ratedKva} kVA carries ${loadKw} kW`;
  if (importSharePct === 100 && exportSharePct === 100) {
    return `${load}; everybody has the contracted power.`;
  }
  return (
    `${load}; everybody may import ${importSharePct} % and export ${exportSharePct} % ` +
    'of the contracted power for now.'
  );
}

/** Whether every figure of a sentence is one of the facts. */
export function isGrounded(sentence: string, facts: RationaleFacts): boolean {
  const known = Object.values(facts);
  const figures = sentence.match(/\d+(?:[.,]\d+)?/g) ?? [];
  return figures.every((text) => {
    const value = Number(text.replace(',', '.'));
    return known.some((one) => value === one || value === Math.round(one));
  });
}
