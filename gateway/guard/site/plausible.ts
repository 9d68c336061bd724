import { NOMINAL_V } from '../../contracts/values/phases.ts';
import { type PlaceNames, placeNames } from '../../contracts/values/places.ts';
import type { Reading } from '../../contracts/values/reading.ts';
import type { Connection } from '../../contracts/values/site.ts';
import { HOUR_MS } from '../../contracts/values/time.ts';
import { isFrozen, NO_STANDSTILL, type Standstill, stand } from './frozen.ts';
import { kept, ownSpan, type Sample } from './history.ts';
import { idle, NO_RESPONSE, type Response, respond, showsMirrored } from './response.ts';
import type { Doubt } from './types.ts';
import type { Wiring } from './wiring.ts';

/**
 * Plausibility of a connection's meter against the site's own devices and its own counters. Plain
 * data from turn to turn.
 */
export interface MeterTrack {
  readonly history: readonly Sample[];
  readonly atMs: number; // of the newest reading
  readonly standstill: Standstill;
  readonly response: Response;
  readonly doubt: Doubt | undefined;
  readonly soundMs: number; // nothing speaks against the reading since
  readonly trialsCount: number; // of a turned one that failed in a row
}

export const NO_TRACK: MeterTrack = {
  history: [],
  atMs: Number.NEGATIVE_INFINITY,
  standstill: NO_STANDSTILL,
  response: NO_RESPONSE,
  doubt: undefined,
  soundMs: Number.NaN,
  trialsCount: 0,
};

/** What the site file says of a connection, as the check needs it. */
export interface Bounds {
  readonly names: PlaceNames;
  readonly measured: readonly {
    readonly id: string;
    readonly name: string; // of its power
    readonly isBattery: boolean;
  }[];
  readonly isComplete: boolean; // a residual closes the sum
  readonly mostInW: number; // all else can produce, with a margin
  readonly mostOutW: number; // and take
  readonly mostW: number; // beyond this no reading of the connection is a power
  readonly jumpW: number; // a change of all else that deserves a look
  readonly latencyMs: number;
  readonly leastW: number; // a move of the devices that the meter must show
  readonly largeW: number; // and one that it must show soon
  readonly stillW: number; // one that a meter which shows the same all along would show
}

const PHASES_COUNT = 3;
/** Ratings in a site file are rounded, and not always to the safe side. */
const MARGIN_SHARE = 0.25;
const MARGIN_W = 500;
const JUMP_SHARE = 0.2;
const ABSURD_SHARE = 3;
/** Readings of one turn are not of one moment; older ones are not compared. */
const SKEW_CYCLES = 2;
const LEAST_RESOLUTIONS = 5;
const LEAST_MOVE_W = 200;
const LEAST_MOVE_SHARE = 0.02;
const LARGE_SHARE = 0.2;
const STILL_SHARE = 0.01;
/** It is one where it took no longer than this. */
const RECENT_MS = 10_000;
/** An inconsistency that lasts so long is none that passes. */
const SURE_MS = 3_000;
/**
 * What lasted longer than this must be sound for a while before it is believed again: half of the
 * 30 s in which a fault that is over has to be forgotten.
 */
const LASTING_MS = 10_000;
const SOUND_MS = 15_000;
const LONGEST_MS = HOUR_MS;
const MOST_DOUBLINGS = 8; // past the hour
/** Believed again for so long, a trial has not failed. */
const BELIEVED_MS = 300_000;
/** Then a turned meter is no fault of a minute or two, and each trial drives the site astray. */
const EARLY_TRIALS = 3;
const TURNED_COUNT = 3;
const RIGHT_COUNT = 2;

