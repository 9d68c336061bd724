const KEPT = 512;
const EVERY = 32;

/** What turns cost, in real ms: a fixed ring, so that a cycle allocates nothing for it. */
export class Costs {
  p50Ms = 0;
  p99Ms = 0;
  private readonly ring = new Float64Array(KEPT);
  private readonly sorted = new Float64Array(KEPT);
  private count = 0;

  add(costMs: number): void {
    this.ring[this.count % KEPT] = costMs;
    this.count += 1;
    if (this.count <= EVERY || this.count % EVERY === 0) this.rank();
  }

  private rank(): void {
    const filled = Math.min(this.count, KEPT);
    this.sorted.fill(Number.POSITIVE_INFINITY);
    for (let at = 0; at < filled; at += 1) this.sorted[at] = this.ring[at] ?? 0;
    this.sorted.sort();
    this.p50Ms = this.sorted[Math.floor((filled - 1) * 0.5)] ?? 0;
    this.p99Ms = this.sorted[Math.floor((filled - 1) * 0.99)] ?? 0;
  }
}
