import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { cloudConfig, parseCloudFile } from '../../../../cloud/config/load.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import { CONFIG } from '../../../world/cloud/fixture.ts';

type Raw = typeof CONFIG;

function complaint(change: (raw: Raw & Record<string, unknown>) => void): string {
  const raw = structuredClone(CONFIG) as Raw & Record<string, unknown>;
  change(raw);
  return complaintOf(stringify(raw));
}
function complaintOf(text: string): string {
  try {
    parseCloudFile(text, 'cloud.yaml');
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return 'no complaint';
}

describe('configuration of the cloud', () => {
  it('has defaults, and the zone tariff for who has none of its own', () => {
    const { zones } = cloudConfig(parseCloudFile(stringify(CONFIG), 'cloud.yaml'));
    expect(zones[0]?.market).toMatchObject({
      intervalMs: 900_000,
      gateMs: 300_000,
      imbalance: 'two-price',
    });
    expect(zones[0]?.market.participants[0]?.tariff).toBe(zones[0]?.market.tariff);
    expect(zones[0]?.market.participants[0]?.gateways[0]).toMatchObject({
      connection: 'grid',
      onLost: 'keep',
    });
    expect(zones[0]?.grid.gateways.map((gateway) => gateway.id)).toEqual(['gw-sun', 'gw-works']);
  });

  it.each<[RegExp, (raw: Raw & Record<string, unknown>) => void]>([
    [
      /^cloud.yaml:\d+: brokerURL: unknown key 'brokerURL'; remove it/,
      (raw) => {
        raw['brokerURL'] = 'x';
      },
    ],
    [
      /tenant: missing; add it/,
      (raw) => {
        Reflect.deleteProperty(raw, 'tenant');
      },
    ],
    [
      /brokerUrl: mqtt:\/\/host:port/,
      (raw) => {
        raw.brokerUrl = 'localhost';
      },
    ],
    [
      /zones\[0\]\.transformer\.ratedVa: /,
      (raw) => {
        raw.zones[0]!.transformer.ratedVa = -1;
      },
    ],
    [
      /gateways\[0\]\.id: the gateway 'gw-sun' is there twice; it is also at zones\[0\]/,
      (raw) => {
        raw.zones[0]!.participants[1]!.gateways[0]!.id = 'gw-sun';
      },
    ],
    [
      /participants\[1\]\.id: the participant 'sun' is there twice/,
      (raw) => {
        raw.zones[0]!.participants[1]!.id = 'sun';
      },
    ],
    [
      /tariff\.currency: its currency is CHF, the zone's is EUR/,
      (raw) => {
        raw.zones[0]!.tariff.currency = 'CHF';
      },
    ],
    [
      /timeZone: not an IANA time zone/,
      (raw) => {
        raw.zones[0]!.timeZone = 'Mars';
      },
    ],
    [
      /intervalMs: does not divide a day/,
      (raw) => {
        Object.assign(raw.zones[0]!, { intervalMs: 700_000 });
      },
    ],
    [
      /floorMicroPerKwh: the floor is above the cap/,
      (raw) => {
        Object.assign(raw.zones[0]!, { floorMicroPerKwh: 9e6 });
      },
    ],
    [
      /durationMs: an envelope ends before the next/,
      (raw) => {
        Object.assign(raw.zones[0]!, { envelopes: { everyMs: 9e5, durationMs: 9e5 } });
      },
    ],
    [
      /tables: dynamodb:PREFIX, as in dynamodb:edgewatt-, or sqlite:FILE/,
      (raw) => Object.assign(raw, { tables: 'edgewatt-' }),
    ],
    [/lake: s3:BUCKET or files:FOLDER/, (raw) => Object.assign(raw, { lake: 's3:My_Lake' })],
  ])('complains in one line: %s', (line, change) => {
    const text = complaint(change);
    expect(text).toMatch(line);
    expect(text).not.toContain('\n');
  });

  it('names the line', () => {
    const text = stringify(CONFIG);
    const at = text.split('\n').findIndex((line) => line.includes('ratedVa'));
    expect(complaintOf(text.replace('ratedVa: 100000', 'ratedVa: many'))).toContain(
      `cloud.yaml:${at + 1}: `,
    );
    expect(complaintOf('a: [1\nb: 2')).toMatch(/^cloud.yaml:\d+: the file: not YAML/);
    expect(complaintOf('just text')).toMatch(/^cloud.yaml:1: /);
    expect(complaintOf('')).toMatch(/^cloud.yaml:1: /);
  });
});
