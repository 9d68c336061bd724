import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ControlSpec, Profile } from '../../devices/profile.ts';
import { createSigner, createVerifier, hash, newKeyPair } from '../adapters/crypto.ts';
import type { Seal } from '../commissioning/page.ts';
import {
  COMMISSIONING_DOMAIN,
  type CommissioningManifest,
  commissioningManifest,
  commissioningRecord,
  signedRecord,
} from '../contracts/commissioning.ts';
import type { CommissioningRecord, Learned } from '../contracts/values/commissioning.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Device, Site, Terminal } from '../contracts/values/site.ts';
import { power } from '../contracts/values/words.ts';
import { openSigned } from '../link/update/signed.ts';
import type { GatewayFile } from './gateway-file.ts';
import { readText } from './load.ts';

type Place = Pick<GatewayFile, 'dataDir'>;
type Profiles = (id: string) => Profile | undefined;

const KIND = {
  domain: COMMISSIONING_DOMAIN,
  schema: commissioningManifest,
  name: 'commissioning record',
};

const folderOf = ({ dataDir }: Place): string => join(dataDir, 'commissioning');
export const recordFile = (place: Place, device: string): string =>
  join(folderOf(place), `${device}.json`);

const keySchema = z.strictObject({
  keyId: z.string(),
  publicKey: z.string(),
  privateKey: z.string(),
});

/** Whole and on disk, or as it was; for the gateway's user alone, also where root writes it. */
function writeDurably(place: Place, name: string, text: string): void {
  const folder = folderOf(place);
  const { uid, gid } = statSync(place.dataDir);
  const own = (path: string): void => {
    if (process.getuid?.() === 0) chownSync(path, uid, gid);
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  own(folder);
  const file = join(folder, name);
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true });
  chmodSync(`${file}.new`, 0o600);
  own(`${file}.new`);
  renameSync(`${file}.new`, file);
}

const KEY = 'gateway.key';
const keyFileOf = (place: Place): string => join(folderOf(place), KEY);

function keyOf(place: Place) {
  const file = keyFileOf(place);
  if (!existsSync(file)) return undefined;
  try {
    return keySchema.parse(JSON.parse(readText(file)));
  } catch {
    throw new Fault("not the gateway's key", file, 'remove it, and prove the devices again');
  }
}

/** The gateway's own key, made when the first record is signed. It never leaves this machine. */
function ownKey(place: Place, gateway: string) {
  const known = keyOf(place);
  if (known !== undefined) return known;
  const pair = newKeyPair();
  const key = { keyId: `${gateway}-${hash.sha256(pair.publicKey).slice(0, 8)}`, ...pair };
  writeDurably(place, KEY, JSON.stringify(key));
  return key;
}

export const deviceOf = ({ controlDevice, device }: Terminal): string | undefined =>
  controlDevice ?? device;

/** Terminals that a device commands. */
export const commandedBy = (site: Site, device: string): readonly Terminal[] =>
  site.terminals.filter((one) => one.control !== 'none' && deviceOf(one) === device);

/**
 * Hash of what the site file says about a device: whoever changes that has to prove it again. Names
 * and priorities are no part of it; where it is found is, as long as its serial number is unknown.
 */
export function partHash(site: Site, device: Device, serial: string): string {
  const { id, unit, bus, profile, ownLimitW } = device;
  const terminals = commandedBy(site, id).map((one) => {
    const { node, kind, device, part, phases, ratedInW, ratedOutW, control, stepsA } = one;
    return { id: one.id, node, kind, device, part, phases, ratedInW, ratedOutW, control, stepsA };
  });
  const places = [...terminals.map((one) => one.id), ...site.connections.map((one) => one.id)];
  const meters = site.meters
    .filter(({ of, device }) => places.includes(of) || device === id)
    .map(({ of, device, part, direction }) => ({ of, device, part, direction }));
  const wire = serial === '' ? site.buses.find((one) => one.id === bus) : undefined;
  return hash.sha256(JSON.stringify({ id, unit, profile, ownLimitW, wire, terminals, meters }));
}

/** Signs a record and keeps it in place of the last one of its device. */
export function keepRecord(place: Place, site: Site, record: CommissioningRecord): Seal {
  const device = site.devices.find(({ id }) => id === record.device);
  if (device === undefined) throw new RangeError(`no device ${record.device}`);
  const { keyId, privateKey } = ownKey(place, site.gateway);
  const text = JSON.stringify(record);
  const manifest: CommissioningManifest = {
    ...{ v: 1, name: 'edgewatt-commissioning', site: site.id, gateway: site.gateway },
    ...{ device: record.device, serial: record.identity.serial, profile: record.profile },
    ...{ by: record.by, endedAtMs: record.endedAtMs, proven: record.proven },
    terminals: record.terminals.filter(({ proven }) => proven).map(({ terminal }) => terminal),
    sha256: hash.sha256(text),
    part: partHash(site, device, record.identity.serial),
  };
  const body = JSON.stringify(manifest);
  const signature = createSigner(keyId, privateKey).sign(COMMISSIONING_DOMAIN + body);
  const whole = { manifest: { body, keyId, signature }, record: text };
  writeDurably(place, `${record.device}.json`, JSON.stringify(whole));
  return { keyId, sha256: manifest.sha256, signature };
}

