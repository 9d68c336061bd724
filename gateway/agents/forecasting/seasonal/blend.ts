import { exp } from '../../../../devices/maths.ts';

/** How a blend turns losses into weights. */
export interface Trust {
  readonly sharpnessFactor: number; // of the weights in the experts' losses
  readonly rememberedShare: number; // share of a loss after another learning
}

const DAILY: Trust = { sharpnessFactor: 25, rememberedShare: 0.97 };

/**
 * Weighs experts by the absolute errors that they made before (exponentially weighted forecasters;
 * Cesa-Bianchi and Lugosi 2006, chapter 2, with forgetting).
 */
export class Blend {
  private readonly losses: Float64Array;
  private readonly trust: Trust;
  private learnt = false;

  constructor(experts: number, trust: Trust = DAILY) {
    this.trust = trust;
    this.losses = new Float64Array(experts);
  }

  /** Shares of the experts, sum 1. */
  weights(): Float64Array {
    const { losses } = this;
    let least = Number.POSITIVE_INFINITY;
    let sum = 0;
    for (const loss of losses) {
      least = Math.min(least, loss);
      sum += loss;
    }
    if (!this.learnt || sum <= 0) return losses.map(() => 1 / losses.length);
    const mean = sum / losses.length;
    const raw = losses.map((loss) => exp((-this.trust.sharpnessFactor * (loss - least)) / mean));
    const total = raw.reduce((a, b) => a + b, 0);
    return raw.map((weight) => weight / total);
  }

  /** Forecasts as weighed now; where an expert knows nothing the others stand for it. */
  mix(forecasts: readonly Float64Array[]): Float64Array {
    const weights = this.weights();
    return Float64Array.from({ length: forecasts[0]?.length ?? 0 }, (_, slot) => {
      let sum = 0;
      let total = 0;
      for (const [n, forecast] of forecasts.entries()) {
        const value = forecast[slot] ?? Number.NaN;
        if (Number.isNaN(value)) continue;
        sum += (weights[n] ?? 0) * value;
        total += weights[n] ?? 0;
      }
      return total > 0 ? sum / total : Number.NaN;
    });
  }

  /**
   * What came, against what each expert had said of it: a day, or a slot of it. One that said
   * nothing is charged what the others got wrong in the mean, so that silence earns no trust.
   */
  learn(forecasts: readonly Float64Array[], actual: Float64Array): void {
    this.learnt = true;
    const errors = new Float64Array(forecasts.length);
    for (const [slot, value] of actual.entries()) {
      if (Number.isNaN(value)) continue;
      const gaps = forecasts.map((forecast) => Math.abs(value - (forecast[slot] ?? Number.NaN)));
      const known = gaps.filter((gap) => !Number.isNaN(gap));
      const usual = known.reduce((a, b) => a + b, 0) / Math.max(1, known.length);
      for (const [n, gap] of gaps.entries()) {
        errors[n] = (errors[n] ?? 0) + (Number.isNaN(gap) ? usual : gap);
      }
    }
    for (const [n, error] of errors.entries()) {
      this.losses[n] = (this.losses[n] ?? 0) * this.trust.rememberedShare + error;
    }
  }
}
