import { decodePoint, encodePoint, WORDS, wordOffsetsOf } from './codec.ts';
import type { ControlSpec, PointSpec, Profile, ResolvedPoint, WriteStep } from './profile.ts';
import { wordsOfPoint } from './resolve.ts';

/** What is wrong with a profile, where, and how to mend it. */
export interface ProfileFinding {
  readonly path: readonly (string | number)[];
  readonly what: string;
  readonly mend: string;
}

const KEY = /^([a-z][A-Za-z0-9]*\.)?[a-z][A-Za-z0-9]*$/;
const POWER = /(^|\.)power(L\d)?W$/;
/** Ends of a point's name by unit: units end every name. */
const ENDS: Readonly<Record<string, RegExp>> = {
  W: /W$/,
  VA: /Va$/,
  var: /Var$/,
  A: /A$/,
  V: /V$/,
  Hz: /Hz$/,
  Wh: /Wh$/,
  varh: /Varh$/,
  pct: /Pct$/,
  degC: /C$/,
  s: /S$/,
};
/** A device's own time may not be longer than this where it cannot be set (DESIGN, section 3). */
const LONGEST_FIXED_S = 300;

/** Everything that spans several entries of a profile. */
export function checkProfile(profile: Profile): ProfileFinding[] {
  const names = [...nameFindings(profile), ...references(profile)];
  if (names.length > 0) return names;
  return [
    ...pointFindings(profile),
    ...overlaps(profile),
    ...profile.control.flatMap((spec, index) => controlFindings(profile, spec, index)),
    ...exampleFindings(profile),
  ];
}

const entries = (profile: Profile): [string, PointSpec][] => Object.entries(profile.points);

function nameFindings(profile: Profile): ProfileFinding[] {
  return entries(profile).flatMap(([key, { unit, as }]) => {
    if (as === 'sf') return [];
    const ends = ENDS[unit];
    if (KEY.test(key) && (ends === undefined || ends.test(key))) return [];
    return [
      {
        path: ['points', key],
        what: KEY.test(key) ? `the name does not say its unit ${unit}` : 'not a name of a point',
        mend: 'write quantity with unit, or part.quantity, such as battery.powerW',
      },
    ];
  });
}

function references(profile: Profile): ProfileFinding[] {
  const found: ProfileFinding[] = [];
  const need = (path: (string | number)[], key: string | undefined): void => {
    if (key === undefined || profile.points[key] !== undefined) return;
    found.push({ path, what: `no point is called '${key}'`, mend: 'name one of its points' });
  };
  profile.identity.forEach((key, n) => need(['identity', n], key));
  for (const [sum, parts] of Object.entries(profile.sums ?? {})) {
    parts.forEach((part, n) => need(['sums', sum, n], part));
    if (profile.points[sum] === undefined) continue;
    const what = `'${sum}' is a register and a sum`;
    found.push({ path: ['sums', sum], what, mend: 'keep one of them' });
  }
  profile.control.forEach((spec, n) => {
    for (const list of ['arm', 'set', 'release'] as const) {
      spec[list].forEach(({ point }, k) => need(['control', n, list, k, 'point'], point));
    }
    need(['control', n, 'reversion', 'remaining'], spec.reversion.remaining);
    need(['control', n, 'heartbeat', 'point'], spec.heartbeat?.point);
    need(['control', n, 'unlock', 'write', 'point'], spec.unlock?.write?.point);
  });
  for (const [key, { scaleFrom }] of entries(profile)) need(['points', key], scaleFrom);
  profile.examples.forEach(({ reads, unavailable = [] }, n) => {
    for (const key of [...Object.keys(reads), ...unavailable]) need(['examples', n, 'reads'], key);
  });
  return found;
}

