import { createInterface } from 'node:readline';
import type { Profile } from '../../devices/profile.ts';
import { createClock, newOrigin } from '../../gateway/adapters/clock.ts';
import { allProfiles } from '../../gateway/config/profiles.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { createDesk, type Desk, type DeskState } from '../devices/faults/desk.ts';
import { createDeviceImage } from '../devices/image.ts';
import { withRegisters } from '../devices/layout.ts';
import type { DeviceServer, Frame } from '../devices/types.ts';
import { startFaultySerial, startFaultyTcp } from '../servers/faulty-device.ts';
import { surround, USUAL_W } from '../sites/alone.ts';
import { interrupted } from './running.ts';

export interface DeviceOptions {
  readonly profile: string;
  readonly site: string | undefined; // folder with profiles of its own
  readonly port: number | undefined; // of TCP, 0 = a free one
  readonly serial: string | undefined; // path
  readonly framing: 'mbap' | 'rtu'; // on TCP
  readonly unit: number | undefined;
  readonly baud: number | undefined;
  readonly parity: 'none' | 'even' | 'odd';
  readonly ratedW: number | undefined;
  readonly serialNumber: string | undefined;
  readonly clients: number | undefined;
  readonly models: readonly number[] | undefined; // SunSpec chain of the generic device
  readonly base: number; // register of its marker
  readonly strings: number | undefined;
  readonly set: readonly string[];
  readonly fault: readonly string[];
  readonly startMs: number;
  readonly speed: number;
  readonly seed: number;
  readonly json: boolean;
}

const BAUD = 9_600;

/**
 * One simulated device on one wire, until Ctrl-C. Lines on standard input command it; results, and
 * with `json` every write that it took, go to standard output.
 */
export async function device(options: DeviceOptions): Promise<void> {
  const known = found(options.profile, options.site);
  if ((options.port === undefined) === (options.serial === undefined)) {
    const mend = 'give --tcp PORT (0 = a free one) or --serial PATH';
    throw new Fault('a device needs one wire', 'device', mend);
  }
  const { profile, chain } = laid(known, options);
  const ending = interrupted();
  const clock = createClock(newOrigin(options.speed, options.startMs));
  const ratedW = options.ratedW ?? USUAL_W[profile.role];
  const settings = {
    ratedW,
    ...(options.serialNumber === undefined ? {} : { serial: options.serialNumber }),
    ...(options.strings === undefined ? {} : { strings: options.strings }),
    ...chain,
  };
  const image = createDeviceImage(profile, { id: 'SIM-1', settings });
  const surroundings = surround(image, options.seed, options.startMs);
  const desk = createDesk({
    image,
    unit: options.unit ?? profile.connect?.units[0] ?? 1,
    wire: options.serial === undefined && options.framing === 'mbap' ? 'tcp' : 'rtu',
    clock,
    seed: options.seed,
    turn: surroundings.turn,
    onWrite: (frame, points) => told(options, frame, points),
  });
  for (const assignment of options.set) desk.pin(assignment);
  for (const rule of options.fault) desk.line(`fault ${rule}`);
  const server = await started(options, profile, desk, clock);
  welcome(options, profile, desk, server);
  const console = createInterface({ input: process.stdin });
  console.on('line', (line) => answer(options, desk, line));
  await ending;
  console.close();
  if (options.json) show(desk.state());
  await server.stop();
}

function found(id: string, site: string | undefined): Profile {
  const profiles = allProfiles(site);
  const profile = profiles.find((one) => one.id === id);
  if (profile !== undefined) return profile;
  const near = profiles.map((one) => one.id).filter((known) => known.includes(id));
  const mend =
    near.length > 0 ? `did you mean ${near.join(', ')}?` : "'edgewatt devices list' shows them";
  throw new Fault(`no profile '${id}'`, 'device', mend);
}

/** The device that has no registers of its own gets those of its models. @throws Fault */
function laid(profile: Profile, { models, base, strings }: DeviceOptions) {
  const isGeneric = profile.kind === 'sunspec' && profile.auto === true;
  if (models !== undefined && !isGeneric) {
    throw new Fault('has its own registers', '--models', 'it belongs to sunspec/generic');
  }
  const chain = { base, models: models ?? (profile.kind === 'sunspec' ? profile.models : []) };
  if (isGeneric && chain.models[0] !== 1) {
    throw new Fault('a SunSpec chain begins with model 1', '--models', 'write 1,103,120 and so on');
  }
  try {
    return withRegisters(profile, { chain, ...(strings === undefined ? {} : { strings }) });
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Fault(text, '--models', 'docs/devices.md says which models make a device');
  }
}

async function started(
  options: DeviceOptions,
  profile: Profile,
  desk: Desk,
  clock: ReturnType<typeof createClock>,
): Promise<DeviceServer> {
  try {
    if (options.serial === undefined) {
      const clients = options.clients ?? profile.limits.clients ?? Number.POSITIVE_INFINITY;
      return await startFaultyTcp(desk.station, clock, { port: options.port ?? 0, clients });
    }
    const baud = options.baud ?? profile.connect?.baud ?? BAUD;
    const line = { baud, parity: options.parity, stopBits: 1 } as const;
    return await startFaultySerial(desk.station, clock, options.serial, line);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Fault(text, 'device', 'choose another port or path');
  }
}

const show = (event: DeskState | Readonly<Record<string, unknown>>): void =>
  void process.stdout.write(`${JSON.stringify(event)}\n`);

function welcome(
  options: DeviceOptions,
  profile: Profile,
  desk: Desk,
  { label, ...server }: DeviceServer & { readonly port?: number },
): void {
  const [unit = 1] = desk.station.units.keys();
  if (options.json) {
    show({ event: 'listening', profile: profile.id, label, port: server.port ?? null, unit });
    return;
  }
  process.stdout.write(`${profile.title}\nlistening on ${label}, unit ${unit}\n`);
  process.stdout.write("lines on standard input command it; 'help' lists them\n");
}

function told(
  options: DeviceOptions,
  { atMs, fc, address, values }: Frame,
  points: Readonly<Record<string, number>>,
): void {
  if (options.json) {
    show({ event: 'write', atMs: Math.round(atMs), fc, address, values, points });
    return;
  }
  const list = Object.entries(points).map(([key, value]) => `${key} = ${value}`);
  process.stdout.write(`written at ${address}: ${list.join(', ')}\n`);
}

function answer(options: DeviceOptions, desk: Desk, line: string): void {
  try {
    const reply = desk.line(line);
    if (!Array.isArray(reply)) show({ event: 'state', ...reply });
    else if (options.json) show({ event: 'reply', lines: reply });
    else for (const one of reply) process.stdout.write(`${one}\n`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (options.json) show({ event: 'error', text: error.message });
    else process.stdout.write(`error: ${error.message}\n`);
  }
}
