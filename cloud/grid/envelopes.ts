/** Limits of one gateway's connection, W >= 0, as the registry knows them. */
export interface Contracted {
  readonly gateway: string;
  readonly importW: number;
  readonly exportW: number;
}

export interface EnvelopeW {
  readonly gateway: string;
  readonly importW: number;
  readonly exportW: number;
}

/** How much of the contracted power each direction has; 1 = all of it. Kept between steps. */
export interface Shares {
  readonly importShare: number;
  readonly exportShare: number;
}

export interface EnvelopeFacts {
  /**
   * Load at the transformer, W, + import from the upper grid: measured or forecast, whichever is
   * worse a direction.
   */
  readonly importW: number;
  readonly exportW: number;
  /** Load of the transformer that no envelope reaches, W, + import. */
  readonly uncontrolledW: number;
  /** What the transformer may carry until the next step, W. */
  readonly allowedW: number;
  /** Nobody is limited below this, W: enough for a household's basics. */
  readonly minimumW: number;
}

export const ALL: Shares = { importShare: 1, exportShare: 1 };

/** Above this share of what is allowed a limit is not lifted, so that it does not swing. */
const LIFT_BELOW = 0.85;
const LIFT_STEP = 1.25;

/**
 * Everybody has the contracted power while the transformer carries the load. When it would not,
 * contracted powers are reduced pro rata until their sum is what it carries; afterwards they are
 * lifted in steps.
 */
export function stepEnvelopes(
  shares: Shares,
  contracted: readonly Contracted[],
  facts: EnvelopeFacts,
): { readonly shares: Shares; readonly envelopes: readonly EnvelopeW[] } {
  const importSum = contracted.reduce((sum, one) => sum + one.importW, 0);
  const exportSum = contracted.reduce((sum, one) => sum + one.exportW, 0);
  const next: Shares = {
    importShare: share(
      shares.importShare,
      facts.importW,
      facts.allowedW,
      facts.allowedW - facts.uncontrolledW,
      importSum,
    ),
    exportShare: share(
      shares.exportShare,
      facts.exportW,
      facts.allowedW,
      facts.allowedW + facts.uncontrolledW,
      exportSum,
    ),
  };
  const limit = (contractedW: number, part: number): number =>
    Math.floor(Math.max(contractedW * part, Math.min(contractedW, facts.minimumW)));
  return {
    shares: next,
    envelopes: contracted.map((one) => ({
      gateway: one.gateway,
      importW: limit(one.importW, next.importShare),
      exportW: limit(one.exportW, next.exportShare),
    })),
  };
}

function share(
  before: number,
  loadW: number,
  allowedW: number,
  leftW: number,
  contractedW: number,
): number {
  if (contractedW <= 0) return 1;
  if (loadW > allowedW) return Math.min(before, Math.max(0, leftW) / contractedW);
  if (before < 1 && loadW < LIFT_BELOW * allowedW) return Math.min(1, before * LIFT_STEP + 0.01);
  return before;
}
