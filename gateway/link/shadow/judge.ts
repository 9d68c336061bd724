import { type OperatorSettings, settingSchemas } from '../../contracts/settings.ts';
import { reserveOf, type Site } from '../../contracts/values/site.ts';

export interface Judged {
  readonly settings: OperatorSettings;
  readonly refused: Readonly<Record<string, string>>; // by name, with the reason
}

type Name = keyof typeof settingSchemas;

const NOT_A_SETTING = 'not a setting: topology, limits and safe states are changed at the site';
const LOG_LEVEL_MS = 86_400_000; // a level from afar ends by itself within a day

/** What the site keeps back itself, %: nothing from afar goes below it. */
export const ownReservePct = (site: Site): number =>
  Math.max(0, ...site.stores.map((store) => Math.max(reserveOf(store), store.socMinPct)));

/** Why the site does not take this value; undefined when it does. Local wins. */
function objection(name: Name, value: unknown, site: Site, nowMs: number): string | undefined {
  if (name === 'reservePct' && Number(value) < ownReservePct(site)) {
    return `the site keeps back ${ownReservePct(site)} % itself`;
  }
  if (name === 'reservePct' && site.stores.some(({ socMaxPct }) => Number(value) >= socMaxPct)) {
    return 'a battery of this site is never charged that far';
  }
  if (name === 'marketEnabled' && value === true && !site.control.marketEnabled) {
    return 'the site file does not allow trading';
  }
  if (name !== 'logLevel') return undefined;
  const { untilMs } = value as NonNullable<OperatorSettings['logLevel']>;
  if (untilMs <= nowMs) return 'it has expired';
  return untilMs > nowMs + LOG_LEVEL_MS ? 'it must end within a day' : undefined;
}

/** Judges each wanted setting on its own; what is refused leaves the others alone. */
export function judgeSettings(
  wanted: Readonly<Record<string, unknown>>,
  site: Site,
  nowMs: number,
): Judged {
  const settings: Record<string, unknown> = {};
  const refused: [string, string][] = [];
  for (const [name, value] of Object.entries(wanted)) {
    if (!Object.hasOwn(settingSchemas, name)) {
      refused.push([name, NOT_A_SETTING]);
      continue;
    }
    const parsed = settingSchemas[name as Name].safeParse(value);
    const why = parsed.success
      ? objection(name as Name, parsed.data, site, nowMs)
      : (parsed.error.issues[0]?.message ?? 'not understood');
    if (why === undefined) settings[name] = parsed.data;
    else refused.push([name, why]);
  }
  return { settings, refused: Object.fromEntries(refused) };
}
