import { decodePoint, decodeText, WORDS } from '../codec.ts';
import type { ResolvedPoint } from '../profile.ts';
import type { SunspecChain, SunspecModelAt } from './chain.ts';
import { findPoint, type ModelPoint } from './model.ts';
import { MODELS } from './models.ts';

/** Models whose registers say what a device has; read once, at the walk. */
export const SURVEYED: ReadonlySet<number> = new Set([
  1, 120, 121, 123, 124, 160, 702, 704, 714, 715, 802,
]);

const BIG = { wordOrder: 'big' } as const;

function resolved([name, at, as, detail]: ModelPoint): ResolvedPoint {
  const count = as === 'str' ? (detail?.words ?? 1) : WORDS[as];
  return { key: name, at, count, space: 'holding', as, unit: 'none', class: 'slow' };
}

/** What a device has, as far as its registers said at the walk. */
export class Survey {
  private readonly chain: SunspecChain;
  private readonly asleep = new Set<number>();

  constructor(chain: SunspecChain) {
    this.chain = chain;
    for (const at of chain.models) if (this.isAsleep(at)) this.asleep.add(at.id);
  }

  has(model: number): boolean {
    return this.model(model) !== undefined;
  }

  /** The first of these models that the device has. */
  first<Id extends number>(...models: readonly Id[]): Id | undefined {
    return models.find((model) => this.has(model));
  }

  /**
   * One of these models from each part of the chain that begins with a common model: a meter may
   * show itself as integers and as floats, and several meters may stand behind an inverter.
   */
  eachOf(models: readonly number[]): { readonly id: number; readonly position: number }[] {
    const found: { id: number; position: number }[] = [];
    const times = new Map<number, number>();
    let best: { id: number; position: number } | undefined;
    for (const { id } of [...this.chain.models, { id: 1 }]) {
      if (id === 1 && best !== undefined) found.push(best);
      if (id === 1) best = undefined;
      const position = (times.get(id) ?? 0) + 1;
      times.set(id, position);
      const rank = models.indexOf(id);
      if (rank < 0 || (best && models.indexOf(best.id) <= rank)) continue;
      best = { id, position };
    }
    return found;
  }

  /**
   * Whether a point is there and is not marked as not available. A model that shows nothing at all
   * belongs to a device that sleeps, and one that was not read may have everything.
   */
  readonly implements = (model: number, point: string): boolean => {
    const at = this.model(model);
    const found = at && this.point(at, point);
    if (at === undefined || found === undefined) return false;
    if (at.words === undefined || this.asleep.has(model)) return true;
    return found.as === 'str' || decodePoint(BIG, found, at.words, found.at) !== undefined;
  };

  /** Raw value without its scale; undefined where it was not read or is not available. */
  value(model: number, point: string): number | undefined {
    const at = this.model(model);
    const found = at && this.point(at, point);
    return at?.words && found && decodePoint(BIG, found, at.words, found.at);
  }

  text(model: number, point: string): string {
    const at = this.model(model);
    const found = at && this.point(at, point);
    return at?.words && found ? decodeText(found, at.words, found.at) : '';
  }

  /** Repetitions of a model's group: as many as it has room for, or fewer where it says so. */
  repetitions(model: number, count: string): number {
    const at = this.model(model);
    const own = MODELS.find(({ id }) => id === model);
    const [group] = own?.groups ?? [];
    if (at === undefined || own === undefined || group === undefined) return 0;
    const room = Math.max(0, Math.floor((at.length - own.length) / group.length));
    return Math.min(room, this.value(model, count) ?? room);
  }

  private model(id: number): SunspecModelAt | undefined {
    return this.chain.models.find((model) => model.id === id);
  }

  /** Undefined too where it lies beyond the length that the device gives the model. */
  private point(at: SunspecModelAt, name: string): ResolvedPoint | undefined {
    const model = MODELS.find(({ id }) => id === at.id);
    const found = model && findPoint(model, name);
    const point = found && resolved(found);
    return point !== undefined && point.at + point.count <= at.length + 2 ? point : undefined;
  }

  private isAsleep({ id, words }: SunspecModelAt): boolean {
    const model = MODELS.find((candidate) => candidate.id === id);
    if (model === undefined || words === undefined) return false;
    return model.points.every((point) => {
      const own = resolved(point);
      return own.as === 'str' || decodePoint(BIG, own, words, own.at) === undefined;
    });
  }
}
