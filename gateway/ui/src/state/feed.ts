import { computed, signal } from '@preact/signals';
import type { DayView, LiveView } from '../../../contracts/values/view.ts';

/**
 * The two views, as the gateway last sent them, and how long ago that was. The last picture stays
 * when contact is lost; only ages count on.
 */
export const live = signal<LiveView | undefined>(undefined);
export const day = signal<DayView | undefined>(undefined);

/** Milliseconds since the page was opened, renewed once a second: the only motion of the page. */
export const nowMs = signal(0);
const receivedAtMs = signal<number | undefined>(undefined);

const SILENT_AFTER_MS = 5_000;
const WAIT_WORD_AFTER_MS = 2_000;
const RETRY_MS = 5_000;

/** Real milliseconds since the last picture; undefined before the first. */
export const sinceContactMs = computed(() =>
  receivedAtMs.value === undefined ? undefined : Math.max(0, nowMs.value - receivedAtMs.value),
);

export const offline = computed(() => (sinceContactMs.value ?? 0) > SILENT_AFTER_MS);

/** Nothing came yet and it takes longer than a person waits without a word. */
export const waiting = computed(() => live.value === undefined && nowMs.value > WAIT_WORD_AFTER_MS);

/** Site time that passed since the picture, once it is no longer renewed every second. */
const driftMs = computed(() => {
  const since = sinceContactMs.value ?? 0;
  return since > 1_500 ? since * (live.value?.speed ?? 1) : 0;
});

/** Age of a reading now, milliseconds of site time. */
export function agedMs(ageMs: number): number {
  return ageMs + driftMs.value;
}

function read<T extends { readonly v: number }>(data: string): T | undefined {
  const view = JSON.parse(data) as T;
  return view.v === 1 ? view : undefined;
}

/**
 * Opens the event stream and keeps it open; call once.
 * @param mayLook  asks the gateway before each opening; where it says no, the page shows the door
 */
export function connect(mayLook: () => Promise<boolean>): void {
  const tick = (): void => {
    nowMs.value = performance.now();
  };
  setInterval(tick, 1_000);
  const open = async (): Promise<void> => {
    if (!(await mayLook())) {
      setTimeout(() => void open(), RETRY_MS);
      return;
    }
    const source = new EventSource('/api/live');
    source.addEventListener('live', (event) => {
      const view = read<LiveView>(event.data);
      if (view === undefined) return;
      tick();
      receivedAtMs.value = performance.now();
      live.value = view;
    });
    source.addEventListener('day', (event) => {
      day.value = read<DayView>(event.data) ?? day.value;
    });
    source.addEventListener('error', () => {
      // The browser reconnects by itself unless the server refused; then we do.
      if (source.readyState !== EventSource.CLOSED) return;
      source.close();
      setTimeout(() => void open(), RETRY_MS);
    });
  };
  void open();
}
