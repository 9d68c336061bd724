import type { A2aRequest, A2aResponse, A2aTask } from '../gateway/contracts/messages.ts';
import type { TelemetryRecord } from '../gateway/contracts/values/record.ts';
import type { Instant } from '../gateway/contracts/values/time.ts';

/**
 * The tables of the fleet's side, the same in every store. Energy records have columns of their
 * own.
 */
export type DocumentTable =
  | 'market_data'
  | 'forecast_data'
  | 'producer_metrics'
  | 'consumer_metrics'
  | 'grid_metrics'
  | 'trade_data';

/** One row: `body` is canonical JSON, the other fields are for finding it. */
export interface Row {
  readonly table: DocumentTable;
  readonly key: string; // unique in its table; a second put replaces
  readonly kind: string;
  readonly zone: string;
  readonly who: string; // participant or gateway, '' for the zone itself
  readonly fromMs: Instant; // what it is about, not when it was written
  readonly body: string;
}

/** What a step wants kept; all writes of one step are one transaction. */
export type Write =
  | { readonly op: 'put'; readonly row: Row }
  | { readonly op: 'remove'; readonly table: DocumentTable; readonly key: string }
  | { readonly op: 'journal'; readonly line: string };

/** What one transaction changed. */
export interface Change {
  readonly records: readonly {
    readonly gateway: string;
    readonly atMs: Instant; // stored
    readonly records: readonly TelemetryRecord[];
  }[];
  readonly writes: readonly Write[];
}

/** How far a place has got. */
export interface Followed {
  readonly donePosition: number; // delivered up to and with this one
  readonly markPosition: number; // a delivery up to this one has begun; its done when it has ended
}

/** Changes that are not everywhere yet where they belong, in order; on disk with the change. */
export interface Notebook {
  note(change: Change): void;
  /** Those after this number, the oldest first. */
  noted(
    afterNumber: number,
    atMost: number,
  ): { readonly number: number; readonly change: Change }[];
  notedCount(afterNumber: number): number;
  /** Up to and with this number. */
  forgetNoted(number: number): void;
  /** A place that was never seen begins after what is noted by now. */
  followed(place: string): Followed;
  follow(place: string, followed: Followed): void;
}

/** What a step wants said, after its writes are on disk. */
export interface Outbound {
  readonly topic: string;
  readonly body: unknown;
  readonly retain: boolean;
}

export interface Effects {
  readonly writes: Write[];
  readonly messages: Outbound[];
}

export interface StoredEnergy {
  readonly gateway: string;
  readonly place: string;
  readonly fromMs: Instant;
  readonly durationMs: number;
  readonly inWh: number;
  readonly outWh: number;
  readonly coveragePct: number;
  readonly quality: 'measured' | 'partial' | 'substituted' | 'corrected';
  readonly version: number;
}

/**
 * Durable state of the fleet's side. Synchronous: a call returns when it is done, a transaction
 * when it is on disk.
 */
export interface Store {
  transaction<T>(run: () => T): T;
  /** False when (gateway, epoch, seq) is known: then nothing was written. */
  storeRecord(gateway: string, record: TelemetryRecord, atMs: Instant): boolean;
  write(writes: readonly Write[]): void;
  row(table: DocumentTable, key: string): Row | undefined;
  /** By key. @param sinceMs  only rows about this instant or later */
  rows(table: DocumentTable, kind: string, sinceMs?: Instant): Row[];
  /** Removes rows of a kind that are about an earlier instant. @returns their keys */
  prune(table: DocumentTable, kind: string, beforeMs: Instant): string[];
  journal(): Iterable<string>;
  /** Energy records of one place, in the order in which they were stored. */
  energy(gateway: string, place: string, sinceMs: Instant): StoredEnergy[];
  /** 1, 2, 3 ...: never the same twice, also over restarts and crashes. */
  nextSequence(name: string): number;
  /** Records stored, as a checker counts them. */
  recordCount(): number;
  close(): void;
}

/**
 * The same tables for those who start, answer once and end. Every call stands alone: nothing spans
 * two of them, so each write has its effect once by its own key.
 */
export interface Tables {
  /** Stores the records whose (gateway, epoch, seq) is new. @returns those, in their order */
  storeRecords(
    gateway: string,
    records: readonly TelemetryRecord[],
    atMs: Instant,
  ): Promise<TelemetryRecord[]>;
  /** Replaces what has its key. @throws Refused for a row that could never be kept */
  put(row: Row): Promise<void>;
  /** False when its key is known: then nothing was written. */
  putNew(row: Row): Promise<boolean>;
  remove(table: DocumentTable, key: string): Promise<void>;
  get(table: DocumentTable, key: string): Promise<Row | undefined>;
  /** Of one kind in one zone, by the instant they are about, then by key. */
  rows(table: DocumentTable, kind: string, zone: string, sinceMs: Instant): Promise<Row[]>;
  /** Energy records of one place, by interval, then by (epoch, seq). */
  energy(gateway: string, place: string, sinceMs: Instant): Promise<StoredEnergy[]>;
  /** Rising, never the same twice. */
  nextSequence(name: string): Promise<number>;
  close(): Promise<void>;
}

/** What a day brought, as lines of JSON: `name` says which part of it. */
export interface LakePart {
  readonly tenant: string;
  readonly dataset: 'telemetry' | 'ledger' | 'diagnostics';
  readonly day: string; // of UTC, 2026-11-22
  readonly name: string; // the same lines have the same name: written twice is there once
  readonly lines: readonly string[];
}

/** The long memory: compressed lines, apart by data set, tenant and day. */
export interface Lake {
  put(part: LakePart): Promise<void>;
  /** All lines of a day, part by part in the order of their names. */
  read(tenant: string, dataset: LakePart['dataset'], day: string): Promise<string[]>;
  /** Days of which there is something, in order. */
  days(tenant: string, dataset: LakePart['dataset']): Promise<string[]>;
}

export interface CloudStatus {
  readonly connected: boolean;
  readonly recordsStored: number;
  readonly recordsRepeated: number;
  readonly recordsRefused: number;
  readonly messagesRefused: number;
  readonly publishFailures: number;
  readonly intervalsCleared: number;
  readonly volumeWh: number;
  readonly ledgerSumNano: string;
  readonly entries: number;
  readonly copiesWaiting: number; // transactions
  readonly copiesRefused: number; // rows
}

/** A2A as another binding than MQTT sees it; whoever calls has proven which gateway it is. */
export interface A2aDoor {
  readonly agents: readonly A2aRequest['agent'][];
  /** @param url  of this agent, as clients reach it */
  card(agent: A2aRequest['agent'], url: string): object;
  /** The same as over MQTT; undefined where nobody could tell whose request it is. */
  request(gateway: string, payload: unknown): A2aResponse | undefined;
  tasks(gateway: string, agent: A2aRequest['agent']): A2aTask[];
  /** Hears of each change of a task from now on. @returns ends that */
  watch(taskId: string, hear: (task: A2aTask) => void): () => void;
}

export interface Cloud {
  /** Starts agents and connection; a broker that is not there yet is waited for. */
  start(): void;
  /** Takes nothing more in, lets what is on its way arrive, closes broker and store. */
  stop(): Promise<void>;
  status(): CloudStatus;
  readonly a2a: A2aDoor;
}
