import { THROUGH } from '../../devices/catalogue.ts';
import type {
  ControlSpec,
  PointSpec,
  Profile,
  ThroughDevice,
  WriteStep,
} from '../../devices/profile.ts';
import { profileJsonSchema } from '../config/profile-schema.ts';
import { allProfiles } from '../config/profiles.ts';
import { Fault } from '../contracts/values/fault.ts';
import { print, printJson, table } from './output.ts';

/** What the table of devices says of one; docs/devices.md has the same. */
export interface DeviceRow {
  readonly id: string;
  readonly title: string;
  readonly role: string;
  readonly reads: string;
  readonly controls: string;
  readonly unproven: string;
}

const keysOf = (profile: Profile): string[] => [
  ...Object.entries(profile.points).flatMap(([key, { as }]) => (as === 'sf' ? [] : [key])),
  ...Object.keys(profile.sums ?? {}),
];

const QUANTITIES: readonly (readonly [string, RegExp])[] = [
  ['power', /^(power(L\d)?|power)W$/],
  ['energy', /^(in|out)(L\d)?Wh$/],
  ['SoC', /^socPct$/],
];

/** 'itself power, energy; battery power, energy, SoC'. */
function readsOf(profile: Profile): string {
  if (profile.kind === 'sunspec' && profile.auto === true) return 'what its models say';
  const parts = new Map<string, Set<string>>();
  for (const key of keysOf(profile)) {
    const dot = key.indexOf('.');
    const part = dot < 0 ? 'itself' : key.slice(0, dot);
    const quantity = QUANTITIES.find(([, pattern]) => pattern.test(key.slice(dot + 1)))?.[0];
    if (quantity === undefined) continue;
    parts.set(part, (parts.get(part) ?? new Set()).add(quantity));
  }
  return [...parts]
    .map(([part, own]) => {
      const known = QUANTITIES.flatMap(([name]) => (own.has(name) ? [name] : []));
      return `${part} ${known.join(', ')}`;
    })
    .join('; ');
}

function reversionOf({ reversion }: ControlSpec): string {
  const { to, minS, maxS } = reversion;
  if (to === 'none') return 'no time of its own';
  const time = minS === maxS ? `after ${minS} s` : `after ${minS} to ${maxS} s`;
  return `${to} ${time}${reversion.unproven ? ', unproven' : ''}`;
}

function controlsOf(profile: Profile): string {
  if (profile.kind === 'sunspec' && profile.auto === true) return 'what its models say';
  if (profile.control.length === 0) return 'nothing';
  return profile.control
    .map(
      (spec) => `${spec.binds === '' ? 'itself' : spec.binds} ${spec.kind}: ${reversionOf(spec)}`,
    )
    .join('; ');
}

/** 'battery setpoint (own-mode), itself limit (none)'. */
function controlsInShort(profile: Profile): string {
  if (profile.kind === 'sunspec' && profile.auto === true) return 'what its models say';
  if (profile.control.length === 0) return '-';
  return profile.control
    .map(({ binds, kind, reversion: { to, unproven } }) => {
      const end = `${to}${unproven ? '?' : ''}`;
      return `${binds === '' ? 'itself' : binds} ${kind} (${end})`;
    })
    .join(', ');
}

function unprovenOf(profile: Profile): string {
  const points = Object.entries(profile.points).filter(([, { unproven }]) => unproven);
  const marks = [
    profile.signs === 'assumed' ? 'signs' : '',
    profile.control.some(({ reversion }) => reversion.unproven) ? 'its reversion' : '',
    points.length > 0 ? points.map(([key]) => key).join(', ') : '',
  ];
  return marks.filter((mark) => mark !== '').join('; ') || '-';
}

export const deviceRow = (profile: Profile): DeviceRow => ({
  id: profile.id,
  title: profile.title,
  role: profile.role,
  reads: readsOf(profile),
  controls: controlsOf(profile),
  unproven: unprovenOf(profile),
});

export const throughRow = (device: ThroughDevice): DeviceRow => ({
  id: device.id,
  title: device.title,
  role: 'battery',
  reads: `through ${device.through.join(', ')}`,
  controls: 'nothing',
  unproven: '-',
});

/** `edgewatt devices list`. @param dir  folder with the site file, for the user's own profiles */
export function listDevices(dir: string | undefined, json: boolean): void {
  const rows = [...allProfiles(dir).map(deviceRow), ...THROUGH.map(throughRow)].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  if (json) return printJson({ devices: rows });
  const short = new Map(allProfiles(dir).map((one) => [one.id, controlsInShort(one)]));
  print(
    table([
      ['PROFILE', 'CONTROL (ENDS IN)', 'DEVICE'],
      ...rows.map(({ id, title }) => [id, short.get(id) ?? '-', title]),
    ]),
  );
  print('(none): nothing ends a setpoint by itself; ?: unproven. No device was on a bench yet.');
}

function stepWords({ point, value, when, together }: WriteStep): string {
  const what = 'const' in value ? `${value.const}` : `<${value.from}>`;
  return `${together ? '+ ' : ''}${point} = ${what}${when === undefined ? '' : ` (${when})`}`;
}

