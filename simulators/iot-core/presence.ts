import { randomUUID } from 'node:crypto';
import type { Outlet } from './service.ts';

/** Lifecycle events as AWS publishes them; a version number orders those of one client. */
export class Presence {
  private readonly out: Outlet;
  private readonly versions = new Map<string, number>();

  constructor(out: Outlet) {
    this.out = out;
  }

  /** @returns the session's identifier, for the event of its end */
  connected(clientId: string, certificateId: string | undefined): string {
    const sessionIdentifier = randomUUID();
    this.tell('connected', clientId, {
      sessionIdentifier,
      principalIdentifier: certificateId ?? '',
    });
    return sessionIdentifier;
  }

  disconnected(clientId: string, sessionIdentifier: string, byClient: boolean, why: string): void {
    this.tell('disconnected', clientId, {
      sessionIdentifier,
      clientInitiatedDisconnect: byClient,
      disconnectReason: why,
    });
  }

  private tell(eventType: 'connected' | 'disconnected', clientId: string, more: object): void {
    const versionNumber = (this.versions.get(clientId) ?? -1) + (eventType === 'connected' ? 1 : 0);
    this.versions.set(clientId, versionNumber);
    const event = { clientId, timestamp: Date.now(), eventType, versionNumber, ...more };
    this.out.publish(`$aws/events/presence/${eventType}/${clientId}`, event);
  }
}
