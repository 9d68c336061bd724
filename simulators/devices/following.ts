import { wordOffsetsOf } from '../../devices/codec.ts';
import type { RegisterSpace, ResolvedPoint } from '../../devices/profile.ts';
import type { DeviceImage, Setter } from './types.ts';

/** A reading that is put when somebody looks at one of its registers. */
interface Follower {
  readonly points: readonly ResolvedPoint[];
  readonly put: () => void;
  version: number; // of what it showed last
}

/** What an image does by itself. */
export type PlainImage = Omit<DeviceImage, 'follow' | 'renew'>;
/** The points that a put sets where `later` is put right after it. */
type PointsOf = (key: string, later?: ReadonlySet<string>) => readonly ResolvedPoint[];

const SPACES: Readonly<Record<RegisterSpace, number>> = {
  holding: 0,
  input: 1,
  coil: 2,
  discrete: 3,
};
const ADDRESSES = 65_536;
const COUNTS = 2_048; // a request asks for fewer

/** Readings that follow a plant, each brought up to date when it is looked at. */
class Followers {
  private readonly all: Follower[] = []; // in the order in which they are put
  private readonly bySpan = new Map<number, readonly Follower[]>();
  private readonly byPoint = new Map<string, readonly Follower[]>();
  private version = 0;
  private isPutting = false;

  add(points: readonly ResolvedPoint[], put: () => void): void {
    this.all.push({ points, put, version: this.version });
    this.bySpan.clear();
    this.byPoint.clear();
  }

  renew(): void {
    this.version += 1;
  }

  /** Somebody reads registers; only what stands in them is put. */
  ofSpan(space: RegisterSpace, at: number, count: number): void {
    const name = (SPACES[space] * ADDRESSES + at) * COUNTS + count;
    let own = this.bySpan.get(name);
    if (own === undefined) {
      const isIn = (point: ResolvedPoint): boolean =>
        point.space === space &&
        wordOffsetsOf(point).some((n) => point.at + n >= at && point.at + n < at + count);
      own = this.all.filter(({ points }) => points.some(isIn));
      this.bySpan.set(name, own);
    }
    this.put(own);
  }

  ofPoint(key: string): void {
    let own = this.byPoint.get(key);
    if (own === undefined) {
      own = this.all.filter(({ points }) => points.some((point) => point.key === key));
      this.byPoint.set(key, own);
    }
    this.put(own);
  }

  /** Nothing is behind any more; while one is put the others wait for their turn. */
  everything(): void {
    if (!this.isPutting) this.put(this.all);
  }

  private put(followers: readonly Follower[]): void {
    const { version } = this;
    this.isPutting = true;
    try {
      for (const one of followers) {
        if (one.version === version) continue;
        one.version = version;
        one.put();
      }
    } finally {
      this.isPutting = false;
    }
  }
}

/** An image whose readings may follow a plant without being put every second. */
export function following(
  image: PlainImage,
  pointsOf: PointsOf,
  setterOf: (key: string, later?: ReadonlySet<string>) => Setter,
): DeviceImage {
  const followers = new Followers();
  return {
    ...image,
    get raw() {
      followers.everything();
      return image.raw;
    },
    follow: (key, put, later) => {
      const set = setterOf(key, later);
      followers.add(pointsOf(key, later), () => put(set));
    },
    renew: () => followers.renew(),
    put: (key, value, later) => {
      followers.everything();
      image.put(key, value, later);
    },
    take: (key) => {
      for (const part of image.map.sums?.[key] ?? [key]) followers.ofPoint(part);
      return image.take(key);
    },
    read: (space, at, count) => {
      followers.ofSpan(space, at, count);
      return image.read(space, at, count);
    },
    restart: (nowMs) => {
      followers.everything();
      image.restart(nowMs);
    },
  };
}
