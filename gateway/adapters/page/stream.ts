import type { ServerResponse } from 'node:http';

/**
 * Server-sent events to a bounded number of pages. Each event name is a latest-value slot: a page
 * that cannot keep up skips pictures, it never makes the server hold more than one frame per event
 * for it.
 */
interface Listener {
  readonly response: ServerResponse;
  readonly isWelcome: () => boolean;
  readonly held: Map<string, string>; // newest frame per event, waiting for the socket
  blockedAtMs: number | undefined; // real monotonic
}

export interface Stream {
  /**
   * False when there is no room for another page. Sends the last picture at once, and each newer
   * one as long as `isWelcome` says so.
   */
  add(response: ServerResponse, isWelcome: () => boolean): boolean;
  send(event: string, view: unknown): void;
  /** Comment line: keeps idle connections open and finds dead ones. */
  beat(): void;
  stop(): void;
  readonly count: number;
}

export interface StreamLimits {
  readonly listenersMax: number;
  readonly blockedMaxMs: number; // a socket that takes nothing for so long is closed
}

export function createStream(limits: StreamLimits, nowMs: () => number): Stream {
  const listeners = new Set<Listener>();
  const last = new Map<string, string>();

  const write = (listener: Listener, frame: string): void => {
    if (!listener.response.write(frame)) listener.blockedAtMs = nowMs();
  };
  const drop = (listener: Listener): void => {
    listeners.delete(listener);
    listener.response.destroy();
  };
  const drained = (listener: Listener): void => {
    listener.blockedAtMs = undefined;
    for (const [event, frame] of listener.held) {
      listener.held.delete(event);
      write(listener, frame);
      if (listener.blockedAtMs !== undefined) return;
    }
  };
  const offer = (listener: Listener, event: string, frame: string): void => {
    if (!listener.isWelcome()) drop(listener);
    else if (listener.blockedAtMs === undefined) write(listener, frame);
    else if (nowMs() - listener.blockedAtMs > limits.blockedMaxMs) drop(listener);
    else listener.held.set(event, frame);
  };

  return {
    add(response, isWelcome) {
      if (listeners.size >= limits.listenersMax) return false;
      const listener: Listener = {
        response,
        isWelcome,
        held: new Map(),
        blockedAtMs: undefined,
      };
      listeners.add(listener);
      response.on('drain', () => drained(listener));
      response.on('close', () => listeners.delete(listener));
      response.on('error', () => listeners.delete(listener));
      write(listener, 'retry: 2000\n\n');
      for (const [event, frame] of last) offer(listener, event, frame);
      return true;
    },
    send(event, view) {
      const frame = `event: ${event}\ndata: ${JSON.stringify(view)}\n\n`;
      last.set(event, frame);
      for (const listener of listeners) offer(listener, event, frame);
    },
    beat() {
      for (const listener of listeners) offer(listener, 'beat', ': beat\n\n');
    },
    stop() {
      for (const listener of listeners) listener.response.end();
      listeners.clear();
    },
    get count() {
      return listeners.size;
    },
  };
}
