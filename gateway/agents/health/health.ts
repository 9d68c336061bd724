import { QUARTER_MS } from '../../contracts/values/time.ts';
import { NEW_STORE, type StoreState, storeDay, storeFindings, storeQuarter } from './battery.ts';
import { type Cusum, NEW_CUSUM } from './cusum.ts';
import { meterDay, meterFinding } from './meter.ts';
import { type PvState, pvDay, pvFindings } from './pv.ts';
import type { Finding, HealthQuarter } from './types.ts';

/** What the detectors remember, as it is kept on disk. */
export interface HealthState {
  readonly v: 1;
  readonly untilMs: number; // quarter-hours before are in it
  readonly pv: readonly (readonly [string, PvState])[];
  readonly stores: readonly (readonly [string, StoreState])[];
  readonly meters: readonly (readonly [string, Cusum])[];
}

/** As it is kept: what the detectors remember, and what they say. */
export interface CheckUpDocument {
  readonly v: 1;
  readonly state: HealthState;
  readonly said: readonly string[];
}

/** Runs every detector: quarter by quarter, and over each day when the next one begins. */
export class Health {
  private pv = new Map<string, PvState>();
  private stores = new Map<string, StoreState>();
  private meters = new Map<string, Cusum>();
  private today: HealthQuarter[] = [];
  private untilMs = 0;

  restore(state: HealthState): void {
    if (this.untilMs > 0) return;
    this.pv = new Map(state.pv);
    this.stores = new Map(state.stores);
    this.meters = new Map(state.meters);
    this.untilMs = state.untilMs;
  }

  /** As it was at the last midnight: the running day is seen again. */
  state(): HealthState {
    return {
      ...{ v: 1, untilMs: this.today[0]?.fromMs ?? this.untilMs },
      ...{ pv: [...this.pv], stores: [...this.stores], meters: [...this.meters] },
    };
  }

  /** Start of the first quarter-hour that was not seen. */
  get seenUntilMs(): number {
    return this.untilMs;
  }

  /** In order. @returns whether a day was closed by it */
  quarter(one: HealthQuarter): boolean {
    const isNewDay = this.today[0] !== undefined && this.today[0].dayMs !== one.dayMs;
    if (isNewDay) this.closeDay();
    this.today.push(one);
    this.untilMs = one.fromMs + QUARTER_MS;
    return isNewDay;
  }

  findings(): Finding[] {
    return [
      ...[...this.pv].flatMap(([id, state]) => pvFindings(id, state)),
      ...[...this.stores].flatMap(([id, state]) => storeFindings(id, state)),
      ...[...this.meters].flatMap(([id, state]) => meterFinding(id, state)),
    ];
  }

  private closeDay(): void {
    const day = this.today;
    const dayMs = day[0]?.dayMs ?? 0;
    this.today = [];
    this.pv = pvDay(this.pv, day);
    for (const { fromMs, stores } of day) {
      for (const one of stores) {
        this.stores.set(one.id, storeQuarter(this.stores.get(one.id) ?? NEW_STORE, one, fromMs));
      }
    }
    for (const [id, state] of this.stores) this.stores.set(id, storeDay(state, dayMs));
    for (const { id } of day[0]?.meters ?? []) {
      this.meters.set(id, meterDay(this.meters.get(id) ?? NEW_CUSUM, day, id, dayMs));
    }
  }
}
