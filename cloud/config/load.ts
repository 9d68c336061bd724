import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Tariff } from '../../gateway/contracts/values/tariff.ts';
import { Fault } from '../errors.ts';
import type { Participant } from '../market/zone.ts';
import type { CloudConfig, ZoneConfig } from './cloud.ts';
import { type CloudFile, cloudSchema, type ZoneFile } from './schema.ts';

type Path = readonly (string | number)[];

/**
 * @param file  its name, for messages.
 * @throws Fault with line, path and mend for the first thing that is wrong
 */
export function parseCloudFile(text: string, file: string): CloudFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const line = counter.linePos(error.pos[0]).line;
    const what = `not YAML (${error.message.split('\n')[0]})`;
    throw new Fault(what, `${file}:${line}`, 'correct the indentation or the quotes here');
  }
  const parsed = cloudSchema.safeParse(document.toJS());
  const complaint = parsed.success ? acrossEntries(parsed.data) : fromIssue(parsed.error, document);
  if (complaint !== undefined) {
    const { path, what, mend } = complaint;
    const name = path.length === 0 ? '' : `${words(path)}: `;
    throw new Fault(`${name}${what}`, `${file}:${lineOf(document, counter, path)}`, mend);
  }
  return parsed.data as CloudFile;
}

interface Complaint {
  readonly path: Path;
  readonly what: string;
  readonly mend: string;
}

const words = (path: Path): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .slice(1);

/** Line of the deepest node that exists on the way to `path`. */
function lineOf(document: Document, counter: LineCounter, path: Path): number {
  for (let depth = path.length; depth > 0; depth--) {
    const parent = document.getIn(path.slice(0, depth - 1), true) as
      | { items?: { key?: { value?: unknown; range?: number[] } }[] }
      | undefined;
    const key = parent?.items?.find((item) => item.key?.value === path[depth - 1])?.key;
    const node = document.getIn(path.slice(0, depth), true) as { range?: number[] } | undefined;
    const at = key?.range?.[0] ?? node?.range?.[0];
    if (at !== undefined) return counter.linePos(at).line;
  }
  return 1;
}

function fromIssue(error: z.ZodError, document: Document): Complaint {
  const issue = error.issues[0];
  if (issue === undefined) return { path: [], what: 'not valid', mend: 'correct it' };
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const mend = 'remove it or correct its spelling (docs/formats.md lists the keys)';
    return { path: [...path, key], what: `unknown key '${key}'`, mend };
  }
  if (issue.code === 'invalid_type' && document.getIn(path) === undefined) {
    return { path, what: 'missing', mend: 'add it' };
  }
  const what = issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return { path, what, mend: 'correct the value' };
}

/** What a schema of single entries cannot see. */
function acrossEntries(file: CloudFile): Complaint | undefined {
  const seen = new Map<string, Path>();
  const twice = (kind: string, id: string, path: Path): Complaint | undefined => {
    const before = seen.get(`${kind} ${id}`);
    seen.set(`${kind} ${id}`, path);
    if (before === undefined) return undefined;
    return {
      path,
      what: `the ${kind} '${id}' is there twice`,
      mend: `it is also at ${words(before)}`,
    };
  };
  for (const [z, zone] of file.zones.entries()) {
    const at = ['zones', z];
    const bad = twice('zone', zone.id, [...at, 'id']) ?? zoneComplaint(zone, at);
    if (bad !== undefined) return bad;
    for (const [p, participant] of zone.participants.entries()) {
      const here = [...at, 'participants', p];
      const again = twice('participant', participant.id, [...here, 'id']);
      if (again !== undefined) return again;
      const currency = participant.tariff?.currency ?? zone.currency;
      if (currency !== zone.currency) {
        const what = `its currency is ${currency}, the zone's is ${zone.currency}`;
        return { path: [...here, 'tariff', 'currency'], what, mend: 'a zone has one currency' };
      }
      for (const [g, gateway] of participant.gateways.entries()) {
        const double = twice('gateway', gateway.id, [...here, 'gateways', g, 'id']);
        if (double !== undefined) return double;
      }
    }
  }
  return undefined;
}

function zoneComplaint(zone: ZoneFile, at: Path): Complaint | undefined {
  if (zone.floorMicroPerKwh > zone.capMicroPerKwh) {
    return {
      path: [...at, 'floorMicroPerKwh'],
      what: 'the floor is above the cap',
      mend: 'swap them',
    };
  }
  if (zone.tariff.currency !== zone.currency) {
    const what = `its currency is ${zone.tariff.currency}, the zone's is ${zone.currency}`;
    return { path: [...at, 'tariff', 'currency'], what, mend: 'a zone has one currency' };
  }
  if (86_400_000 % zone.intervalMs !== 0) {
    const what = 'does not divide a day';
    return { path: [...at, 'intervalMs'], what, mend: 'use 300000, 900000, 1800000 or 3600000' };
  }
  if (zone.envelopes.durationMs <= zone.envelopes.everyMs) {
    const what = 'an envelope ends before the next one comes';
    return {
      path: [...at, 'envelopes', 'durationMs'],
      what,
      mend: 'make it several times everyMs',
    };
  }
  return undefined;
}

/** The file as the agents see it. */
export function cloudConfig(file: CloudFile): CloudConfig {
  return { tenant: file.tenant, brokerUrl: file.brokerUrl, zones: file.zones.map(zoneConfig) };
}

function zoneConfig(zone: ZoneFile): ZoneConfig {
  const participants: Participant[] = zone.participants.map((one) => ({
    id: one.id,
    tariff: (one.tariff ?? zone.tariff) as Tariff,
    gateways: one.gateways,
  }));
  const { ratedVa, timeConstantMs, powerFactor, uncontrolledW } = zone.transformer;
  return {
    market: {
      id: zone.id,
      currency: zone.currency,
      intervalMs: zone.intervalMs,
      gateMs: zone.gateMs,
      horizonMs: zone.horizonMs,
      meterWindowMs: zone.meterWindowMs,
      bounds: { floorMicroPerKwh: zone.floorMicroPerKwh, capMicroPerKwh: zone.capMicroPerKwh },
      gridFeeNanoPerWh: zone.gridFeeNanoPerWh,
      imbalance: zone.imbalance,
      tariff: zone.tariff as Tariff,
      participants,
    },
    grid: {
      id: zone.id,
      transformer: { ratedVa, timeConstantMs, powerFactor },
      uncontrolledW,
      minimumW: zone.envelopes.minimumW,
      everyMs: zone.envelopes.everyMs,
      durationMs: zone.envelopes.durationMs,
      gateways: participants.flatMap((one) => one.gateways),
    },
    forecast: {
      id: zone.id,
      currency: zone.currency,
      latitudeDeg: zone.latitudeDeg,
      longitudeDeg: zone.longitudeDeg,
      timeZone: zone.timeZone,
      biddingZone: zone.biddingZone,
      everyMs: zone.forecastEveryMs,
      ...(zone.weatherUrl !== undefined && { weatherUrl: zone.weatherUrl }),
      ...(zone.priceUrl !== undefined && { priceUrl: zone.priceUrl }),
    },
  };
}
