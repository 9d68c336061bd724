import { type Instant, localTime } from './time.ts';

/**
 * Figures and words as people read them, the same in page, command line and reasons. There is never
 * a minus sign: words carry the sign. A value that is not known is the word 'unknown'.
 */

/** Narrow no-break space: thin, and a figure never parts from its unit. */
export const NARROW = '\u202f';
export const UNKNOWN_WORD = 'unknown';

type Figure = number | null | undefined;

function isKnown(value: Figure): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** Magnitude with thousands by comma and fixed decimals; without sign. */
export function figure(value: number, decimals = 0): string {
  const text = Math.abs(value).toFixed(decimals);
  if (Math.abs(value) < 999) return text; // without thousands, as most are
  const [whole = '0', fraction] = text.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Magnitude of a power, W in: value and unit apart, for large type. Below 1 kW whole W. */
export function powerParts(powerW: number): { readonly value: string; readonly unit: 'W' | 'kW' } {
  const wholeW = Math.round(Math.abs(powerW));
  return wholeW < 1_000
    ? { value: String(wholeW), unit: 'W' }
    : { value: figure(powerW / 1_000, 1), unit: 'kW' };
}

/** Limits and plans are the same turn after turn: their words are kept, up to this many. */
const KEPT = 512;
const powers = new Map<number, string>();

/** '12.4 kW', '640 W', 'unknown'; magnitude only. */
export function power(powerW: Figure): string {
  if (!isKnown(powerW)) return UNKNOWN_WORD;
  const known = powers.get(powerW);
  if (known !== undefined) return known;
  const { value, unit } = powerParts(powerW);
  const words = `${value}${NARROW}${unit}`;
  if (powers.size >= KEPT) powers.clear();
  powers.set(powerW, words);
  return words;
}

/** '3.1 kWh' below 100 kWh, '4,912 kWh' above; magnitude only. */
export function energy(energyWh: Figure): string {
  if (!isKnown(energyWh)) return UNKNOWN_WORD;
  const kWh = Math.abs(energyWh) / 1_000;
  return `${figure(kWh, kWh < 99.95 ? 1 : 0)}${NARROW}kWh`;
}

/** '64 %', whole; `decimals` for error rates. */
export function percent(pct: Figure, decimals = 0): string {
  return isKnown(pct) ? `${figure(pct, decimals)}${NARROW}%` : UNKNOWN_WORD;
}

interface Currency {
  readonly sign: string;
  readonly minor: string | undefined; // hundredth, for prices a kWh
  readonly decimals: number;
}

const CURRENCIES: Readonly<Record<string, Currency>> = {
  EUR: { sign: '€', minor: 'ct', decimals: 2 },
  USD: { sign: '$', minor: 'ct', decimals: 2 },
  GBP: { sign: '£', minor: 'p', decimals: 2 },
  AUD: { sign: 'A$', minor: 'ct', decimals: 2 },
  KRW: { sign: '₩', minor: undefined, decimals: 0 },
  JPY: { sign: '¥', minor: undefined, decimals: 0 },
};

function currencyOf(code: string): Currency {
  return CURRENCIES[code] ?? { sign: code, minor: undefined, decimals: 2 };
}

/** Unit of a price: 'ct/kWh', 'KRW/kWh'. */
export function priceUnit(currency: string): string {
  return `${currencyOf(currency).minor ?? currency}/kWh`;
}

/** Magnitude of a price in its unit: nano-currency per Wh is micro-currency per kWh. */
export function priceValue(nanoPerWh: number, currency: string): number {
  return nanoPerWh / (currencyOf(currency).minor === undefined ? 1_000_000 : 10_000);
}

/**
 * '18.6 ct'; market prices take two decimals. Below zero: 'paid 3.2 ct' (one is paid to use it).
 */
export function price(nanoPerWh: Figure, currency: string, decimals = 1): string {
  if (!isKnown(nanoPerWh)) return UNKNOWN_WORD;
  const value = figure(priceValue(nanoPerWh, currency), decimals);
  const text = `${value}${NARROW}${currencyOf(currency).minor ?? currency}`;
  return nanoPerWh < 0 && /[1-9]/.test(value) ? `paid ${text}` : text;
}

/**
 * Magnitude of an amount, '€ 1,862.40'; rounded half away from zero to the currency's smallest
 * unit.
 */
export function money(nano: bigint, currency: string, decimals?: number): string {
  const { sign, decimals: own } = currencyOf(currency);
  const places = decimals ?? own;
  const unit = 10n ** BigInt(9 - places);
  const units = ((nano < 0n ? -nano : nano) + unit / 2n) / unit;
  const scale = 10n ** BigInt(places);
  const whole = String(units / scale).replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = places === 0 ? '' : `.${String(units % scale).padStart(places, '0')}`;
  return `${sign}${NARROW}${whole}${fraction}`;
}

/** An amount of a bill, + is paid: '€ 41.30' or 'earned € 41.30'. */
export function paid(nano: bigint, currency: string): string {
  const text = money(nano, currency);
  return nano < 0n && /[1-9]/.test(text) ? `earned ${text}` : text;
}

/** Age or span of time: s below 90, then min below 90, h below 48, days. */
export function age(ageMs: Figure): string {
  if (!isKnown(ageMs)) return UNKNOWN_WORD;
  const seconds = Math.max(0, Math.round(ageMs / 1_000));
  if (seconds < 90) return `${seconds}${NARROW}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes}${NARROW}min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours}${NARROW}h` : `${Math.round(hours / 24)}${NARROW}days`;
}

/**
 * '15 to 19': two bounds in kW, whole where both are 10 kW or more; '20' where they read the same.
 */
export function rangeKw(lowW: number, highW: number): string {
  const decimals = Math.min(Math.abs(lowW), Math.abs(highW)) >= 9_950 ? 0 : 1;
  const low = figure(lowW / 1_000, decimals);
  const high = figure(highW / 1_000, decimals);
  return low === high ? low : `${low} to ${high}`;
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

const two = (value: number): string => String(value).padStart(2, '0');

/** A minute of the day as '16:45'. */
export const timeOfDay = (minute: number): string =>
  `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;

/** Local time of day, '16:45'. */
export const clockTime = (atMs: Instant, zone: string): string =>
  timeOfDay(localTime(atMs, zone).minuteOfDay);

/** '16:52:08'; every zone's offset is whole seconds. */
export function clockSeconds(atMs: Instant, zone: string): string {
  const seconds = Math.floor((((atMs % 60_000) + 60_000) % 60_000) / 1_000);
  return `${clockTime(atMs, zone)}:${two(seconds)}`;
}

/** 'Thursday 11 June'; short: 'Thu 11 June'. */
export function dayName(atMs: Instant, zone: string, length: 'long' | 'short' = 'long'): string {
  const at = localTime(atMs, zone);
  const day = DAYS[at.weekday - 1] ?? '';
  const month = MONTHS[at.month - 1] ?? '';
  return `${length === 'long' ? day : day.slice(0, 3)} ${at.day} ${month}`;
}

/** '16:45', with its day where that is another one than now's: 'Wed 10 June, 16:45'. */
export function dayAndTime(atMs: Instant, nowMs: Instant, zone: string): string {
  const [day, today] = [dayName(atMs, zone, 'short'), dayName(nowMs, zone, 'short')];
  const time = clockTime(atMs, zone);
  return day === today ? time : `${day}, ${time}`;
}

/** What a place can be on a page; see the view contract. */
export type PlaceKind = 'pv' | 'battery' | 'grid' | 'load' | 'ev' | 'rest' | 'loss';

/** Below this a power is rest, not direction: meters flicker around zero. */
export const REST_W = 50;

/** The verb of a power, + into the node: 'producing', 'charging', 'selling', 'resting'. */
export function verb(kind: PlaceKind, powerW: number): string {
  const idle = Math.abs(powerW) < REST_W;
  switch (kind) {
    case 'pv':
      return powerW <= -REST_W ? 'drawing' : 'producing';
    case 'battery':
      return idle ? 'resting' : powerW > 0 ? 'discharging' : 'charging';
    case 'grid':
      return idle ? 'exchanging' : powerW > 0 ? 'buying' : 'selling';
    case 'ev':
      return idle ? 'resting' : powerW < 0 ? 'charging' : 'giving';
    case 'loss':
      return 'losing';
    default:
      return powerW >= REST_W ? 'giving' : 'using';
  }
}

/** 'charging 3.0 kW', 'resting', 'unknown'. */
export function doing(kind: PlaceKind, powerW: Figure): string {
  if (!isKnown(powerW)) return UNKNOWN_WORD;
  const word = verb(kind, powerW);
  return word === 'resting' ? word : `${word} ${power(powerW)}`;
}

/** First letter large: a clause becomes a line of its own. */
export function sentence(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
