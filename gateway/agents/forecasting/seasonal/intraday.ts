import { Blend } from './blend.ts';
import { RecursiveRegression } from './recursive.ts';

/** A slot counted from 1970-01-01: day * slots a day + slot of the day. */
export type SlotIndex = number;

/** What is said of slots without the last hours' errors, and how large a slot's errors are. */
export interface Base {
  /** As said by the forecast that is newest now; NaN where there is none. */
  at(index: SlotIndex): number;
  /** >= 0, in the series' unit; 0 where nothing ever happens, as by night under the sun. */
  scale(index: SlotIndex): number;
}

const COLUMNS = 10;
const FORGETTING_SHARE = 0.9995;
const TRUST = { sharpnessFactor: 12, rememberedShare: 0.998 };

const MOST_SCALED = 4;

/** What the last slots say, whatever is told from it. */
interface Recent {
  readonly last: SlotIndex;
  readonly error: number;
  readonly errorBefore: number;
  readonly mean3h: number;
  readonly meanDay: number;
  readonly ratio1h: number;
  readonly ratio3h: number;
  readonly scale: number;
  readonly value: number;
}

interface Model {
  readonly lead: number; // slots
  readonly regression: RecursiveRegression;
  readonly trust: Blend; // the base alone, and the base as corrected
  readonly waiting: Map<SlotIndex, { readonly row: Float64Array; readonly base: number }>;
}

/**
 * Carries the errors of the last hours forward. For each of a few leads a regression learns how
 * much of which past error is still there by then; leads between are interpolated.
 */
export class Intraday {
  private readonly slots: number;
  private readonly models: readonly Model[];
  private readonly errors = new Map<SlotIndex, number>();
  private readonly values = new Map<SlotIndex, number>();
  private level = 0; // running mean of the series
  private recent: Recent | undefined;

  /** @param slots of a day */
  constructor(slots: number) {
    this.slots = slots;
    const leads: number[] = [];
    for (let lead = 1; lead <= 1.5 * slots; lead *= 2) leads.push(lead);
    this.models = leads.map((lead) => ({
      lead,
      regression: new RecursiveRegression(COLUMNS, FORGETTING_SHARE),
      trust: new Blend(2, TRUST),
      waiting: new Map(),
    }));
  }

  /** A slot as it came; NaN where it was not measured. Every slot in order, gaps too. */
  learn(index: SlotIndex, actual: number, base: Base): void {
    const said = base.at(index);
    const size = Math.abs(actual);
    if (!Number.isNaN(actual))
      this.level = this.level === 0 ? size : 0.999 * this.level + 0.001 * size;
    this.errors.set(index, actual - said);
    this.values.set(index, actual);
    this.recent = undefined;
    for (const old of [this.errors, this.values]) old.delete(index - 3 * this.slots);
    for (const model of this.models) {
      this.score(model, index, actual);
      const target = index + model.lead;
      const row = this.row(index, target, base);
      if (row !== undefined) model.waiting.set(target, { row, base: base.at(target) });
    }
  }

  /** @param last  newest slot that is known @returns the slot's value as corrected, NaN unknown */
  say(last: SlotIndex, index: SlotIndex, base: Base): number {
    const said = base.at(index);
    const row = this.row(last, index, base);
    if (row === undefined) return said;
    const lead = index - last;
    const after = this.models.findIndex((model) => model.lead >= lead);
    const high = this.models[after < 0 ? this.models.length - 1 : after];
    const low = this.models[Math.max(0, after - 1)];
    if (high === undefined || low === undefined || after < 0) {
      return high === undefined ? said : this.corrected(high, row, said);
    }
    const share = high.lead === low.lead ? 1 : (lead - low.lead) / (high.lead - low.lead);
    return share * this.corrected(high, row, said) + (1 - share) * this.corrected(low, row, said);
  }

  private corrected({ regression, trust }: Model, row: Float64Array, said: number): number {
    // As good as the base is not good enough: what corrects has to be the better one.
    const weight = Math.max(0, 2 * (trust.weights()[1] ?? 0) - 1);
    return said + weight * regression.say(row) * this.level;
  }

  private score(model: Model, index: SlotIndex, actual: number): void {
    const { waiting, regression, trust } = model;
    const waited = waiting.get(index);
    waiting.delete(index);
    if (waited === undefined || Number.isNaN(actual) || this.level <= 0) return;
    const error = (actual - waited.base) / this.level;
    const correction = regression.say(waited.row);
    trust.learn([Float64Array.of(0), Float64Array.of(correction)], Float64Array.of(error));
    regression.learn(waited.row, error);
  }

  /** What a slot's error is told from, over the level; undefined where too much lacks. */
  private row(last: SlotIndex, target: SlotIndex, base: Base): Float64Array | undefined {
    const { slots, level } = this;
    const said = base.at(target);
    const scale = base.scale(target);
    const now = this.recentOf(last, base);
    if (level <= 0 || scale <= 0 || Number.isNaN(said) || Number.isNaN(now.error)) return undefined;
    const yesterday = this.errors.get(target - slots * Math.ceil((target - last) / slots));
    const row = Float64Array.of(
      now.error,
      now.errorBefore,
      now.mean3h,
      now.meanDay,
      now.scale > 0 ? now.error * Math.min(MOST_SCALED, scale / now.scale) : 0,
      yesterday ?? 0,
      said,
      (now.ratio1h - 1) * said,
      (now.ratio3h - 1) * said,
      now.value - said,
    );
    for (let i = 0; i < COLUMNS; i += 1) row[i] = (row[i] || 0) / level; // NaN counts as 0
    return row;
  }

  private recentOf(last: SlotIndex, base: Base): Recent {
    if (this.recent?.last === last) return this.recent;
    const perHour = this.slots / 24;
    const error = this.errors.get(last) ?? Number.NaN;
    this.recent = {
      last,
      error,
      errorBefore: this.errors.get(last - 1) ?? error,
      mean3h: this.mean(last, 3 * perHour),
      meanDay: this.mean(last, this.slots),
      ratio1h: this.ratio(last, perHour),
      ratio3h: this.ratio(last, 3 * perHour),
      scale: base.scale(last),
      value: this.values.get(last) ?? Number.NaN,
    };
    return this.recent;
  }

  /** What came of the last `count` slots, in multiples of what was said of them. */
  private ratio(last: SlotIndex, count: number): number {
    let came = 0;
    let said = 0;
    for (let n = 0; n < count; n += 1) {
      const value = this.values.get(last - n) ?? Number.NaN;
      const error = this.errors.get(last - n) ?? Number.NaN;
      if (Number.isNaN(value) || Number.isNaN(error)) continue;
      came += value;
      said += value - error;
    }
    return said > 0.02 * count * this.level ? Math.min(3, came / said) : 1;
  }

  /** Mean error of the last `count` slots that are known. */
  private mean(last: SlotIndex, count: number): number {
    let sum = 0;
    let known = 0;
    for (let n = 0; n < count; n += 1) {
      const error = this.errors.get(last - n) ?? Number.NaN;
      if (Number.isNaN(error)) continue;
      sum += error;
      known += 1;
    }
    return known === 0 ? 0 : sum / known;
  }
}
