import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Site } from '../../gateway/contracts/values/site.ts';
import type { PartConfig, PlantConfig } from '../plant/plant.ts';
import type { Script } from '../plant/script.ts';
import type { PhaseShares } from '../plant/types.ts';
import { plantFromSite } from '../sites/plant.ts';
import { parseAct, type Ramp, timeAndName } from './acts.ts';
import { parseExpectation } from './expectations.ts';
import type { Act, Expectation, PriceStep, Scenario } from './types.ts';
import { instant, quantity, type TimeFrame, Unclear } from './words.ts';

/** One `KEY: TEXT` of a list, with its line. */
export interface Entry {
  readonly line: number;
  readonly key: string;
  readonly text: string;
}

/** What a file says, before its words are understood. */
export interface Draft {
  readonly name: string;
  readonly title: string;
  readonly why: string;
  readonly site: Site;
  readonly seed: number;
  readonly startMs: number; // UTC
  readonly untilMs: number;
  readonly socPct: number;
  readonly models: Readonly<Record<string, 'factory' | 'house' | 'none'>>;
  readonly ownModes: Readonly<Record<string, 'idle' | 'self-consumption'>>;
  readonly phases: Readonly<Record<string, PhaseShares>>;
  readonly prices: readonly Entry[];
  readonly timeline: readonly Entry[];
  readonly excused: readonly string[];
  readonly open: string | undefined;
  readonly expect: readonly Entry[];
}

/** A line that cannot be understood. */
export interface Misread {
  readonly line: number;
  readonly what: string;
  readonly mend: string;
}

/** Of these the first one is called 'fault', where the file gives it no name. */
const FAULTY = new Set(['fault', 'process', 'broker', 'clock', 'heartbeat']);
const NANO_PER_CENT_KWH = 10_000; // 1 ct/kWh in nano-currency per Wh

/** @returns the scenario, or every line that is none of ours */
export function compile(draft: Draft): Scenario | readonly Misread[] {
  const wrong: Misread[] = [];
  const anchors = new Map<string, { fromMs: number; untilMs: number }>();
  const { startMs, untilMs, site } = draft;
  const frame: TimeFrame = { startMs, untilMs, timeZone: site.place.timeZone, anchors };
  const reading = <T>(line: number, run: () => T): T | undefined => {
    try {
      return run();
    } catch (error) {
      if (error instanceof Unclear) wrong.push({ line, what: error.message, mend: error.mend });
      else if (error instanceof Fault) wrong.push({ line, what: error.what, mend: error.mend });
      else throw error;
      return undefined;
    }
  };
  const acts: Act[] = [];
  const ramps: Ramp[] = [];
  for (const { line, key, text } of draft.timeline) {
    const read = reading(line, () => parseAct({ line, time: key, text }, frame, site));
    if (read === undefined) continue;
    acts.push(read.act);
    if (read.ramp !== undefined) ramps.push(read.ramp);
    const { name = FAULTY.has(read.act.does.kind) ? 'fault' : undefined } = timeAndName(key);
    const isTaken = name !== undefined && anchors.has(name);
    if (name === undefined || (isTaken && name === 'fault')) continue;
    if (isTaken) wrong.push({ line, what: `'${name}' is taken`, mend: 'choose another name' });
    anchors.set(name, { fromMs: read.act.atMs, untilMs: read.act.untilMs });
  }
  const prices = draft.prices.map(({ line, key, text }) =>
    reading(line, (): PriceStep => {
      const cents = quantity(text.replace(/ ?ct$/, ''), '');
      const priceNanoPerWh = Math.round(cents * NANO_PER_CENT_KWH);
      return { atMs: instant(key, frame), priceNanoPerWh };
    }),
  );
  const expectations = draft.expect.map(({ line, key, text }) =>
    reading(line, () => parseExpectation({ line, when: key, text }, frame, site)),
  );
  if (wrong.length > 0) return wrong.sort((a, b) => a.line - b.line);
  const isThere = <T>(one: T | undefined): one is T => one !== undefined;
  return {
    ...draft,
    anchors,
    acts: acts.sort((a, b) => a.atMs - b.atMs),
    prices: prices.filter(isThere),
    expectations: expectations.filter(isThere) as Expectation[],
    plant: plantOf(draft, ramps),
  };
}

function plantOf(draft: Draft, ramps: readonly Ramp[]): PlantConfig {
  const { site, seed, socPct, models, ownModes } = draft;
  const plant = plantFromSite(site, { seed, startSocPct: socPct, loads: models, ownModes });
  const phaseShares = { ...plant.phaseShares, ...draft.phases };
  const isUneven = Object.keys(phaseShares).length > 0;
  const parts = plant.parts.map((part) => dressed(part, ramps));
  return { ...plant, parts, ...(isUneven && { phaseShares }) };
}

/** The part with the power that the time line gives it. */
function dressed(part: PartConfig, ramps: readonly Ramp[]): PartConfig {
  const sunId = part.kind === 'hybrid' ? part.pvId : part.id;
  const script = scriptOf(ramps.filter(({ terminal }) => terminal === sunId));
  const isScripted = part.kind === 'load' || part.kind === 'pv' || part.kind === 'hybrid';
  return isScripted && script !== undefined ? { ...part, script } : part;
}

function scriptOf(ramps: readonly Ramp[]): Script | undefined {
  if (ramps.length === 0) return undefined;
  const corners: { atMs: number; powerW: number }[] = [];
  for (const { atMs, overMs, powerW } of ramps.toSorted((a, b) => a.atMs - b.atMs)) {
    corners.push({ atMs, powerW: corners.at(-1)?.powerW ?? powerW });
    corners.push({ atMs: atMs + overMs, powerW });
  }
  return corners;
}
