import { exp } from '../../../../devices/maths.ts';
import { type Analogy, analogDay } from './analog.ts';
import type { DayBook } from './days.ts';
import type { Expert, Lesson } from './experts.ts';
import { BLOCKS, factsOf, Hours, treeFacts } from './features.ts';
import { dot, leastAbsolute, leastSquares } from './regression.ts';
import { growingTrees, type Trees } from './trees.ts';

/** Where the hours of a learner are spread over its slots, this says how. */
const SHAPE: Analogy = { memoryDays: 12, workingShare: 0.3, otherShare: 0.02 };
const LEAST_ROWS = 8;
const FORGET_DAYS = 66; // a row that old counts 1/e

function spread(hourly: Float64Array, book: DayBook, day: number, lastDay: number): Float64Array {
  const each = book.slots / BLOCKS;
  if (each === 1) return hourly;
  const shape = analogDay(book, day, lastDay, SHAPE);
  return shape.map((value, slot) => {
    const block = Math.floor(slot / each);
    let mean = 0;
    for (let n = 0; n < each; n += 1) mean += (shape[block * each + n] ?? 0) / each;
    const hour = hourly[block] ?? Number.NaN;
    return mean > 0 ? (hour * value) / mean : hour;
  });
}

interface Setup {
  readonly historyDays: number;
  readonly everyDays: number;
}

/** Days between the day said and the newest one known, 1 or 2; further ones count as 2. */
const leadOf = (day: number, lastDay: number): number => Math.min(2, day - lastDay);

export type Fitting<Model> = Generator<undefined, Model, undefined>;

export abstract class HourlyLearner<Model> implements Expert {
  protected readonly setup: Setup;
  protected hours: Hours | undefined;
  private learntDay = Number.NEGATIVE_INFINITY;
  private readonly models = new Map<number, Model>();

  constructor(setup: Setup) {
    this.setup = setup;
  }

  learn(book: DayBook, lastDay: number): Lesson | undefined {
    this.hours ??= Hours.of(book);
    this.hours.drop(lastDay);
    if (lastDay - this.learntDay < this.setup.everyDays) return undefined;
    this.learntDay = lastDay;
    return this.lesson(this.hours, lastDay);
  }

  private *lesson(hours: Hours, lastDay: number): Lesson {
    for (const lead of [1, 2]) {
      const model = yield* this.fit(hours, lastDay, lead);
      if (model !== undefined) this.models.set(lead, model);
    }
  }

  forecast(book: DayBook, day: number, lastDay: number): Float64Array {
    const { hours } = this;
    const model = this.models.get(leadOf(day, lastDay));
    const hourly = new Float64Array(BLOCKS).fill(Number.NaN);
    if (hours === undefined || model === undefined)
      return new Float64Array(book.slots).fill(Number.NaN);
    for (let block = 0; block < BLOCKS; block += 1) {
      hourly[block] = Math.max(0, this.say(model, hours, day, block, lastDay));
    }
    return spread(hourly, book, day, lastDay);
  }

  protected abstract fit(hours: Hours, lastDay: number, lead: number): Fitting<Model | undefined>;
  protected abstract say(
    model: Model,
    hours: Hours,
    day: number,
    block: number,
    lastDay: number,
  ): number;
}

const RIDGE = 2;

/** A regression an hour of the day, on lags, levels and the weekday, scaled by the week's level. */
export class HourlyRegression extends HourlyLearner<readonly (Float64Array | undefined)[]> {
  private readonly fitting: typeof leastSquares;

  constructor(kind: 'least-squares' | 'least-absolute', setup: Setup) {
    super(setup);
    this.fitting = kind === 'least-squares' ? leastSquares : leastAbsolute;
  }

  protected *fit(hours: Hours, lastDay: number, lead: number) {
    const betas: (Float64Array | undefined)[] = [];
    for (let block = 0; block < BLOCKS; block += 1) {
      yield;
      const rows: Float64Array[] = [];
      const targets: number[] = [];
      const weights: number[] = [];
      for (let day = lastDay; day > lastDay - this.setup.historyDays; day -= 1) {
        const actual = hours.at(day, block);
        if (Number.isNaN(actual)) continue; // nothing is kept of what was never measured
        const facts = hours.factsOf(day, block, lead);
        if (facts === undefined) continue;
        rows.push(facts.row);
        targets.push(actual / facts.level);
        weights.push(exp((day - lastDay) / FORGET_DAYS));
      }
      const isEnough = rows.length >= LEAST_ROWS;
      betas[block] = isEnough
        ? this.fitting(rows, Float64Array.from(targets), Float64Array.from(weights), RIDGE)
        : undefined;
    }
    return betas;
  }

  protected say(
    model: readonly (Float64Array | undefined)[],
    hours: Hours,
    day: number,
    block: number,
    lastDay: number,
  ): number {
    const beta = model[block];
    const facts = factsOf(hours, day, block, lastDay);
    if (beta === undefined || facts === undefined) return Number.NaN;
    return dot(facts.row, beta) * facts.level;
  }
}

const TREES = { trees: 70, depth: 5, learningShare: 0.1, leafSize: 20 };
const LEAST_DAYS = 10;
const DAYS_A_STEP = 15;

/** Boosted trees over all hours at once: they see what weekday, level and hour do together. */
export class HourlyTrees extends HourlyLearner<Trees> {
  private readonly random: () => number;

  constructor(setup: Setup, random: () => number) {
    super(setup);
    this.random = random;
  }

  protected *fit(hours: Hours, lastDay: number, lead: number): Fitting<Trees | undefined> {
    const rows: Float64Array[] = [];
    const targets: number[] = [];
    const weights: number[] = [];
    for (let day = lastDay; day > lastDay - this.setup.historyDays; day -= 1) {
      if ((lastDay - day) % DAYS_A_STEP === 0) yield;
      for (let block = 0; block < BLOCKS; block += 1) {
        const actual = hours.at(day, block);
        if (Number.isNaN(actual)) continue;
        const facts = hours.treeFactsOf(day, block, lead);
        if (facts === undefined) continue;
        rows.push(facts);
        targets.push(actual);
        weights.push(exp((day - lastDay) / (1.5 * FORGET_DAYS)));
      }
    }
    if (rows.length < LEAST_DAYS * BLOCKS) return undefined;
    const growing = { ...TREES, random: this.random };
    return yield* growingTrees(
      rows,
      Float64Array.from(targets),
      Float64Array.from(weights),
      growing,
    );
  }

  protected say(model: Trees, hours: Hours, day: number, block: number, lastDay: number): number {
    const facts = treeFacts(hours, day, block, lastDay);
    return facts === undefined ? Number.NaN : model(facts);
  }
}
