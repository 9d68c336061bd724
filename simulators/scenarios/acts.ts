import type { OverrideAct } from '../../gateway/contracts/values/override.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import { parseFault } from '../devices/faults/rules.ts';
import type { Act, Deed, GridOrder } from './types.ts';
import { instant, quantity, SPAN, span, type TimeFrame, Unclear } from './words.ts';

/** One line of the time line, before its times are known. */
export interface ActLine {
  readonly line: number;
  readonly time: string; // '12:05', '12:05 as outage'
  readonly text: string;
}

/** A new figure of the load or of the sun: W, reached after `overMs`. */
export interface Ramp {
  readonly terminal: string;
  readonly atMs: number;
  readonly overMs: number;
  readonly powerW: number;
}

type Read = (words: RegExpExecArray, site: Site) => Deed | readonly [Deed, Omit<Ramp, 'atMs'>];

const NO_LIMIT_W = 1e8; // a directive always names both ways

const KINDS: readonly (readonly [usage: string, pattern: RegExp, read: Read])[] = [
  [
    'load TERMINAL POWER [over TIME]',
    new RegExp(`^(load|sun) (\\S+) (.+?)(?: over (${SPAN}))?$`),
    ([, what = '', terminal = '', figure = '', over], site) => {
      const kind = what === 'load' ? 'load' : 'pv';
      known(
        site.terminals.filter((one) => one.kind === kind),
        terminal,
        `${kind} terminal`,
      );
      const powerW = quantity(figure, 'W');
      if (powerW < 0) throw new Unclear('a power is below zero', 'write its magnitude');
      const ramp = { terminal, powerW, overMs: over === undefined ? 0 : span(over) };
      return [{ kind: 'ramp', what: what === 'load' ? 'load' : 'sun' }, ramp];
    },
  ],
  [
    'envelope|emergency [import POWER] [export POWER] for TIME [when lost keep|failsafe]',
    new RegExp(
      '^(forged )?(envelope|emergency)(?: import (.+?))?(?: export (.+?))?' +
        '(?: when lost (keep|failsafe))?$',
    ),
    ([, forged, kind, most, back, lost]) => {
      if (most === undefined && back === undefined) {
        throw new Unclear(`an ${kind} names a limit`, 'add import POWER or export POWER');
      }
      const order: GridOrder = {
        kind: kind as GridOrder['kind'],
        importLimitW: most === undefined ? NO_LIMIT_W : quantity(most, 'W'),
        exportLimitW: back === undefined ? NO_LIMIT_W : quantity(back, 'W'),
        onLost: lost === 'failsafe' ? 'failsafe' : 'keep',
        isForged: forged !== undefined,
      };
      return { kind: 'limit', order };
    },
  ],
  [
    'event import POWER for TIME',
    /^event import (.+)$/,
    ([, most = '']) => {
      const limits = { importLimitW: quantity(most, 'W'), exportLimitW: NO_LIMIT_W };
      const order = { kind: 'demand-response', onLost: 'keep', isForged: false } as const;
      return { kind: 'limit', order: { ...limits, ...order } };
    },
  ],
  [
    'order TERMINAL hold|off|charge POWER|discharge POWER for TIME',
    /^order (\S+) (?:(hold|off)|(charge|discharge) (.+))$/,
    ([, terminal = '', plain, act, figure = ''], site) => {
      known(site.terminals, terminal, 'terminal');
      if (plain !== undefined) return ordered(terminal, plain, 0);
      return ordered(terminal, act, quantity(figure, 'W'));
    },
  ],
  [
    'heartbeat on|off',
    /^heartbeat (on|off)$/,
    ([, on]) => ({ kind: 'heartbeat', on: on === 'on' }),
  ],
  [
    'fault DEVICE RULE',
    /^fault (\S+) (.+)$/,
    ([, device = '', rule = ''], site) => {
      known(site.devices, device, 'device');
      const bus = site.devices.find((one) => one.id === device)?.bus;
      const kind = site.buses.find((one) => one.id === bus)?.kind === 'tcp' ? 'tcp' : 'rtu';
      parseFault(rule, kind);
      return { kind: 'fault', device, rule };
    },
  ],
  [
    'set DEVICE POINT=VALUE [for TIME]',
    /^set (\S+) ([\w.]+)=([+-]?\d+(?:\.\d+)?)$/,
    ([, device = '', point = '', value], site) => {
      known(site.devices, device, 'device');
      return { kind: 'set', device, point, value: Number(value) };
    },
  ],
  ['kill guard|agent', /^kill (guard|agent)$/, ([, what]) => processDeed(`kill-${what}`)],
  ['hang agent for TIME', /^hang agent$/, () => processDeed('hang-agent')],
  ['cut power for TIME', /^cut power$/, () => processDeed('cut-power')],
  ['broker down for TIME', /^broker down$/, () => ({ kind: 'broker' })],
  [
    'clock +TIME|-TIME',
    new RegExp(`^clock ([+-])(${SPAN})$`),
    ([, sign, by = '']) => ({ kind: 'clock', byMs: (sign === '-' ? -1 : 1) * span(by) }),
  ],
];