function controlLines(spec: ControlSpec): string[] {
  const sequence = (name: string, steps: readonly WriteStep[]): string[] =>
    steps.length === 0 ? [] : [`  ${name}: ${steps.map(stepWords).join(', ')}`];
  const wear = spec.writesPerDay === undefined ? '' : `, ${spec.writesPerDay} stored writes a day`;
  return [
    `Control of ${spec.binds === '' ? 'the device' : spec.binds} by ${spec.kind}: ${spec.source}`,
    ...sequence('arm', spec.arm),
    ...sequence('set', spec.set),
    ...sequence('release', spec.release),
    `  ends: ${reversionOf(spec)}, renewed by ${spec.reversion.renewedBy}; ${spec.flash}${wear}`,
    ...(spec.heartbeat ? [`  heartbeat: ${spec.heartbeat.point}, ${spec.heartbeat.everyS} s`] : []),
    ...(spec.minPowerW === undefined ? [] : [`  at least ${spec.minPowerW} W`]),
    ...(spec.stepW === undefined ? [] : [`  in steps of ${spec.stepW} W`]),
    ...(spec.responseMs === undefined ? [] : [`  follows after ${spec.responseMs} ms`]),
    ...(spec.restartMs === undefined ? [] : [`  takes writes ${spec.restartMs} ms after power-up`]),
    ...(spec.unlock ? [`  first (${spec.unlock.by}): ${spec.unlock.how}`] : []),
  ];
}

function pointRow(key: string, point: PointSpec): string[] {
  const { at, model, space, as, unit, scale = 1, scaleFrom, offset, sign } = point;
  const marks = [
    point.writable ? (point.writeOnly ? 'write only' : 'writable') : '',
    point.stored ? 'stored' : '',
    point.unproven ? 'unproven' : '',
    point.only ?? '',
  ];
  return [
    key,
    model === undefined ? `${space} ${at}` : `model ${model} + ${at}`,
    as === 'str' ? `str${point.words ?? 1}` : as,
    `${sign === -1 ? '-' : ''}${scaleFrom ?? scale}${offset === undefined ? '' : ` + ${offset}`}`,
    unit,
    point.class,
    marks.filter((mark) => mark !== '').join(', '),
  ];
}

function showText(profile: Profile): string {
  const { connect, limits } = profile;
  const wires = [
    connect?.tcpPort === undefined ? '' : `TCP port ${connect.tcpPort}`,
    connect?.baud === undefined ? '' : `RS-485 ${connect.baud} baud`,
    connect === undefined || connect.units.length === 0 ? '' : `unit ${connect.units.join(' or ')}`,
  ].filter((part) => part !== '');
  const points = Object.entries(profile.points).filter(([, { as }]) => as !== 'sf');
  return [
    `${profile.title} (${profile.id}, ${profile.role})`,
    ...(profile.covers === undefined ? [] : [`Covers ${profile.covers}.`]),
    ...(wires.length === 0 ? [] : [`Found at ${wires.join(', ')}.`]),
    `Words ${profile.wordOrder} first; up to ${limits.maxRegistersPerRead} registers a read, ` +
      `${limits.pauseMs} ms between requests, ${limits.timeoutMs} ms for an answer` +
      `${limits.clients === undefined ? '' : `, ${limits.clients} client(s) at a time`}.`,
    `Signs: ${profile.signs === 'seen' ? 'stated by a source' : 'assumed, to be proven'}.`,
    '',
    ...profile.control.flatMap(controlLines),
    ...(profile.control.length === 0 ? ['No control.'] : []),
    '',
    table([
      ['POINT', 'REGISTER', 'TYPE', 'SCALE', 'UNIT', 'CLASS', ''],
      ...points.map(([key, point]) => pointRow(key, point)),
    ]),
    ...Object.entries(profile.sums ?? {}).map(([key, parts]) => `${key} = ${parts.join(' + ')}`),
    '',
    ...profile.quirks.map((quirk) => `! ${quirk}`),
    ...profile.source.map((source) => `Source: ${source}`),
  ].join('\n');
}

/** `edgewatt devices show PROFILE`. @throws Fault where there is no such profile */
export function showDevice(id: string, dir: string | undefined, json: boolean): void {
  const speaker = THROUGH.find((one) => one.id === id);
  if (speaker !== undefined) {
    if (json) return printJson(speaker);
    const { title, note, through } = speaker;
    return print(`${title} (${id})\n${note}\nUse ${through.join(', ')}.`);
  }
  const profile = allProfiles(dir).find((one) => one.id === id);
  if (profile === undefined) {
    throw new Fault('no such profile', id, 'edgewatt devices list shows the profiles');
  }
  if (json) printJson(profile);
  else print(showText(profile));
}

/** `edgewatt devices schema`: JSON Schema of a user's profile, for editors. */
export const printSchema = (): void => print(JSON.stringify(profileJsonSchema(), undefined, 2));