function pointFindings(profile: Profile): ProfileFinding[] {
  const found: ProfileFinding[] = [];
  for (const [key, point] of entries(profile)) {
    const add = (what: string, mend: string): void => {
      found.push({ path: ['points', key], what, mend });
    };
    const size = wordsOfPoint(point);
    const offsets = point.wordOffsets;
    if (point.at + size > 65_536) add('it ends beyond register 65535', 'correct its address');
    if (size > profile.limits.maxRegistersPerRead) {
      add(`${size} registers are more than one read may ask`, 'raise limits.maxRegistersPerRead');
    }
    if (offsets !== undefined && !offsetsFit(point, offsets)) {
      add('wordOffsets do not fit its type', 'begin with 0, rise, and name each of its words');
    }
    const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = point;
    if (min > max) add(`min ${min} is above max ${max}`, 'correct the range');
    const isOut = point.space === 'input' || point.space === 'discrete';
    if (point.writable === true && isOut) add('it cannot be written there', 'drop writable');
    if (point.writeOnly && point.writable !== true) add('writeOnly, and not writable', 'add it');
    if (point.model !== undefined && profile.kind === 'registers') {
      add('it names a SunSpec model', 'use kind: sunspec, or an absolute address');
    }
    // Meters count + import, and say so once for all (`signs`).
    const states = profile.role === 'meter' || point.model !== undefined;
    if (POWER.test(key) && !states && point.sign === undefined) {
      add('its sign is not stated', 'sign 1: + flows into the busbar already; -1: turned');
    }
  }
  const signed = entries(profile).some(
    ([key, { model }]) => POWER.test(key) && model === undefined,
  );
  if (signed && profile.signs === undefined) {
    const mend = 'seen: a source states them; assumed: to be proven on the device';
    found.push({ path: ['signs'], what: 'where the signs come from is not said', mend });
  }
  return found;
}

function offsetsFit(point: PointSpec, offsets: readonly number[]): boolean {
  const rising = offsets.every((own, n) => n === 0 || own > (offsets[n - 1] ?? own));
  return point.as !== 'str' && offsets[0] === 0 && rising && offsets.length === WORDS[point.as];
}

const resolved = (key: string, point: PointSpec): ResolvedPoint => ({
  ...point,
  key,
  count: wordsOfPoint(point),
});

function overlaps(profile: Profile): ProfileFinding[] {
  const taken = new Map<string, string>();
  const found: ProfileFinding[] = [];
  for (const [key, point] of entries(profile)) {
    for (const offset of wordOffsetsOf(resolved(key, point))) {
      const model = point.model === undefined ? '' : `${point.model}/${point.position ?? 1}`;
      const where = `${model} ${point.space} ${point.at + offset}`.trim();
      const first = taken.get(where);
      taken.set(where, key);
      if (first === undefined || first === key) continue;
      const what = `stands on ${where}, and so does '${first}'`;
      found.push({ path: ['points', key], what, mend: 'correct an address or a type' });
      break;
    }
  }
  const holes = profile.kind === 'registers' ? (profile.unreadable ?? []) : [];
  holes.forEach(({ space, at, words }, n) => {
    const hit = entries(profile).find(
      ([, own]) => own.space === space && own.at < at + words && at < own.at + wordsOfPoint(own),
    );
    if (hit === undefined || hit[1].writeOnly) return;
    const what = `'${hit[0]}' stands in it`;
    found.push({ path: ['unreadable', n], what, mend: 'correct the hole, or drop the point' });
  });
  return found;
}

function controlFindings(profile: Profile, spec: ControlSpec, index: number): ProfileFinding[] {
  const found: ProfileFinding[] = [];
  const at = ['control', index];
  const add = (path: (string | number)[], what: string, mend: string): void => {
    found.push({ path: [...at, ...path], what, mend });
  };
  const same = profile.control.findIndex(({ binds, kind }) => {
    return binds === spec.binds && kind === spec.kind;
  });
  if (same !== index) add([], `control[${same}] binds the same`, 'keep one of them');
  for (const list of ['arm', 'set', 'release'] as const) {
    spec[list].forEach((step, n) => {
      const problem = stepProblem(profile, spec[list], n);
      if (problem !== undefined) add([list, n], problem, `correct '${step.point}' or its order`);
    });
  }
  if (spec.heartbeat !== undefined && profile.points[spec.heartbeat.point]?.writable !== true) {
    add(['heartbeat'], 'its point is not writable', 'name a writable point');
  }
  const code = spec.unlock?.write?.point;
  if (code !== undefined && profile.points[code]?.writable !== true) {
    add(['unlock', 'write'], 'its point is not writable', 'name a writable point');
  }
  const { to, minS, maxS, renewedBy } = spec.reversion;
  const timed = spec.arm.some(({ value }) => 'from' in value && value.from === 'timeoutS');
  if (to === 'none') {
    if (timed) add(['reversion'], 'arm sets a time, and to is none', 'say what it reverts to');
    if (renewedBy !== 'none') add(['reversion'], 'nothing to renew', "write renewedBy: 'none'");
  } else if (!(minS > 0 && minS <= maxS && minS <= LONGEST_FIXED_S)) {
    add(['reversion'], `${minS} to ${maxS} s is no time`, 'at least 1, at most 300 s as minS');
  } else if (!timed && minS !== maxS) {
    add(['reversion'], 'nothing sets its time', 'set it from timeoutS in arm, or minS = maxS');
  }
  const counts = (key: string): boolean => spec.set.filter((s) => s.point === key).length > 1;
  const twice = spec.set.find(({ point, when }) => {
    return profile.points[point]?.stored === true && when === undefined && counts(point);
  });
  if (twice) add(['set'], `'${twice.point}' is stored and written twice`, 'write it once');
  return found;
}

