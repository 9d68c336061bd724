import { Fault } from '../../gateway/contracts/values/fault.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../gateway/contracts/values/time.ts';
import { createStream } from '../random.ts';
import { FAULT_KINDS, type FaultKind, isFaultKind, specOf } from './fault-kinds.ts';

/** One fault of a run. */
export interface PlannedFault {
  readonly atMs: number; // since the start of the run
  readonly kind: FaultKind;
  readonly siteIndex: number;
  readonly pickPct: number; // of the site's wires, which
  readonly line: string;
  readonly forMs: number;
}

/** The first minutes are without faults, so that every run has begun. */
const CALM_MS = 5 * MINUTE_MS;
/** The last ones as well: every fault has ended, and what waited has come through. */
export const DRAIN_MS = 10 * MINUTE_MS;
const MEAN_GAP_MS = HOUR_MS / 3; // a site
/** How long a rule of a wire stands: as long as its fault, or what comes after is judged in it. */
const FOR = / for (\d+)ms$/;

/** The faults of one seed, in order. */
export function planFaults(seed: number, sites: number, durationMs: number): PlannedFault[] {
  const random = createStream(seed, 'faults');
  const weights = FAULT_KINDS.map((kind) => specOf(kind).weight);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const faults: PlannedFault[] = [];
  let atMs = CALM_MS;
  for (;;) {
    atMs += Math.round((2 * MEAN_GAP_MS * random.next()) / sites);
    if (atMs > durationMs - DRAIN_MS) return faults;
    let left = total * random.next();
    const index = weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    });
    const kind = FAULT_KINDS[Math.max(0, index)] ?? 'wire-drop';
    const siteIndex = Math.floor(sites * random.next());
    const pickPct = Math.floor(100 * random.next());
    const drawn = specOf(kind).draw(random);
    const forMs = Math.min(drawn.forMs, Math.max(1, durationMs - DRAIN_MS - atMs));
    const line = drawn.line.replace(FOR, ` for ${forMs}ms`);
    faults.push({ atMs, kind, siteIndex, pickPct, line, forMs });
  }
}

/** `wire-drop@3600000+20000/0:37=drop for 20000ms`: kind, when, how long, where, how. */
export function faultText(fault: PlannedFault): string {
  const { kind, atMs, forMs, siteIndex, pickPct, line } = fault;
  const more = line === '' ? '' : `=${line}`;
  return `${kind}@${atMs}+${forMs}/${siteIndex}:${pickPct}${more}`;
}

/** Where no rule of a wire's devices is meant: what the words of a kind may be. */
const WORDS: Partial<Record<FaultKind, RegExp>> = {
  'scale-flips': /^-?1$/,
  'soc-jump': /^socPct=\d{1,3}$/,
  'bms-hot': /^temperatureC=-?\d{1,3}$/,
  'ct-unplugged': /^powerW=-?\d{1,6}$/,
  'file-damage': /^(no JSON|\{.*\}|half|database)$/,
  'plan-babbles': /^(huge|kilo|turned|crossed|NaN)$/,
  'clock-jump': /^-?\d{1,10}$/, // ms
  'solver-bad': /^(infeasible|time-limit|nan|crash)$/,
  'limit-absurd': /^\d{1,12}$/, // W
  'text-hostile': /^[0-4]$/,
  'price-odd': /^(null|NaN|-?\d{1,9})$/,
};

/** The run that faults by hand are for. */
export interface FaultedRun {
  readonly sites: number;
  readonly days: number;
}

/** Faults by hand, with `;` between them. @throws Fault when one is none, or none of this run */
export function parseFaults(text: string, run?: FaultedRun): PlannedFault[] {
  return text
    .split(';')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const fault = parseOne(part.trim());
      if (run !== undefined) checkMeant(fault, part.trim(), run);
      return fault;
    })
    .sort((a, b) => a.atMs - b.atMs);
}

function checkMeant({ siteIndex, atMs }: PlannedFault, part: string, run: FaultedRun): void {
  const of = run.sites === 1 ? 'the run has site 0 alone' : `the last site is ${run.sites - 1}`;
  if (siteIndex >= run.sites) {
    throw new Fault(`'${part}' is of site ${siteIndex}`, '--faults', `${of}: see --sites`);
  }
  if (atMs < run.days * DAY_MS) return;
  throw new Fault(`'${part}' comes after the end`, '--faults', 'make --days longer');
}

function parseOne(part: string): PlannedFault {
  const found = /^([a-z0-9-]+)@(\d+)\+(\d+)\/(\d+):(\d{1,2})(?:=(.*))?$/.exec(part);
  const [, kind = '', atMs, forMs, siteIndex, pickPct, line = ''] = found ?? [];
  if (found === null || !isFaultKind(kind)) {
    const mend = 'write KIND@AT_MS+FOR_MS/SITE:PICK=RULE, as a failed run prints it';
    throw new Fault(`'${part}' is no fault`, '--faults', mend);
  }
  const ruleForMs = FOR.exec(line)?.[1];
  if (ruleForMs !== undefined && ruleForMs !== forMs) {
    const what = `'${part}' stands for ${forMs} ms and its rule for ${ruleForMs} ms`;
    throw new Fault(what, '--faults', 'write the same time twice');
  }
  if (WORDS[kind]?.test(line) === false) {
    const mend = `take the words that 'edgewatt-sim world' prints for ${kind}`;
    throw new Fault(`'${line}' says nothing to ${kind}`, '--faults', mend);
  }
  return {
    atMs: Number(atMs),
    kind,
    siteIndex: Number(siteIndex),
    pickPct: Number(pickPct),
    line,
    forMs: Number(forMs),
  };
}
