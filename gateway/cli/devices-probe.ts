import { CATALOGUE } from '../../devices/catalogue.ts';
import type { DeviceMap, Profile } from '../../devices/profile.ts';
import { resolveProfile } from '../../devices/resolve.ts';
import { allProfiles } from '../config/profiles.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { BusSpec } from '../contracts/values/site.ts';
import { print, printJson, table, tell } from './output.ts';
import { clashOf, oddities } from './survey/clash.ts';
import { Desk } from './survey/desk.ts';
import { answers, type Found, look, mapOf } from './survey/identify.ts';
import { type Ask, type PointResult, type PointState, readAll } from './survey/judge.ts';
import { type Line, placeOf } from './survey/line.ts';
import { type LookOptions, NOTHING_CODE, pacingOf } from './survey/options.ts';
import { type DevicePlace, deviceOf } from './survey/places.ts';
import { addressOf, foundJson, titleOf, valueText, whoText } from './survey/words.ts';
import { chosen, type WriteResult, writeCheck } from './survey/write-check.ts';

export interface TestOptions extends LookOptions {
  readonly write?: string | true; // a point, or all that are harmless
}

const CONNECT_MS = 5_000;
const EVERY = 25;

/** Units that devices have as delivered; 1 first, no broadcast on a line. */
function usualUnits(bus: BusSpec): number[] {
  const usual = CATALOGUE.flatMap(({ connect }) => connect?.units ?? []);
  const units = [...new Set([1, ...usual])];
  return bus.kind === 'serial' ? units.filter((unit) => unit >= 1 && unit <= 247) : units;
}

const nobody = (where: string): number => {
  tell(`${where}: nobody answers; check power, wiring, unit and baud rate, or scan`);
  return NOTHING_CODE;
};

/**
 * Opens the place's wire for as long as `use` takes.
 * @returns its exit code, or 1 and a line when there is nothing to open
 */
async function withLine(
  place: DevicePlace,
  options: LookOptions,
  use: (line: Line) => Promise<number>,
): Promise<number> {
  const desk = new Desk(options.site, pacingOf(options, CONNECT_MS));
  try {
    let line: Line;
    try {
      line = await desk.open(place.bus);
    } catch (error) {
      if (error instanceof Fault) throw error;
      tell(`${placeOf(place.bus)}: ${error instanceof Error ? error.message : String(error)}`);
      return NOTHING_CODE;
    }
    return await use(line);
  } finally {
    desk.close();
  }
}

const progress = (done: number, all: number): void => {
  if (done % EVERY === 0 || done === all) tell(`${done} of ${all} points`);
};

const MARK: Readonly<Record<PointState, string>> = {
  good: '',
  implausible: 'IMPLAUSIBLE',
  unavailable: 'unavailable',
  exception: 'EXCEPTION',
  silent: 'SILENT',
};

const pointRow = (result: PointResult): string[] => [
  result.point,
  valueText(result),
  result.tookMs === undefined ? '-' : `${result.tookMs} ms`,
  MARK[result.state],
  result.why ?? '',
];
const pointTable = (points: readonly PointResult[]): string =>
  table([['POINT', 'VALUE', 'TOOK', '', ''], ...points.map(pointRow)]);

function headLines(found: Found): string[] {
  const { profile, also, objects, chain } = found;
  const who = whoText(found);
  const own = Object.entries(objects).map(([key, text]) => `${key} ${text}`);
  const models = chain?.models.map(({ id, at }) => `${id} at ${at}`).join(', ');
  return [
    `${titleOf(found)}${profile === undefined ? '' : ` (${profile.id})`}`,
    ...(who === '' ? [] : [`Says of itself: ${who}`]),
    ...(own.length === 0 ? [] : [`Identification (43/14): ${own.join(', ')}`]),
    ...(chain === undefined ? [] : [`SunSpec at ${chain.base}: models ${models}`]),
    ...(also.length === 0 ? [] : [`Would fit as well: ${also.join(', ')}`]),
  ];
}

/** Two devices that answer as one are refused. */
async function isClashing(line: Line, unit: number, address: string): Promise<boolean> {
  const clash = oddities(line) === 0 ? undefined : await clashOf(line, unit);
  if (clash !== undefined) tell(`${address}: ${clash}`);
  return clash !== undefined;
}

async function unitOf(line: Line, { bus, unit }: DevicePlace): Promise<number | undefined> {
  for (const candidate of unit === undefined ? usualUnits(bus) : [unit]) {
    if (await answers(line, candidate)) return candidate;
  }
  return undefined;
}

/** `edgewatt devices probe`. @returns exit code  @throws Fault */
export function probeDevice(text: string, options: LookOptions): Promise<number> {
  const place = deviceOf(text);
  const profiles = allProfiles(options.site);
  return withLine(place, options, async (line) => {
    const unit = await unitOf(line, place);
    const asked = unit ?? place.unit ?? 1;
    if (await isClashing(line, asked, addressOf(place.bus, asked))) return NOTHING_CODE;
    const found = unit === undefined ? undefined : await look(line, unit, profiles);
    if (unit === undefined || found === undefined) return nobody(text);
    tell(`${addressOf(place.bus, unit)}: ${titleOf(found)}`);
    const points = await pointsOf(line, found);
    if (options.json) {
      printJson({ ...foundJson(place.bus, found), points, requests: line.requests });
    } else {
      print(
        [...headLines(found), ...(points.length > 0 ? ['', pointTable(points)] : [])].join('\n'),
      );
    }
    return 0;
  });
}

