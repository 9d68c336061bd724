import type { Finding, TerminalResult, Trace } from '../../contracts/values/commissioning.ts';
import { good } from '../../contracts/values/reading.ts';
import type { Site, Terminal } from '../../contracts/values/site.ts';
import { power } from '../../contracts/values/words.ts';

const ABOVE = 1.02;
const NEAR = 0.95;
const SLACK_W = 100;

/**
 * The limit that is said to be set in the device itself, judged while nobody held it: a device that
 * stands at it keeps it, one above it does not, and less sun proves nothing.
 * @param device  that is written to
 */
export function withOwnLimit(
  site: Site,
  device: string,
  terminal: Terminal,
  result: TerminalResult,
  trace: Trace,
): TerminalResult {
  const limitW = site.devices.find(({ id }) => id === device)?.ownLimitW;
  if (limitW === undefined || terminal.control !== 'limit') return result;
  const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
  const mostW = trace.samples.reduce((most, { commandedW, readings }) => {
    const powerW = good(readings[device]?.[`${prefix}powerW`]);
    const isFree = (commandedW[terminal.id] ?? null) === null;
    return isFree && powerW !== undefined ? Math.max(most, powerW) : most;
  }, 0);
  const isAbove = mostW > ABOVE * limitW + SLACK_W;
  const isAt = !isAbove && mostW >= NEAR * limitW;
  const { name } = terminal;
  const own: Finding = {
    kind: 'own-limit',
    severity: isAbove ? 'wrong' : isAt ? 'proven' : 'notProven',
    ...{ device, meter: null },
    numbers: [{ name: 'most that was seen', value: Math.round(mostW), unit: 'W' }],
    sentence: isAbove
      ? `${name} gave ${power(mostW)} although its own limit is said to be ${power(limitW)}: ` +
        'set it in the device.'
      : isAt
        ? `${name} keeps its own limit of ${power(limitW)} when nobody commands it.`
        : `${name} gave ${power(mostW)} at most, so its own limit of ${power(limitW)} ` +
          'is not proven: repeat with more sun.',
  };
  return {
    ...result,
    proven: result.proven && !isAbove,
    findings: [...result.findings, own],
    learned: isAt ? { ...result.learned, limitInW: limitW } : result.learned,
  };
}
