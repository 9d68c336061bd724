import { setTimeout as pause } from 'node:timers/promises';
import type { LiveView } from '../../../gateway/contracts/values/view.ts';
import { signIn } from '../../../simulators/demo/doors.ts';

/** Looks at a site's page as a browser does: its live events, connecting again when they end. */
export class Watch {
  /** The newest picture; undefined until the first. */
  live: LiveView | undefined;
  /** Every mode that was shown, in order. */
  readonly modes: string[] = [];
  private readonly url: string;
  private readonly closing = new AbortController();
  private readonly ended: Promise<void>;

  /** @param url  of the page, as the demo printed it: it signs in once */
  constructor(url: string) {
    this.url = url;
    this.ended = this.look();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.ended;
  }

  private async look(): Promise<void> {
    const { signal } = this.closing;
    let inside: Awaited<ReturnType<typeof signIn>> | undefined;
    while (!signal.aborted) {
      try {
        inside ??= await signIn(this.url, signal);
        const { base, headers } = inside;
        const answer = await fetch(`${base}api/live`, { headers, signal });
        let text = '';
        for await (const bytes of answer.body ?? []) {
          text += Buffer.from(bytes).toString();
          const events = text.split('\n\n');
          text = events.pop() ?? '';
          for (const event of events) this.take(event);
        }
      } catch {
        await pause(100, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private take(event: string): void {
    const data = /^event: live$[\s\S]*?^data: (.*)$/m.exec(event)?.[1];
    if (data === undefined) return;
    const live = JSON.parse(data) as LiveView;
    this.live = live;
    if (this.modes.at(-1) !== live.mode) this.modes.push(live.mode);
  }
}
