import { userInfo } from 'node:os';
import { knock } from '../adapters/bus-door.ts';
import { lockOwner } from '../adapters/process/lock.ts';
import { loadGateway } from '../config/gateway-file.ts';
import { runningSite } from '../config/running-site.ts';
import { Fault } from '../contracts/values/fault.ts';
import {
  OVERRIDE_ACTS,
  type OverrideAct,
  type OverrideAnswer,
  type OverrideRequest,
} from '../contracts/values/override.ts';
import { DAY_MS, type Instant, localTime, MINUTE_MS } from '../contracts/values/time.ts';
import { clockTime, dayName, power } from '../contracts/values/words.ts';
import { print, printJson, table } from './output.ts';

export interface OverrideOptions {
  readonly for?: string;
  readonly until?: string;
  readonly by?: string;
  readonly json?: boolean;
}

const UNITS = { s: 1_000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const STANDARD_MS = 3_600_000;

/** '3000', '3000W', '3kW' as W. @throws Fault */
export function powerOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(k?)w?$/i.exec(text.trim());
  if (match === null) throw new Fault(`'${text}' is no power`, 'override', 'write 3000 or 3kW');
  return Number(match[1]) * (match[2] === '' ? 1 : 1_000);
}

/** '90min', '2h' as ms. @throws Fault */
export function durationOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(s|min|m|h|d)$/.exec(text.trim());
  const unit = match?.[2] as keyof typeof UNITS | undefined;
  if (unit === undefined) {
    throw new Fault(`'${text}' is no length of time`, '--for', 'write 90min or 2h');
  }
  return Math.round(Number(match?.[1]) * UNITS[unit]);
}

/** From now until the next '18:00' of the site. @throws Fault */
export function untilOf(text: string, nowMs: Instant, zone: string): number {
  const match = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim());
  if (match === null) throw new Fault(`'${text}' is no time of day`, '--until', 'write 18:00');
  const minute = 60 * Number(match[1]) + Number(match[2]);
  const { minuteOfDay } = localTime(nowMs, zone);
  const ahead = (minute - minuteOfDay + 1_440) % 1_440;
  return (ahead * MINUTE_MS || DAY_MS) - (nowMs % MINUTE_MS);
}

/**
 * `edgewatt override DIR [TERMINAL ACT [POWER]]`: orders a terminal for a while, takes an order
 * back, or says what is ordered. @returns exit code @throws Fault
 */
export async function orderNow(
  dir: string,
  [terminal, act, watts]: readonly (string | undefined)[],
  options: OverrideOptions,
): Promise<number> {
  const file = loadGateway(dir);
  const { site } = runningSite(file);
  const zone = site.place.timeZone;
  const nowMs = Date.now(); // a demo's own clock is ahead: there --for counts its time
  const length = lengthOf(options, nowMs, zone);
  const request =
    terminal === undefined ? undefined : requestOf(terminal, act, watts, length, options.by);
  const answer = await ask(file.dataDir, request);
  if (answer.refused !== '') throw new Fault(answer.refused, 'override', mendOf(answer));
  if (options.json === true) printJson(answer);
  else print(words(answer, zone));
  return 0;
}

function lengthOf({ for: lasts, until }: OverrideOptions, nowMs: Instant, zone: string): number {
  if (lasts !== undefined && until !== undefined) {
    throw new Fault('--for and --until are both given', 'override', 'give one of them');
  }
  if (lasts !== undefined) return durationOf(lasts);
  return until === undefined ? STANDARD_MS : untilOf(until, nowMs, zone);
}

function requestOf(
  terminal: string,
  act: string | undefined,
  watts: string | undefined,
  forMs: number,
  by = userInfo().username,
): OverrideRequest {
  const acts: readonly string[] = [...OVERRIDE_ACTS, 'end'];
  if (act === undefined || !acts.includes(act)) {
    const what = act === undefined ? `nothing is ordered of ${terminal}` : `'${act}' is no order`;
    throw new Fault(what, 'override', `write one of: ${acts.join(', ')}`);
  }
  if (by.trim() === '') throw new Fault('nobody is named', '--by', 'write who orders it');
  const isPowered = act === 'charge' || act === 'discharge';
  if (isPowered !== (watts !== undefined)) {
    const what = isPowered ? `${act} needs a power` : `${act} takes no power`;
    throw new Fault(what, 'override', isPowered ? `write ${act} 3kW` : `write ${act} alone`);
  }
  const powerW = watts === undefined ? 0 : powerOf(watts);
  return { terminal, act: act as OverrideAct | 'end', powerW, forMs, by };
}

async function ask(dataDir: string, request: OverrideRequest | undefined): Promise<OverrideAnswer> {
  if (lockOwner(dataDir) === undefined) {
    throw new Fault('no gateway runs here', dataDir, 'start it with edgewatt run');
  }
  const gone = (error: unknown): Fault => {
    const { code, message } = error as NodeJS.ErrnoException;
    const mend = 'run this as the user of the gateway';
    return new Fault(`the running gateway is shut (${code ?? message})`, dataDir, mend);
  };
  const door = await knock(dataDir).catch((error: unknown) => {
    throw gone(error);
  });
  try {
    return await door.override(request);
  } catch (error) {
    throw gone(error);
  } finally {
    door.close();
  }
}

function mendOf({ terminals }: OverrideAnswer): string {
  const each = terminals.map(({ terminal, acts }) => `${terminal} ${acts.join('|')}`);
  return `what can be ordered: ${each.join('; ')}`;
}

function words({ overrides, terminals }: OverrideAnswer, zone: string): string {
  if (overrides.length === 0) {
    const rows = terminals.map(({ terminal, name, acts }) => [terminal, name, acts.join(', ')]);
    return `Nothing is ordered. What can be:\n${table([['terminal', 'name', 'orders'], ...rows])}`;
  }
  const rows = overrides.map(({ terminal, act, powerW, untilWallMs, by }) => [
    terminal,
    powerW > 0 ? `${act} ${power(powerW)}` : act,
    `${dayName(untilWallMs, zone, 'short')}, ${clockTime(untilWallMs, zone)}`,
    by,
  ]);
  return table([['terminal', 'order', 'until', 'by'], ...rows]);
}
