import type { Instant } from './time.ts';

/** Kinds of documents; each is a table of (key, instant, body). */
export type DocumentKind =
  | 'forecast' // a zone's forecast as received, the site's as issued
  | 'plan'
  | 'order'
  | 'award'
  | 'statement'
  | 'quarter' // what the energy records of a quarter-hour do not carry
  | 'setting'
  | 'event' // what happened, as the page and 'why' tell it; the audit log is apart
  | 'decision' // what bound, when it changed
  | 'advice' // a model's proposal, its twin, and who was right
  | 'account' // a day's cost, and what it would have been otherwise
  | 'reduction' // what was delivered of a demand-response event
  | 'detector' // what the detectors of equipment faults remember, how good forecasts were
  | 'price'; // the market's prices of a day, by the hour

export interface Document {
  readonly key: string;
  readonly atMs: Instant;
  readonly body: unknown; // JSON
}
