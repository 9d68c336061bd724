import type { Finding, ProgramStep, Trace } from '../contracts/values/commissioning.ts';
import { reserveOf, type Site, type Terminal } from '../contracts/values/site.ts';
import { finding } from './findings.ts';
import { type Quiet, quietOf } from './quiet.ts';
import { say } from './sentences.ts';
import { terminalOf } from './witnesses.ts';

/** What stands now: limits in force and what the device allows. Undefined = not said. */
export interface Room {
  readonly importLimitW: number; // of the terminal's connection, >= 0
  readonly exportLimitW: number;
  readonly chargeMaxW?: number | undefined; // BMS, >= 0
  readonly dischargeMaxW?: number | undefined;
  readonly ratedW?: number | undefined; // nameplate, as the device says
  readonly socPct?: number | undefined;
}

export interface Ask {
  readonly site: Site;
  readonly terminal: string;
  readonly quiet: Trace; // of the quiet phase, `quietStep` first
  readonly room: Room;
  /** From the device's last renewed write until it lets go; undefined = it has no timer. */
  readonly reversionMs: number | undefined;
  readonly directionRestMs: number; // between charge and discharge
  readonly random: { next(): number }; // a stream of its own
}

export interface Asked {
  readonly steps: readonly ProgramStep[]; // after the quiet one; none where nothing may be asked
  readonly findings: readonly Finding[]; // what cannot be proven now, and why
}

const PULSES = 3;
const TIMES_NOISE = 5;
const MARGIN = 1.2; // beyond it: noise is an estimate
const PULSE_MIN_W = 200;
const SHARE_OF_RATED = 0.15; // usual pulse
const SHARE_MAX = 0.6; // largest pulse
const LIMIT_SHARE = 0.95; // nothing goes closer to a limit
const QUIET_MS = 30_000;
const SETTLE_MS = 6_000; // beside what terminal and wire say of themselves
const VOLTAGE_V = 230;

const cycles = (ms: number): number => Math.round(ms / 1_000) * 1_000;

/** Where the terminal rests: setpoint 0, or a production limit fully open. */
export const restW = (terminal: Terminal): number =>
  terminal.control === 'limit' ? terminal.ratedInW : 0;

/** The quiet phase: long enough to learn the noise. */
export function quietStep(site: Site, terminalId: string): ProgramStep {
  const terminal = terminalOf(site, terminalId);
  const durationMs = QUIET_MS + cycles(settleMs(terminal));
  return { kind: 'quiet', terminal: terminalId, powerW: restW(terminal), durationMs };
}

/** From a command until it stands: response, the slope to a tenth of the rating, and a margin. */
function settleMs(terminal: Terminal): number {
  const ratedW = Math.max(terminal.ratedInW, terminal.ratedOutW);
  const slopeMs =
    terminal.slewWPerS === undefined ? 0 : (ratedW * SHARE_OF_RATED * 1_000) / terminal.slewWPerS;
  return Math.min(120_000, SETTLE_MS + terminal.responseMs + slopeMs);
}

/** Pulses that may be asked: setpoints or limits, W, and those that may not, with the reason. */
interface Sizes {
  readonly powerW: readonly number[]; // one or both directions
  readonly findings: readonly Finding[];
}

/** The smallest pulse that every witness tells from its noise. */
function leastW(terminal: Terminal, quiet: Quiet): number {
  return Math.max(TIMES_NOISE * MARGIN * quiet.noiseW, PULSE_MIN_W, terminal.minPowerW * 1.1);
}

/** A pulse of the usual size where there is room, at least `atLeastW`. */
function sizeW(atLeastW: number, ratedW: number, roomW: number): number | undefined {
  const mostW = Math.min(ratedW * SHARE_MAX, roomW);
  if (mostW < atLeastW) return undefined;
  return Math.floor(Math.min(mostW, Math.max(atLeastW, ratedW * SHARE_OF_RATED)) / 10) * 10;
}

