import { describe, expect, it } from 'vitest';
import { CATALOGUE, profileById } from '../../../../devices/catalogue.ts';
import type { Profile } from '../../../../devices/profile.ts';
import { meterPart } from '../../../../gateway/cli/setup-hybrid.ts';
import { type Answers, named, siteText } from '../../../../gateway/cli/setup-site.ts';
import { parseSite } from '../../../../gateway/config/load.ts';

const ANSWERS: Answers = {
  name: 'House',
  timeZone: 'Europe/Berlin',
  latitudeDeg: 48,
  longitudeDeg: 9,
  currency: 'EUR',
  fuseA: 35,
  priceNanoPerWh: 300_000,
  pvW: 10_000,
  batteryW: 5_000,
  batteryWh: 10_000,
  gridMeter: 'device1',
};

const NOTHING_MORE = { also: [], identity: {}, objects: {}, chain: undefined, sample: {} };

function siteOf(...profiles: readonly (Profile | undefined)[]) {
  const placed = profiles.map((profile, index) => ({
    bus: { id: 'lan1', kind: 'tcp' as const, host: '192.0.2.7', port: 502 },
    found: { ...NOTHING_MORE, unit: index + 1, profile },
  }));
  return parseSite(siteText(named(placed), ANSWERS), profileById);
}

const hybrids = CATALOGUE.filter((one) => one.role === 'hybrid' && meterPart(one) !== undefined);

describe('a house with nothing but a hybrid', () => {
  it.each(hybrids.map((profile) => [profile.id, profile] as const))(
    '%s: its meter is that of the connection, its battery a store behind the converter',
    (_id, profile) => {
      const { site, complaints } = siteOf(profile);
      expect(complaints).toEqual([]);
      expect(site?.meters[0]).toMatchObject({ device: 'device1', part: 'meter' });
      expect(site?.terminals[0]).toMatchObject({ kind: 'converter', dcNode: 'dc1' });
      expect(site?.stores[0]?.terminal).toBe('battery1');
      const battery = site?.terminals.find(({ id }) => id === 'battery1');
      expect(battery).toMatchObject({ node: 'dc1', part: 'battery', control: 'none' });
    },
  );

  it('beside a meter of its own, and a battery inverter', () => {
    const { site, complaints } = siteOf(
      profileById('eastron/sdm630'),
      profileById('sma/sunny-island'),
      profileById('fronius/gen24'),
    );
    expect(complaints).toEqual([]);
    expect(site?.meters[0]?.part).toBeUndefined();
    expect(site?.stores.map(({ terminal }) => terminal)).toEqual(['battery1', 'battery2']);
    const second = site?.terminals.find(({ id }) => id === 'battery2');
    expect(second).toMatchObject({ node: 'dc1', device: 'device3' });
  });
});