async function pointsOf(line: Line, { unit, profile, chain }: Found): Promise<PointResult[]> {
  if (profile === undefined) return [];
  line.suit(unit, profile.limits);
  const map = resolveProfile(profile, chain);
  return readAll((request) => line.ask(unit, request), map, progress);
}

interface Tested {
  readonly profile: Profile;
  readonly place: DevicePlace;
}

/** 'PROFILE@ADDRESS'. @throws Fault */
function testedOf(text: string, options: LookOptions): Tested {
  const [id = '', ...rest] = text.split(/@(.*)/s, 2);
  const profile = allProfiles(options.site).find((one) => one.id === id);
  if (rest.length === 0) {
    const mend = 'write it as eastron/sdm630@192.168.1.20:502/1';
    throw new Fault('not PROFILE@ADDRESS', text, mend);
  }
  if (profile === undefined) {
    throw new Fault('no such profile', id, 'edgewatt devices list shows the profiles');
  }
  return { profile, place: deviceOf(rest[0] ?? '') };
}

/** What the profile says that not every device has may be missing. */
function isFine(map: DeviceMap, { point, state }: PointResult): boolean {
  if (state === 'good' || state === 'unavailable') return true;
  const { only, unproven } = map.points[point] ?? {};
  return state === 'exception' && (only !== undefined || unproven === true);
}

const STATES = ['good', 'implausible', 'unavailable', 'exception', 'silent'] as const;
const countsOf = (points: readonly PointResult[]): Record<PointState, number> => {
  const counts = { good: 0, implausible: 0, unavailable: 0, exception: 0, silent: 0 };
  for (const { state } of points) counts[state] += 1;
  return counts;
};

function timesOf(points: readonly PointResult[]): { medianMs: number; worstMs: number } {
  const sorted = points.flatMap(({ tookMs }) => tookMs ?? []).sort((a, b) => a - b);
  return { medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0, worstMs: sorted.at(-1) ?? 0 };
}

const writeLine = ({ point, state, beforeValue, writtenValue, why }: WriteResult): string =>
  `${point}: write ${state}` +
  `${writtenValue === undefined ? '' : ` (${beforeValue} to ${writtenValue} and back)`}` +
  `${why === undefined ? '' : `: ${why}`}`;

async function testAt(
  line: Line,
  unit: number,
  profile: Profile,
  options: TestOptions,
): Promise<{ map: DeviceMap; points: PointResult[]; writes: WriteResult[] }> {
  const ask: Ask = (request) => line.ask(unit, request);
  let map: DeviceMap;
  try {
    map = await mapOf(ask, profile);
  } catch (error) {
    const mend = 'edgewatt devices probe says what it is';
    throw new Fault(error instanceof Error ? error.message : String(error), profile.id, mend);
  }
  const written = options.write === undefined ? [] : chosen(map, options.write);
  const points = await readAll(ask, map, progress);
  const writes: WriteResult[] = [];
  for (const point of written) writes.push(await writeCheck(ask, map, point));
  return { map, points, writes };
}

/** A running gateway asks what its site file says, and writes nothing for others. @throws Fault */
function throughGateway(line: Line, unit: number, profile: Profile, { write }: TestOptions): void {
  const own = line.known?.(unit);
  if (own === undefined) return;
  const mend = 'stop the gateway first';
  if (write !== undefined) {
    throw new Fault('nothing is written through a running gateway', '--write', mend);
  }
  if (own.id === profile.id) return;
  throw new Fault(`the site file of the running gateway says ${own.id}`, profile.id, mend);
}

/** `edgewatt devices test`. @returns exit code  @throws Fault */
export function testDevice(text: string, options: TestOptions): Promise<number> {
  const { profile, place } = testedOf(text, options);
  const unit = place.unit ?? profile.connect?.units[0] ?? 1;
  const address = addressOf(place.bus, unit);
  return withLine(place, options, async (line) => {
    line.suit(unit, profile.limits);
    throughGateway(line, unit, profile, options);
    const isThere = await answers(line, unit);
    if (await isClashing(line, unit, address)) return NOTHING_CODE;
    if (!isThere) return nobody(address);
    const { map, points, writes } = await testAt(line, unit, profile, options);
    const counts = countsOf(points);
    const isGood =
      counts.good > 0 &&
      points.every((point) => isFine(map, point)) &&
      writes.every(({ state }) => state === 'proven');
    const times = timesOf(points);
    if (options.json) {
      const head = { address, profile: profile.id, ok: isGood, counts, ...times };
      printJson({ ...head, requests: line.requests, points, writes });
    } else {
      const all = STATES.filter((state) => counts[state] > 0)
        .map((state) => `${counts[state]} ${state}`)
        .join(', ');
      print([pointTable(points), ...writes.map(writeLine)].join('\n'));
      print(`${all}; answers in ${times.medianMs} ms, the slowest in ${times.worstMs} ms.`);
    }
    return isGood ? 0 : NOTHING_CODE;
  });
}