/** Room under the limits for power into the node, and out of it. */
function roomW(room: Room, quiet: Quiet, way: 'in' | 'out'): number {
  const marginW = 3 * quiet.noiseW;
  return way === 'in'
    ? room.exportLimitW * LIMIT_SHARE + quiet.gridW - marginW
    : room.importLimitW * LIMIT_SHARE - quiet.gridW - marginW;
}

function setpoints(ask: Ask, terminal: Terminal, quiet: Quiet): Sizes {
  const { site, room } = ask;
  const store = site.stores.find((one) => one.terminal === terminal.id);
  const floorPct = Math.max(store?.socMinPct ?? 0, store === undefined ? 0 : reserveOf(store)) + 2;
  const findings: Finding[] = [];
  const powerW: number[] = [];
  const needW = leastW(terminal, quiet);
  const refuse = (kind: Finding['kind'], sentence: string): void => {
    if (findings.some((one) => one.sentence === sentence)) return;
    findings.push(finding(kind, 'notProven', deviceOf(terminal), { sentence }));
  };
  for (const way of ['out', 'in'] as const) {
    const ratedW = way === 'in' ? terminal.ratedInW : terminal.ratedOutW;
    if (ratedW <= 0) continue;
    const isFull = way === 'out' && store && !((room.socPct ?? 101) < store.socMaxPct - 2);
    const isEmpty = way === 'in' && store && !((room.socPct ?? -1) > floorPct);
    const ownW = (way === 'in' ? room.dischargeMaxW : room.chargeMaxW) ?? Number.POSITIVE_INFINITY;
    const freeW = roomW(room, quiet, way);
    const asked = sizeW(needW, ratedW, Math.min(freeW, ownW));
    if (isFull || isEmpty) refuse('conditions', say.store(terminal, way, room.socPct));
    else if (asked !== undefined) powerW.push(way === 'in' ? asked : -asked);
    else if (needW > ratedW * SHARE_MAX) refuse('noise', say.tooNoisy(terminal, quiet, needW));
    else if (ownW < Math.max(needW, 1)) refuse('conditions', say.ownLimit(terminal, way, ownW));
    else refuse('conditions', say.noRoom(terminal, way, needW, freeW));
  }
  return { powerW, findings };
}

/** A production limit below what the sun gives now, deep enough to be told from noise. */
function curtailment(ask: Ask, terminal: Terminal, quiet: Quiet): Sizes {
  const device = deviceOf(terminal);
  const needW = leastW(terminal, quiet);
  const refuse = (kind: Finding['kind'], sentence: string): Sizes => ({
    powerW: [],
    findings: [finding(kind, 'notProven', device, { sentence })],
  });
  const { productionW } = quiet;
  if (productionW === undefined) return refuse('missing', say.noProduction(terminal));
  if (productionW < Math.max(0.03 * terminal.ratedInW, PULSE_MIN_W)) {
    return refuse('conditions', say.night(terminal, productionW));
  }
  const deepW = productionW - Math.max(terminal.minPowerW, 0.1 * productionW);
  if (deepW < needW) return refuse('noise', say.tooDim(terminal, productionW, needW));
  const freeW = roomW(ask.room, quiet, 'out'); // what is not produced is bought
  if (freeW < needW) return refuse('conditions', say.noRoom(terminal, 'in', needW, freeW));
  const depthW = Math.min(deepW, freeW, Math.max(needW, 0.5 * productionW));
  return { powerW: [Math.round(productionW - depthW)], findings: [] };
}

/** A load is switched, an EV charger set to the smallest step that can be told from noise. */
function steps(ask: Ask, terminal: Terminal, quiet: Quiet): Sizes {
  const device = deviceOf(terminal);
  const perA = VOLTAGE_V * terminal.phases;
  const needW = leastW(terminal, quiet);
  const offered =
    terminal.control === 'on-off'
      ? [terminal.ratedOutW]
      : (terminal.stepsA ?? []).filter((stepA) => stepA > 0).map((stepA) => stepA * perA);
  const askedW = offered.find((powerW) => powerW >= needW);
  const freeW = roomW(ask.room, quiet, 'out');
  const sentence =
    askedW === undefined
      ? say.tooNoisy(terminal, quiet, needW)
      : askedW > freeW
        ? say.noRoom(terminal, 'out', askedW, freeW)
        : undefined;
  if (sentence !== undefined) {
    const kind = askedW === undefined ? 'noise' : 'conditions';
    return { powerW: [], findings: [finding(kind, 'notProven', device, { sentence })] };
  }
  return { powerW: askedW === undefined ? [] : [-askedW], findings: [] };
}

