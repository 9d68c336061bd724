import type { OperatorSettings } from '../../contracts/settings.ts';
import type { Site } from '../../contracts/values/site.ts';
import type { AgentStore, AuditLog, BrokerMessage, Clock, Log } from '../../ports.ts';
import { type Fields, fieldsOf, Refusal, type ReservedTopics } from '../fleet/reserved.ts';
import { judgeSettings, ownReservePct } from './judge.ts';

export const SHADOW = 'config';
const KEY = 'operator';

export interface SettingsDeps {
  readonly site: Site;
  readonly siteHash: string; // of the site file, so that the fleet sees who runs which
  readonly store: AgentStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit?: AuditLog | undefined;
  readonly reserved: ReservedTopics;
  readonly apply: (settings: OperatorSettings) => void;
}

/**
 * Operator settings from the named shadow: read on every connect and on every delta, judged one by
 * one, applied, and reported as they stand with the reason of each refusal. They are kept on disk,
 * so that a start without a cloud has them too.
 */
export class SettingsShadow {
  readonly filters: readonly string[];
  private readonly deps: SettingsDeps;
  private readonly base: string;
  private busy: Promise<void> = Promise.resolve();

  constructor(deps: SettingsDeps) {
    this.deps = deps;
    this.base = `$aws/things/${deps.site.gateway}/shadow/name/${SHADOW}`;
    const answers = ['get', 'update'].flatMap((what) => [`${what}/accepted`, `${what}/rejected`]);
    this.filters = [...answers, 'update/delta'].map((tail) => `${this.base}/${tail}`);
  }

  /** What was in force before the restart, judged again: the site file may have changed. */
  async recall(): Promise<void> {
    const { store, site, clock, apply } = this.deps;
    const kept = await store.get('setting', KEY);
    if (kept) apply(judgeSettings(fieldsOf(kept.body), site, clock.wallMs()).settings);
  }

  /** Reads the shadow; deltas are not replayed after a lost session. */
  refresh(): Promise<void> {
    this.busy = this.busy
      .then(() => this.read())
      .catch((error: unknown) => {
        this.deps.log.warn('settings of the operator not read', { why: String(error) });
      });
    return this.busy;
  }

  take({ topic }: BrokerMessage): boolean {
    if (topic !== `${this.base}/update/delta`) return false;
    void this.refresh();
    return true;
  }

  private async read(): Promise<void> {
    const { reserved, site, clock, store, apply } = this.deps;
    const answer = await reserved.ask(`${this.base}/get`, {}).catch((error: unknown) => {
      if (error instanceof Refusal && error.code === '404') return {} as Fields;
      throw error;
    });
    const state = fieldsOf(answer['state']);
    const nowMs = clock.wallMs();
    const { settings, refused } = judgeSettings(fieldsOf(state['desired']), site, nowMs);
    await this.note(settings);
    await store.put('setting', [{ key: KEY, atMs: nowMs, body: settings }], true);
    apply(settings);
    const told = fieldsOf(state['reported']);
    const reported = this.reportOf(settings, refused);
    if (Object.entries(reported).every(([name, value]) => same(told[name] ?? null, value))) return;
    for (const [name, why] of Object.entries(refused)) this.refuse(name, why);
    const mended = Object.keys(fieldsOf(told['refused'])).map((name) => [name, null] as const);
    const why = reported['refused'] && { ...Object.fromEntries(mended), ...refused };
    await reserved.ask(`${this.base}/update`, {
      state: { reported: { ...reported, refused: why } },
    });
  }

  /** Settings that are not those of before. */
  private async note(settings: OperatorSettings): Promise<void> {
    const { store, audit } = this.deps;
    const before = (await store.get('setting', KEY))?.body ?? {};
    if (same(before, settings)) return;
    const named = Object.entries(settings).map(([name, value]) => [name, JSON.stringify(value)]);
    const text = named.length === 0 ? 'All settings are the site file’s again' : 'Settings apply';
    void audit?.note({ kind: 'setting', what: 'accepted', text, data: Object.fromEntries(named) });
  }

  private refuse(name: string, why: string): void {
    this.deps.log.warn('a setting is refused', { name, why });
    const text = `Setting ${name} is refused: ${why}`;
    void this.deps.audit?.note({ kind: 'setting', what: 'refused', text });
  }

  /** As it stands; null removes what no longer does. */
  private reportOf(settings: OperatorSettings, refused: Readonly<Record<string, string>>): Fields {
    const { site, siteHash } = this.deps;
    return {
      reservePct: settings.reservePct ?? ownReservePct(site),
      marketEnabled: settings.marketEnabled ?? site.control.marketEnabled,
      logLevel: settings.logLevel ?? null,
      siteFile: siteHash,
      refused: Object.keys(refused).length > 0 ? refused : null,
    };
  }
}

/** Equal as JSON, in whatever order the keys stand. */
function same(a: unknown, b: unknown): boolean {
  const [left, right] = [fieldsOf(a), fieldsOf(b)];
  const names = Object.keys(left);
  if (names.length === 0 || Object.keys(right).length === 0) {
    return JSON.stringify(a) === JSON.stringify(b);
  }
  if (names.length !== Object.keys(right).length) return false;
  return names.every((name) => same(left[name], right[name]));
}