function stepProblem(
  profile: Profile,
  steps: readonly WriteStep[],
  index: number,
): string | undefined {
  const step = steps[index];
  const point = step && profile.points[step.point];
  if (step === undefined || point === undefined) return undefined;
  if (point.writable !== true) return `'${step.point}' is not writable`;
  const { states } = point;
  if ('const' in step.value && states && !Object.values(states).includes(step.value.const)) {
    return `${step.value.const} is no state of '${step.point}'`;
  }
  if (!step.together) return undefined;
  const before = profile.points[steps[index - 1]?.point ?? ''];
  const follows = before !== undefined && before.at + wordsOfPoint(before) === point.at;
  return follows ? undefined : `'${step.point}' does not follow on the register before it`;
}

/** Examples decode to what they say and encode to the same registers. */
function exampleFindings(profile: Profile): ProfileFinding[] {
  if (profile.examples.length === 0 && Object.keys(profile.points).length > 0) {
    return [{ path: ['examples'], what: 'none', mend: 'add registers and what they read' }];
  }
  return profile.examples.flatMap((example, n) => {
    const words = wordsOf(example.registers);
    const reads = Object.entries(example.reads).map(([key, value]): [string, number?] => [
      key,
      value,
    ]);
    const none = (example.unavailable ?? []).map((key): [string, number?] => [key]);
    return [...reads, ...none].flatMap(([key, value]) => {
      const what = exampleProblem(profile, words, key, value);
      if (what === undefined) return [];
      return [
        { path: ['examples', n, 'reads', key], what, mend: 'correct the example or the point' },
      ];
    });
  });
}

const wordsOf = (registers: Readonly<Record<number, readonly number[]>>): Map<number, number> =>
  new Map(
    Object.entries(registers).flatMap(([at, words]) =>
      words.map((word, n): [number, number] => [Number(at) + n, word]),
    ),
  );

function exampleProblem(
  profile: Profile,
  words: ReadonlyMap<number, number>,
  key: string,
  value: number | undefined,
): string | undefined {
  const spec = profile.points[key];
  if (spec === undefined || spec.as === 'str') return 'text and unknown points have no number';
  const none = [...(profile.notAvailable?.[spec.as] ?? []), ...(spec.notAvailable ?? [])];
  const point = resolved(key, { ...spec, notAvailable: none });
  const offsets = wordOffsetsOf(point);
  if (offsets.some((offset) => !words.has(spec.at + offset))) return 'its registers are not given';
  const all = Array.from({ length: point.count }, (_, n) => words.get(spec.at + n) ?? 0);
  const scale = spec.scaleFrom === undefined ? undefined : profile.points[spec.scaleFrom];
  const exponent =
    scale && decodePoint(profile, resolved('sf', scale), [words.get(scale.at) ?? Number.NaN], 0);
  const read = decodePoint(profile, point, all, 0, exponent);
  if (read !== value) return `reads ${read ?? 'not available'}, not ${value ?? 'not available'}`;
  if (value === undefined) return undefined;
  try {
    const back = encodePoint(profile, point, value, exponent);
    const own = offsets.map((offset) => all[offset]);
    return back.join() === own.join() ? undefined : `writes [${back}], not [${own}]`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