const deviceOf = (terminal: Terminal): string => terminal.controlDevice ?? terminal.device ?? '';

function sizes(ask: Ask, terminal: Terminal, quiet: Quiet): Sizes {
  if (terminal.control === 'limit') return curtailment(ask, terminal, quiet);
  if (terminal.control === 'setpoint') return setpoints(ask, terminal, quiet);
  return steps(ask, terminal, quiet);
}

/** Site file and device about the rating: a factor of three is no rounding. */
function nameplate(terminal: Terminal, ratedW: number | undefined): Finding[] {
  const fileW = Math.max(terminal.ratedInW, terminal.ratedOutW);
  if (ratedW === undefined || !(ratedW > 0) || fileW <= 0) return [];
  if (fileW < 3 * ratedW && ratedW < 3 * fileW) return [];
  const sentence = say.nameplate(terminal, fileW, ratedW);
  const numbers = [
    { name: 'site file', value: fileW, unit: 'W' },
    { name: 'device', value: ratedW, unit: 'W' },
  ];
  return [finding('nameplate', 'wrong', deviceOf(terminal), { sentence, numbers })];
}

/**
 * Three pulses of random length, each way in turn where there are two; then one that is left to the
 * device's own timer, and one that is released.
 */
export function pulseSteps(ask: Ask): Asked {
  const terminal = terminalOf(ask.site, ask.terminal);
  const quiet = quietOf(ask.site, ask.terminal, ask.quiet);
  const wrong = nameplate(terminal, ask.room.ratedW);
  if (wrong.length > 0) return { steps: [], findings: wrong };
  if (quiet.blocking.length > 0) return { steps: [], findings: quiet.blocking };
  const { powerW, findings } = sizes(ask, terminal, quiet);
  if (powerW.length === 0) return { steps: [], findings };
  return { steps: sequence(ask, terminal, powerW, quiet.gridW), findings };
}

function sequence(
  ask: Ask,
  terminal: Terminal,
  powerW: readonly number[],
  gridW: number,
): ProgramStep[] {
  const { random } = ask;
  const settle = settleMs(terminal);
  const between = (least: number, most: number): number =>
    cycles(least + random.next() * (most - least));
  const isTwoWay = powerW.length > 1;
  const restLeast = Math.max(
    settle + 14_000,
    terminal.minRestMs,
    isTwoWay ? ask.directionRestMs + 2_000 : 0,
  );
  const pulseLeast = Math.max(settle + 14_000, terminal.minRunMs);
  const step = (kind: ProgramStep['kind'], asked: number, durationMs: number): ProgramStep => ({
    kind,
    terminal: terminal.id,
    powerW: asked,
    durationMs,
  });
  const pulse = (asked: number): ProgramStep =>
    step('pulse', asked, between(pulseLeast, pulseLeast + 25_000));
  const rest = (): ProgramStep =>
    step('quiet', restW(terminal), between(restLeast, restLeast + 20_000));
  const first = random.next() < 0.5 ? 0 : 1;
  const asked = (index: number): number => powerW[(first + index) % powerW.length] ?? 0;
  const steps: ProgramStep[] = [];
  for (let index = 0; index < PULSES; index += 1) steps.push(pulse(asked(index)), rest());
  // Its own mode would cover the import, or take the export: the other way it is seen to let go.
  const last = powerW.find((one) => one * gridW < 0) ?? asked(PULSES - 1);
  if (ask.reversionMs !== undefined) {
    const waitMs = cycles(ask.reversionMs * 1.25 + settle + 14_000);
    steps.push(step('pulse', last, cycles(pulseLeast)), step('letGo', last, waitMs), rest());
  }
  steps.push(step('pulse', last, cycles(pulseLeast)));
  steps.push(step('release', last, cycles(settle + 20_000)));
  return steps;
}