/** A device's record: verified, or why it counts as none, or that there is none. */
export type Kept =
  | { readonly state: 'kept'; readonly record: CommissioningRecord; readonly seal: Seal }
  | { readonly state: 'unfit'; readonly why: string }
  | { readonly state: 'none' };

export function readRecord(place: Place, site: Site, device: Device): Kept {
  const file = recordFile(place, device.id);
  if (!existsSync(file)) return { state: 'none' };
  const unfit = (why: string): Kept => ({ state: 'unfit', why });
  let whole: z.infer<typeof signedRecord>;
  try {
    whole = signedRecord.parse(JSON.parse(readText(file)));
  } catch {
    return unfit('it is damaged');
  }
  const key = keyOf(place);
  const keys = key === undefined ? {} : { [key.keyId]: key.publicKey };
  const opened = openSigned(whole.manifest, KIND, keys, createVerifier());
  if (!opened.ok) return unfit(opened.why);
  const { manifest } = opened;
  if (manifest.sha256 !== hash.sha256(whole.record)) return unfit('it is not what was signed');
  if (manifest.site !== site.id || manifest.gateway !== site.gateway) {
    return unfit(`it is of ${manifest.site}, ${manifest.gateway}`);
  }
  if (manifest.device !== device.id) return unfit(`it is of ${manifest.device}`);
  if (manifest.profile !== device.profile) return unfit(`it was proven as ${manifest.profile}`);
  if (device.serial !== undefined && manifest.serial !== device.serial) {
    return unfit(`it is of serial ${manifest.serial}, the site file says ${device.serial}`);
  }
  if (manifest.part !== partHash(site, device, manifest.serial)) {
    return unfit('the site file has another wiring for it since');
  }
  const parsed = commissioningRecord.safeParse(JSON.parse(whole.record));
  if (!parsed.success) return unfit('it was made by another version');
  const { keyId, signature } = whole.manifest;
  return {
    state: 'kept',
    record: parsed.data,
    seal: { keyId, signature, sha256: manifest.sha256 },
  };
}

/** How a device that can be commanded stands. */
export interface DeviceStand {
  readonly device: string;
  readonly kept: Kept;
  readonly open: readonly string[]; // terminals that still have to be proven
  readonly refused: string; // why it is not controlled although proven; '' = it is
}

/** What the records let the guard do. */
export interface Admitted {
  readonly site: Site; // serial numbers bound, response and latency as measured
  readonly stands: readonly DeviceStand[];
  readonly commissioned: ReadonlySet<string>; // devices, or `device/terminal`
  readonly timed: ReadonlySet<string>;
  readonly sentences: readonly string[]; // for the log
}

const provenOf = (kept: Kept): readonly string[] =>
  kept.state === 'kept'
    ? kept.record.terminals.filter(({ proven }) => proven).map(({ terminal }) => terminal)
    : [];

const resultsOf = (kept: Kept) => (kept.state === 'kept' ? kept.record.terminals : []);

const isTimed = (kept: Kept): boolean =>
  resultsOf(kept).some(
    ({ proven, findings }) =>
      proven &&
      findings.some(({ kind, severity }) => kind === 'reversion' && severity === 'proven'),
  );

/**
 * Verified records only: what does not fit counts as none, with one line. Names in the site file
 * (`control.unprovenAllowed`) stay as they are.
 */
export function admit(place: Place, site: Site, profiles: Profiles): Admitted {
  const able = site.devices.filter(({ id }) => commandedBy(site, id).length > 0);
  const kepts = new Map(able.map((device) => [device.id, readRecord(place, site, device)]));
  const late = exportRefusals(site, profiles, kepts);
  const stands = able.map(({ id }): DeviceStand => {
    const kept = kepts.get(id) ?? { state: 'none' };
    const proven = provenOf(kept);
    const open = commandedBy(site, id).flatMap((one) => (proven.includes(one.id) ? [] : one.id));
    return { device: id, kept, open, refused: late.get(id) ?? '' };
  });
  const fit = stands.filter(({ refused }) => refused === '');
  const results = fit.flatMap(({ kept }) => resultsOf(kept));
  const serialOf = (id: string): string => {
    const kept = kepts.get(id);
    return kept?.state === 'kept' ? kept.record.identity.serial : '';
  };
  return {
    site: {
      ...measuredSite(
        site,
        results.map(({ learned }) => learned),
      ),
      devices: site.devices.map((device) => {
        const serial = serialOf(device.id);
        return serial === '' ? device : { ...device, serial };
      }),
      control: {
        ...site.control,
        unprovenAllowed: site.control.unprovenAllowed.filter((id) => !late.has(id)),
      },
    },
    stands,
    commissioned: new Set(
      fit.flatMap(({ device, open, kept }) =>
        open.length === 0 ? [device] : provenOf(kept).map((terminal) => `${device}/${terminal}`),
      ),
    ),
    timed: new Set(fit.filter(({ kept }) => isTimed(kept)).map(({ device }) => device)),
    sentences: stands.flatMap(sentencesOf),
  };
}

