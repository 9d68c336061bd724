import { type Complaint, type Path, pathWords, YamlFile } from '../../gateway/adapters/yaml.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { Tariff } from '../../gateway/contracts/values/tariff.ts';
import type { Participant } from '../market/zone.ts';
import type { CloudConfig, ZoneConfig } from './cloud.ts';
import { type CloudFile, cloudSchema, type ZoneFile } from './schema.ts';

/**
 * @param file  its name, for messages
 * @throws Fault with line, path and mend for the first thing that is wrong
 */
export function parseCloudFile(text: string, file: string): CloudFile {
  const yaml = new YamlFile(text);
  if (yaml.broken !== undefined) throw faultOf(yaml.broken, file);
  const parsed = cloudSchema.safeParse(yaml.value());
  if (!parsed.success) {
    const [first] = yaml.complaints(parsed.error);
    throw first ? faultOf(first, file) : parsed.error;
  }
  const odd = acrossEntries(parsed.data);
  if (odd !== undefined) throw faultOf(yaml.complaint(odd.path, odd.what, odd.mend), file);
  return parsed.data as CloudFile;
}

function faultOf({ line, path, what, mend }: Complaint, file: string): Fault {
  return new Fault(`${path}: ${what}`, `${file}:${line}`, mend);
}

interface Odd {
  readonly path: Path;
  readonly what: string;
  readonly mend: string;
}

/** What a schema of single entries cannot see. */
function acrossEntries(file: CloudFile): Odd | undefined {
  const seen = new Map<string, Path>();
  const twice = (kind: string, id: string, path: Path): Odd | undefined => {
    const before = seen.get(`${kind} ${id}`);
    seen.set(`${kind} ${id}`, path);
    if (before === undefined) return undefined;
    return {
      path,
      what: `the ${kind} '${id}' is there twice`,
      mend: `it is also at ${pathWords(before)}`,
    };
  };
  const gateways = new Set(
    file.zones.flatMap((zone) =>
      zone.participants.flatMap((one) => one.gateways.map(({ id }) => id)),
    ),
  );
  for (const [c, { gateway }] of (file.a2a?.clients ?? []).entries()) {
    const path = ['a2a', 'clients', c, 'gateway'];
    const mend = `name one of ${[...gateways].join(' ')}`;
    if (!gateways.has(gateway)) return { path, what: `no gateway '${gateway}'`, mend };
  }
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

function zoneComplaint(zone: ZoneFile, at: Path): Odd | undefined {
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
      holidays: (zone.tariff as Tariff).holidays,
      everyMs: zone.forecastEveryMs,
      historyDays: zone.historyDays,
      ...(zone.weather !== undefined && { weather: zone.weather }),
      ...(zone.prices !== undefined && { prices: zone.prices }),
    },
  };
}
