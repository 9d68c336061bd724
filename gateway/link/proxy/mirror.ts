import type { MirrorSpan } from '../../contracts/values/frames.ts';

type Space = MirrorSpan['space'];

/** What the guard has polled of the mirrored devices, word by word as they answered. */
export class Mirror {
  private readonly devices = new Map<string, Map<string, MirrorSpan>>();

  take(device: string, spans: readonly MirrorSpan[]): void {
    const own = this.devices.get(device) ?? new Map<string, MirrorSpan>();
    for (const span of spans) own.set(`${span.space} ${span.at} ${span.words.length}`, span);
    this.devices.set(device, own);
  }

  /**
   * @param monoMs the monotonic clock now
   * @returns words; 2 where a register is not polled, 11 where it is known but too old
   */
  read(
    device: string,
    space: Space,
    at: number,
    count: number,
    monoMs: number,
  ): readonly number[] | 2 | 11 {
    const spans = [...(this.devices.get(device)?.values() ?? [])].filter(
      (span) => span.space === space && span.at < at + count && at < span.at + span.words.length,
    );
    const words: number[] = [];
    let isOld = false;
    for (let address = at; address < at + count; address += 1) {
      const holding = spans.filter(
        (span) => span.at <= address && address < span.at + span.words.length,
      );
      const newest = holding.sort((a, b) => b.atMs - a.atMs)[0];
      if (newest === undefined) return 2;
      isOld ||= monoMs - newest.atMs > newest.freshMs;
      words.push(newest.words[address - newest.at] ?? 0);
    }
    return isOld ? 11 : words;
  }
}
