import { effect, signal } from '@preact/signals';
import { live, nowMs, offline } from './feed.ts';

/** What a screen reader is told, politely: the headline when it changes, at most every 10 s. */
export const announced = signal('');

const PAUSE_MS = 10_000;

export function startAnnouncing(): void {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  effect(() => {
    const view = live.value;
    const atMs = nowMs.value;
    if (view === undefined || atMs - saidAtMs < PAUSE_MS) return;
    const text = offline.value ? 'No contact with the gateway.' : view.headline;
    if (text === announced.peek()) return;
    saidAtMs = atMs;
    announced.value = text;
  });
}