/** What was measured counts in place of what the site file supposed. */
function measuredSite(site: Site, learned: readonly Learned[]): Site {
  const latenciesMs = new Map<string, number>();
  for (const { meters } of learned) {
    for (const { meter, latencyMs } of meters) {
      const known = latenciesMs.get(meter) ?? 0;
      if (latencyMs !== null) latenciesMs.set(meter, Math.max(known, Math.round(latencyMs)));
    }
  }
  const terminals = site.terminals.map((terminal) => {
    const own = learned.find((one) => one.terminal === terminal.id);
    if (own === undefined || own.delayMs === null) return terminal;
    return { ...terminal, responseMs: Math.round(own.delayMs + (own.lagMs ?? 0)) };
  });
  const meters = site.meters.map((meter) => {
    const latencyMs = latenciesMs.get(meter.id);
    return latencyMs === undefined ? meter : { ...meter, latencyMs };
  });
  return { ...site, terminals, meters };
}

function sentencesOf({ device, kept, refused }: DeviceStand): string[] {
  const lines: string[] = [];
  if (kept.state === 'unfit') {
    lines.push(`${device}: its commissioning record counts as none: ${kept.why}; prove it again`);
  }
  if (refused !== '') lines.push(`${device} is not controlled: ${refused}`);
  return lines;
}

const specOf = (profiles: Profiles, site: Site, terminal: Terminal): ControlSpec | undefined => {
  const device = site.devices.find(({ id }) => id === deviceOf(terminal));
  const part = terminal.controlDevice === undefined ? (terminal.part ?? '') : '';
  return profiles(device?.profile ?? '')?.control.find(
    ({ binds, kind }) => binds === part && kind === terminal.control,
  );
};

const MAKES = ['pv', 'generator', 'converter'];

/** Most that a terminal gives once its own timer has run out, without anybody to command it. */
function aloneW(
  site: Site,
  profiles: Profiles,
  kepts: ReadonlyMap<string, Kept>,
  terminal: Terminal,
): { readonly powerW: number; readonly to: string } {
  if (!MAKES.includes(terminal.kind)) return { powerW: 0, to: '' };
  const to = specOf(profiles, site, terminal)?.reversion.to ?? 'own-mode';
  if (to === 'value' && terminal.control !== 'none') {
    const { safeState } = terminal;
    if (safeState.kind === 'zero') return { powerW: 0, to };
    if (safeState.kind === 'limit') return { powerW: safeState.limitW, to };
  }
  const kept = kepts.get(deviceOf(terminal) ?? '') ?? { state: 'none' };
  const own = resultsOf(kept).find((one) => one.terminal === terminal.id);
  const isKept = own?.findings.some(
    ({ kind, severity }) => kind === 'own-limit' && severity === 'proven',
  );
  const limitW = isKept ? own?.learned.limitInW : undefined;
  return { powerW: Math.min(terminal.ratedInW, limitW ?? Number.POSITIVE_INFINITY), to };
}

/**
 * Where timers revert to full power (model 123) or to the own mode (124), the site has to keep its
 * export limit then, too: by the devices' own static limits, proven at commissioning (DESIGN
 * section 3). @returns why, by device
 */
function exportRefusals(
  site: Site,
  profiles: Profiles,
  kepts: ReadonlyMap<string, Kept>,
): Map<string, string> {
  const [connection, ...more] = site.connections;
  if (connection === undefined || more.length > 0) return new Map();
  const dcNodes = new Set(site.nodes.filter(({ kind }) => kind === 'dc').map(({ id }) => id));
  const alone = site.terminals
    .filter(({ node }) => !dcNodes.has(node))
    .map((terminal) => ({ terminal, ...aloneW(site, profiles, kepts, terminal) }));
  const sumW = alone.reduce((sum, { powerW }) => sum + powerW, 0);
  const limitW = connection.defaultExportLimitW;
  if (sumW <= limitW) return new Map();
  const why =
    `its timer gives it back to itself, and the site could then export ${power(sumW)} where ` +
    `${power(limitW)} are allowed; set a limit in the device itself, enter it as ownLimitW ` +
    `and prove it`;
  return new Map(
    alone.flatMap(({ terminal, to, powerW }): [string, string][] => {
      const device = deviceOf(terminal);
      const isLate = to === 'full-power' || to === 'own-mode';
      if (!isLate || powerW === 0 || device === undefined || terminal.control === 'none') return [];
      return [[device, why]];
    }),
  );
}