type Process = Extract<Deed, { kind: 'process' }>['what'];
const processDeed = (what: string): Deed => ({ kind: 'process', what: what as Process });

const ordered = (terminal: string, act: string | undefined, powerW: number): Deed => ({
  kind: 'order',
  terminal,
  act: act as OverrideAct,
  powerW,
});

export const ACT_USAGE: readonly string[] = KINDS.map(([usage]) => usage);

function known(list: readonly { readonly id: string }[], id: string, what: string): void {
  if (list.some((one) => one.id === id)) return;
  const ids = list.map((one) => one.id).join(', ') || 'none';
  throw new Unclear(`no ${what} '${id}' at this site`, `choose from: ${ids}`);
}

/** The name in '12:05 as outage', and the time alone. */
export function timeAndName(time: string): { readonly time: string; readonly name?: string } {
  const [, at = '', name] = /^(.+?)(?: as ([a-z][a-z0-9-]*))?$/.exec(time.trim()) ?? [];
  return name === undefined ? { time: at } : { time: at, name };
}

/** @throws Unclear when it is no line of ours, Fault when a device cannot do that */
export function parseAct(
  { line, time, text }: ActLine,
  frame: TimeFrame,
  site: Site,
): { readonly act: Act; readonly ramp?: Ramp } {
  const atMs = instant(timeAndName(time).time, frame);
  const { words, forMs } = withoutSpan(text.trim());
  for (const [, pattern, read] of KINDS) {
    const match = pattern.exec(words);
    if (match === null) continue;
    const found = read(match, site);
    const [deed, ramp] = Array.isArray(found) ? (found as [Deed, Ramp]) : [found as Deed];
    const does = lasting(deed, forMs);
    const endMs = atMs + (forMs ?? usualMs(does, text));
    const untilMs = Math.min(frame.untilMs, ramp === undefined ? endMs : atMs + ramp.overMs);
    const act = { line, text, atMs, untilMs: Math.max(atMs, untilMs), does };
    return ramp === undefined ? { act } : { act, ramp: { ...ramp, atMs } };
  }
  const word = words.split(' ')[0] ?? '';
  const near = ACT_USAGE.filter((usage) => word !== '' && usage.includes(word));
  throw new Unclear(
    `'${text}' is nothing that can happen`,
    `write ${(near.length > 0 ? near : ACT_USAGE).join('; ')}`,
  );
}

/** A fault's own rule says how long, too. */
const lasting = (deed: Deed, forMs: number | undefined): Deed =>
  deed.kind === 'fault' && forMs !== undefined
    ? { ...deed, rule: `${deed.rule} for ${forMs}ms` }
    : deed;

/** '... for 30 s' apart from the words before it. */
function withoutSpan(text: string): { readonly words: string; readonly forMs?: number } {
  const match = new RegExp(`^(.*?) for (${SPAN})( when lost \\w+)?$`).exec(text);
  if (match === null) return { words: text };
  const [, words = '', length = '', lost = ''] = match;
  return { words: words + lost, forMs: span(length) };
}

/** Where nothing says how long: for good, or at once; what must end says so. */
function usualMs(does: Deed, text: string): number {
  const needs =
    does.kind === 'limit' ||
    does.kind === 'order' ||
    does.kind === 'broker' ||
    (does.kind === 'process' && does.what !== 'kill-agent' && does.what !== 'kill-guard');
  if (needs) throw new Unclear(`'${text}' has no end`, "add 'for TIME'");
  if (does.kind === 'fault' || does.kind === 'set') return Number.POSITIVE_INFINITY;
  return 0;
}
