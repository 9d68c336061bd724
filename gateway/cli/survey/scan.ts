import type { Profile } from '../../../devices/profile.ts';
import { Fault } from '../../contracts/values/fault.ts';
import type { BusSpec } from '../../contracts/values/site.ts';
import { clashOf, oddities } from './clash.ts';
import type { Desk } from './desk.ts';
import { answers, type Found, look, PRESENCE, REQUESTS_MAX } from './identify.ts';
import { CONNECT_DELAY_MS, LATE_MS, type Line, type Pacing } from './line.ts';

/** What to look at. */
export interface Field {
  readonly hosts: readonly BusSpec[];
  /** Of each serial line its settings, tried in turn until a unit answers. */
  readonly lines: readonly (readonly BusSpec[])[];
  readonly units: readonly number[];
}

export interface Placed {
  readonly bus: BusSpec;
  readonly found: Found;
}

export interface Survey {
  readonly placed: readonly Placed[];
  readonly closed: readonly { readonly bus: BusSpec; readonly why: string }[];
  /** Units that two devices seem to have: none of them can be used. */
  readonly clashes: readonly {
    readonly bus: BusSpec;
    readonly unit: number;
    readonly why: string;
  }[];
  readonly requests: number;
}

export interface ScanTold {
  begun?(bus: BusSpec): void;
  found?(bus: BusSpec, found: Found): void;
  closed?(bus: BusSpec, why: string): void;
  clash?(bus: BusSpec, why: string): void;
  host?(done: number, all: number): void;
}

/** Hosts at a time; each has one connection. */
const HOSTS_AT_ONCE = 8;

const seconds = (ms: number): string => `${Math.ceil(ms / 100) / 10} s`;
const unitWords = (units: readonly number[]): string =>
  units.length === 1
    ? `unit ${units[0]}`
    : `${units.length} units (${units[0]} to ${units.at(-1)})`;

/** What a scan is going to do, in numbers. */
export interface ScanPlan {
  readonly connections: number;
  readonly connectMostMs: number; // for all of them, where nobody answers
  readonly readsToSilentUnit: number;
  readonly silentUnitMs: number;
  readonly readsToUnitMost: number;
  readonly settings: number; // of serial lines
  readonly serialMostMs: number; // where nobody answers
}

export function planOf({ hosts, lines, units }: Field, pacing: Pacing): ScanPlan {
  const settings = lines.reduce((sum, line) => sum + line.length, 0);
  const silentUnitMs = PRESENCE.length * (pacing.timeoutMs + LATE_MS);
  return {
    connections: hosts.length,
    connectMostMs: Math.ceil(byHost(hosts).length / HOSTS_AT_ONCE) * pacing.connectMs,
    readsToSilentUnit: PRESENCE.length,
    silentUnitMs,
    readsToUnitMost: REQUESTS_MAX,
    settings,
    serialMostMs: settings * units.length * silentUnitMs,
  };
}

/** The same for people, before anything is sent. */
export function planText(field: Field, pacing: Pacing): string[] {
  const { hosts, lines, units } = field;
  const plan = planOf(field, pacing);
  const network =
    hosts.length === 0
      ? []
      : [
          `${hosts.length} network address(es): one connection each, ` +
            `${HOSTS_AT_ONCE} hosts at a time, given up after ${seconds(pacing.connectMs)}: ` +
            `at most ${seconds(plan.connectMostMs)} where nobody listens.`,
          `Where one listens: ${unitWords(units)}, and for each that is silent ` +
            `${seconds(plan.silentUnitMs + CONNECT_DELAY_MS)}.`,
        ];
  const serial = lines.map((choices) => {
    const [first] = choices;
    const path = first?.kind === 'serial' ? first.path : '';
    const all = choices.flatMap((one) =>
      one.kind === 'serial' ? [`${one.baud} ${one.parity}`] : [],
    );
    const mostMs = choices.length * units.length * plan.silentUnitMs;
    const reads = choices.length * units.length * plan.readsToSilentUnit;
    return (
      `${path} (${all.join(', ')}; until a unit answers): ${unitWords(units)}, ` +
      `${reads} reads and at most ${seconds(mostMs)} where all are silent.`
    );
  });
  return [
    ...network,
    ...serial,
    `Reads only, one at a time on each wire: ${PRESENCE.length} to a silent unit, ` +
      `at most ${REQUESTS_MAX} to one that answers.`,
  ];
}