export function boundsOf(wiring: Wiring, connection: Connection): Bounds {
  const own = wiring.terminals.filter(
    (one) => one.connection === connection.id && one.converter === undefined,
  );
  const isMetered = (id: string): boolean =>
    wiring.places.some((place) => place.id === id && place.sources.length > 0);
  const metered = own.filter(({ spec }) => isMetered(spec.id));
  const rest = own.filter(({ spec }) => !isMetered(spec.id)).map(({ spec }) => spec);
  const fuseW = connection.fuseA * PHASES_COUNT * NOMINAL_V;
  const capacityW = Math.max(fuseW, connection.contractedImportW, connection.contractedExportW);
  const figures = wiring.places.find(({ id }) => id === connection.id)?.figures;
  const resolutionW = figures?.resolutionW ?? 1;
  const ratedW = metered.reduce(
    (sum, { spec }) => sum + Math.max(spec.ratedInW, spec.ratedOutW),
    0,
  );
  const stillW = Math.max(LEAST_RESOLUTIONS * resolutionW, LEAST_MOVE_W, STILL_SHARE * ratedW);
  const leastW = Math.max(stillW, LEAST_MOVE_SHARE * ratedW);
  const margin = (powerW: number): number =>
    (1 + MARGIN_SHARE) * powerW + MARGIN_W + LEAST_RESOLUTIONS * resolutionW;
  return {
    names: placeNames(connection.id),
    measured: metered.map(({ spec, names }) => ({
      id: spec.id,
      name: names.powerW,
      isBattery: spec.kind === 'battery',
    })),
    isComplete: wiring.derived.some(({ terminal }) => own.some((o) => o.spec.id === terminal)),
    mostInW: margin(rest.reduce((sum, { ratedInW }) => sum + ratedInW, 0)),
    mostOutW: margin(rest.reduce((sum, { ratedOutW }) => sum + ratedOutW, 0)),
    mostW: ABSURD_SHARE * capacityW,
    jumpW: JUMP_SHARE * capacityW,
    latencyMs: figures?.latencyMs ?? 0,
    stillW,
    leastW,
    largeW: Math.max(5 * leastW, LARGE_SHARE * ratedW),
  };
}

/** What a turn knows of a connection. */
export interface MeterTurn {
  readonly bounds: Bounds;
  readonly points: Readonly<Record<string, Reading>>;
  readonly told: Readonly<Record<string, number>>; // W by terminal, what is under our orders
  readonly nowMs: number;
  readonly cycleMs: number;
}

/** Undefined where a device's power is not known now. */
function sampled(turn: MeterTurn, meterMs: number, meterW: number): Sample | undefined {
  const { bounds, points, told, nowMs, cycleMs } = turn;
  let ownW = 0;
  let freeW = 0;
  for (const { id, name, isBattery } of bounds.measured) {
    const reading = points[name];
    if (reading?.quality !== 'good') return undefined;
    if (Math.abs(reading.atMs - meterMs) > SKEW_CYCLES * cycleMs) return undefined;
    ownW += reading.value;
    if (isBattery && told[id] === undefined) freeW += reading.value;
  }
  return { atMs: nowMs, meterW, ownW, freeW };
}

/** Until a move of a device shows at the meter at the latest. */
const lateOf = ({ bounds, cycleMs }: MeterTurn): number =>
  2 * bounds.latencyMs + SKEW_CYCLES * cycleMs;

/**
 * The last sample that could still be true, where the newest is none that any site can show; itself
 * where no power of this connection can be so large.
 */
function lastPossible(
  before: MeterTrack,
  next: MeterTrack,
  now: Sample,
  turn: MeterTurn,
): Sample | undefined {
  const { bounds } = turn;
  const { history } = before;
  if (Math.abs(now.meterW) > bounds.mostW) return history[history.length - 1] ?? now;
  if (!bounds.isComplete || bounds.measured.length === 0) return undefined;
  const own = ownSpan(next.history, now.atMs - lateOf(turn));
  const leftLowW = -now.meterW - own.highW; // what all else does, + production
  const leftHighW = -now.meterW - own.lowW;
  if (leftHighW >= -bounds.mostOutW && leftLowW <= bounds.mostInW) return undefined;
  if (before.doubt !== undefined) return now;
  // A site file may forget a device; what it forgets does not come all at once.
  const leftW = now.meterW + now.ownW;
  return history.find(
    ({ atMs, meterW, ownW }) =>
      now.atMs - atMs <= RECENT_MS && Math.abs(meterW + ownW - leftW) > bounds.jumpW,
  );
}

