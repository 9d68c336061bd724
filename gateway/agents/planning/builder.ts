import type { LinearModel } from '../../contracts/values/linear-model.ts';

/** Collects columns and rows; powers in kW and energies in kWh keep the coefficients near 1. */
export class Builder {
  private readonly cost: number[] = [];
  private readonly lower: number[] = [];
  private readonly upper: number[] = [];
  private readonly whole: number[] = [];
  private readonly rowLower: number[] = [];
  private readonly rowUpper: number[] = [];
  private readonly rowStart: number[] = [0];
  private readonly columnIndex: number[] = [];
  private readonly value: number[] = [];

  column(cost: number, lower: number, upper: number, isWhole = false): number {
    this.whole.push(isWhole ? 1 : 0);
    this.lower.push(lower);
    this.upper.push(Math.max(lower, upper));
    return this.cost.push(cost) - 1;
  }

  row(lower: number, upper: number, terms: readonly (readonly [number, number])[]): number {
    for (const [column, value] of terms) {
      this.columnIndex.push(column);
      this.value.push(value);
    }
    this.rowStart.push(this.value.length);
    this.rowLower.push(lower);
    return this.rowUpper.push(upper) - 1;
  }

  build(): LinearModel {
    return {
      columns: this.cost.length,
      rows: this.rowLower.length,
      cost: Float64Array.from(this.cost),
      lower: Float64Array.from(this.lower),
      upper: Float64Array.from(this.upper),
      integer: Uint8Array.from(this.whole),
      rowLower: Float64Array.from(this.rowLower),
      rowUpper: Float64Array.from(this.rowUpper),
      rowStart: Int32Array.from(this.rowStart),
      columnIndex: Int32Array.from(this.columnIndex),
      value: Float64Array.from(this.value),
    };
  }
}