/** Ports of one host one after the other: one connection at a time. */
function byHost(hosts: readonly BusSpec[]): BusSpec[][] {
  const groups = new Map<string, BusSpec[]>();
  for (const bus of hosts) {
    const key = bus.kind === 'serial' ? bus.path : bus.host;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [bus]);
    else group.push(bus);
  }
  return [...groups.values()];
}

/** Everybody on an open wire. */
async function survey(
  line: Line,
  units: readonly number[],
  profiles: readonly Profile[],
  told: { found(found: Found): void; clash(unit: number, why: string): void },
): Promise<Found[]> {
  const all: Found[] = [];
  for (const unit of units) {
    const before = oddities(line);
    const isThere = await answers(line, unit);
    const clash = oddities(line) === before ? undefined : await clashOf(line, unit);
    if (clash !== undefined) told.clash(unit, clash);
    const found = isThere && clash === undefined ? await look(line, unit, profiles) : undefined;
    if (found === undefined) continue;
    all.push(found);
    told.found(found);
  }
  return all;
}

class Scan {
  readonly placed: Placed[] = [];
  readonly closed: { bus: BusSpec; why: string }[] = [];
  readonly clashes: { bus: BusSpec; unit: number; why: string }[] = [];
  requests = 0;
  private readonly desk: Desk;
  private readonly profiles: readonly Profile[];
  private readonly told: ScanTold;

  constructor(desk: Desk, profiles: readonly Profile[], told: ScanTold) {
    this.desk = desk;
    this.profiles = profiles;
    this.told = told;
  }

  /** @returns how many answered */
  async look(bus: BusSpec, units: readonly number[]): Promise<number> {
    this.told.begun?.(bus);
    let line: Line;
    try {
      line = await this.desk.open(bus);
    } catch (error) {
      if (error instanceof Fault) throw error;
      const why = error instanceof Error ? error.message : String(error);
      this.closed.push({ bus, why });
      this.told.closed?.(bus, why);
      return 0;
    }
    try {
      const all = await survey(line, units, this.profiles, {
        found: (found) => this.told.found?.(bus, found),
        clash: (unit, why) => {
          this.clashes.push({ bus, unit, why });
          this.told.clash?.(bus, why);
        },
      });
      this.placed.push(...all.map((found) => ({ bus, found })));
      return all.length;
    } finally {
      this.requests += line.requests;
      line.close();
    }
  }
}

/**
 * Asks everybody who they are. @throws Fault where a running gateway has one of the wires
 */
export async function scanField(
  desk: Desk,
  { hosts, lines, units }: Field,
  profiles: readonly Profile[],
  told: ScanTold,
): Promise<Survey> {
  const scan = new Scan(desk, profiles, told);
  const groups = byHost(hosts);
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const group = groups[next];
      next += 1;
      if (group === undefined) return;
      for (const bus of group) await scan.look(bus, units);
      done += 1;
      told.host?.(done, groups.length);
    }
  };
  await Promise.all(Array.from({ length: HOSTS_AT_ONCE }, work));
  for (const choices of lines) {
    for (const bus of choices) {
      // Two settings on one line make no sense: the others are left out.
      if ((await scan.look(bus, units)) > 0) break;
    }
  }
  const order = new Map([...hosts, ...lines.flat()].map((bus, index) => [bus, index]));
  const at = ({ bus }: { readonly bus: BusSpec }): number => order.get(bus) ?? 0;
  const placed = scan.placed.sort((a, b) => at(a) - at(b) || a.found.unit - b.found.unit);
  const closed = scan.closed.sort((a, b) => at(a) - at(b));
  return { placed, closed, clashes: scan.clashes, requests: scan.requests };
}

/** One box that answers at two addresses tells the same serial number at both. */
export function isSameBox(a: Found, b: Found): boolean {
  const { serial, maker } = a.identity;
  return Boolean(serial) && b.identity['serial'] === serial && b.identity['maker'] === maker;
}
