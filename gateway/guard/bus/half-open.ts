import type { Unit } from './unit.ts';

/** Time-outs or broken answers in a row, then the connection is replaced. */
const GIVE_UP = 3;

/** Failures since the last answer on a connection: a half-open one shows itself by nothing else. */
export class SinceAnswer {
  private inRow = 0;
  private readonly units = new Set<Unit>();

  failed(unit: Unit): void {
    this.inRow += 1;
    this.units.add(unit);
  }

  answered(): void {
    this.inRow = 0;
    if (this.units.size > 0) this.units.clear();
  }

  /** Another connection; who failed before is still remembered. */
  reopened(): void {
    this.inRow = 0;
  }

  why(detail: string): string {
    return `${detail}, ${GIVE_UP} in a row`;
  }

  /** Where it leads to several units, only when the silence is not one unit's. */
  isHalfOpen(units: Iterable<Unit>): boolean {
    if (this.inRow < GIVE_UP) return false;
    const all = [...units];
    return this.units.size > 1 || all.length === 1 || all.every(({ breaker }) => breaker.open);
  }
}
