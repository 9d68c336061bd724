/** AWS IoT Core takes 128 KB a publish; the envelope and the topic need little. */
export const BATCH_BYTES_MAX = 100_000;
const FIRST_BYTES = 8_000; // 4 s at 16 kbit/s
const MIN_BYTES = 1_000; // below the smallest packet that every way has to carry
const AIM_MS = 2_000; // what is urgent waits behind one publish at most
const STALLED_MS = 10_000; // a refusal or a lost connection is told sooner
const REMEMBERED_MS = 600_000;

/**
 * How many bytes of records one publish may hold: as many as the way to the broker carries in two
 * seconds. A publish that stalls makes the next ones a quarter of it, and nothing of its size is
 * tried again for ten minutes: large packets may vanish on the way while small ones pass.
 */
export class BatchSize {
  private nowBytes = FIRST_BYTES;
  private ceilingBytes = BATCH_BYTES_MAX;
  private ceilingUntilMs = Number.NEGATIVE_INFINITY; // real

  get bytes(): number {
    return this.nowBytes;
  }

  /** The broker took a publish. @param bytes of it @param tookMs real, until the broker's word */
  taken(bytes: number, tookMs: number, nowMs: number): void {
    if (nowMs >= this.ceilingUntilMs) this.ceilingBytes = BATCH_BYTES_MAX;
    const fitBytes = Math.floor((bytes * AIM_MS) / Math.max(1, tookMs));
    if (fitBytes < bytes) this.nowBytes = Math.max(MIN_BYTES, Math.min(this.nowBytes, fitBytes));
    else if (2 * bytes >= this.nowBytes) {
      this.nowBytes = Math.min(2 * this.nowBytes, fitBytes, this.ceilingBytes);
      this.nowBytes = Math.max(MIN_BYTES, this.nowBytes);
    }
  }

  /** The broker did not take it. @param tookMs real, until that was known */
  failed(bytes: number, tookMs: number, nowMs: number): void {
    if (tookMs < STALLED_MS) return;
    this.nowBytes = Math.max(MIN_BYTES, Math.floor(Math.min(bytes, this.nowBytes) / 4));
    this.ceilingBytes = Math.max(MIN_BYTES, Math.floor(bytes / 2));
    this.ceilingUntilMs = nowMs + REMEMBERED_MS;
  }
}