function doubted(before: MeterTrack, next: MeterTrack, now: Sample, turn: MeterTurn) {
  const { standstill, response } = next;
  const since = (kind: Doubt['kind'], last: Sample, sure: boolean): Doubt => {
    const known = before.doubt ?? { sinceMs: now.atMs, atMs: last.atMs, lastW: last.meterW };
    const wasSure = before.doubt?.kind === kind && before.doubt.sure;
    return { ...known, kind, sure: sure || wasSure };
  };
  const { turnedCount } = response;
  if (turnedCount >= TURNED_COUNT - 1 && turnedCount > before.response.turnedCount) {
    return since('turned', before.response.from ?? now, turnedCount >= TURNED_COUNT);
  }
  if (before.doubt?.kind === 'turned' && before.doubt.sure) return undefined;
  if (isFrozen(standstill, now.atMs, lateOf(turn))) {
    return since('frozen', { ...now, atMs: standstill.sinceMs }, true);
  }
  const possible = lastPossible(before, next, now, turn);
  if (possible === undefined) return undefined;
  const isLasting = now.atMs - (before.doubt?.sinceMs ?? now.atMs) >= SURE_MS;
  return since('impossible', possible, isLasting);
}

/** Nothing proves a meter where no device moves: so long sound, a turned one is tried again, ms. */
function probationMs(trialsCount: number): number {
  const doublings = Math.min(MOST_DOUBLINGS, Math.max(0, trialsCount - EARLY_TRIALS));
  return Math.min(LONGEST_MS, SOUND_MS * (1 << doublings));
}

/** Trials in a row that failed: each proof soon after one, with no right answer in between. */
function failedTrials(before: MeterTrack, now: Doubt, nowMs: number): number {
  const { doubt, trialsCount, response, soundMs } = before;
  const isNew = now.kind === 'turned' && now.sure && !(doubt?.kind === 'turned' && doubt.sure);
  if (!isNew) return trialsCount;
  const isFailed =
    response.turnedCount >= TURNED_COUNT &&
    !(nowMs - soundMs >= probationMs(trialsCount) + BELIEVED_MS);
  return isFailed ? trialsCount + 1 : 0;
}

/** A doubt ends when the meter proves right; how, depends on what spoke against it. */
function isOver(track: MeterTrack, nowMs: number): boolean {
  const { doubt, response, standstill, soundMs, trialsCount } = track;
  if (doubt === undefined) return true;
  if (doubt.kind === 'frozen') {
    // Each may be unknown: a meter without counters never advances.
    return standstill.sinceMs > doubt.sinceMs || standstill.advancedMs > doubt.sinceMs;
  }
  const waitMs = doubt.kind === 'turned' ? probationMs(trialsCount) : SOUND_MS;
  const isSound = nowMs - soundMs >= waitMs;
  if (doubt.kind === 'turned') {
    return response.rightCount >= (doubt.sure ? RIGHT_COUNT : 1) || isSound;
  }
  return isSound || soundMs - doubt.sinceMs < LASTING_MS;
}

/**
 * One turn of a connection's meter. What speaks against it is looked at in every turn, also while
 * it is doubted.
 */
export function plausible(before: MeterTrack, turn: MeterTurn): MeterTrack {
  const { bounds, points, nowMs } = turn;
  const { names } = bounds;
  const reading = points[names.powerW];
  if (reading?.quality !== 'good' || !(reading.atMs > before.atMs)) return before;
  const now = sampled(turn, reading.atMs, reading.value);
  // What was not seen together cannot be compared; it takes up again from here.
  if (now === undefined) {
    const standstill = { ...before.standstill, powerW: Number.NaN };
    return { ...before, history: [], standstill, response: idle(before.response) };
  }
  const history = kept(before.history, now);
  const dtMs = Number.isFinite(before.atMs) ? reading.atMs - before.atMs : 0;
  const counters = { inWh: points[names.inWh], outWh: points[names.outWh] };
  const moves = { leastW: bounds.leastW, largeW: bounds.largeW, lateMs: lateOf(turn) };
  const next: MeterTrack = {
    ...before,
    history,
    atMs: reading.atMs,
    standstill: stand(before.standstill, history, counters, bounds, dtMs),
    response: respond(before.response, history, moves),
  };
  const doubt = doubted(before, next, now, turn);
  if (doubt !== undefined) {
    return { ...next, doubt, soundMs: Number.NaN, trialsCount: failedTrials(before, doubt, nowMs) };
  }
  const sound = { ...next, soundMs: before.soundMs >= 0 ? before.soundMs : nowMs };
  const isPutRight = before.doubt?.kind === 'turned' && showsMirrored(history, bounds.leastW);
  return isPutRight || isOver(sound, nowMs) ? { ...sound, doubt: undefined } : sound;
}
