import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, test } from 'vitest';
import type { z } from 'zod';
import { CATALOGUE, profileById } from '../../../../devices/catalogue.ts';
import type { ControlSpec, PointSpec, Profile } from '../../../../devices/profile.ts';
import { composeGuard } from '../../../../gateway/compose.ts';
import { loadSite } from '../../../../gateway/config/load.ts';
import type { profileSchema } from '../../../../gateway/config/profile-schema.ts';
import { ownProfiles, parseProfile, profilesBeside } from '../../../../gateway/config/profiles.ts';
import { Fault } from '../../../../gateway/contracts/values/fault.ts';
import type { Site } from '../../../../gateway/contracts/values/site.ts';
import { timing } from '../../../../gateway/contracts/values/timing.ts';
import { createVirtualClock } from '../../../../simulators/clock.ts';
import { createMemoryWire } from '../../../../simulators/wires/memory.ts';

type Written = z.infer<typeof profileSchema>;
type Forgotten =
  | Exclude<keyof PointSpec, keyof Written['points'][string]>
  | Exclude<keyof ControlSpec, keyof Written['control'][number]>
  | Exclude<keyof Profile, keyof Written>
  | Exclude<keyof Profile['limits'], keyof Written['limits']>;

const docs = readFileSync(new URL('../../../../docs/devices.md', import.meta.url), 'utf8');
const own = /```json\n(.*?)```/s.exec(docs)?.[1] ?? '';
const free = (): undefined => undefined;

it('can say everything that a profile of the catalogue can', () => {
  expectTypeOf<Forgotten>().toBeNever();
});

/** Every profile of the catalogue that a user could have written. */
const written = CATALOGUE.filter((one) => one.kind === 'registers' || !one.auto);

test.each(written.map((profile) => [profile.id, profile] as const))(
  '%s could be a file of the user: the form is the same',
  (_id, profile) => {
    const { profile: back, complaints } = parseProfile(JSON.stringify(profile, null, 1), free);
    expect(complaints).toEqual([]);
    expect(back).toEqual(JSON.parse(JSON.stringify(profile)));
  },
);

/** The first complaint that a change of the sound file brings, as `line path: what`. */
function complaint(from: string, to: string): string {
  expect(own).toContain(from);
  const { profile, complaints } = parseProfile(own.replace(from, to), free);
  expect(profile).toBeUndefined();
  const [first] = complaints;
  return `${first?.line} ${first?.path}: ${first?.what}`;
}

describe('a profile of the user', () => {
  it('is refused with the line of each mistake', () => {
    expect(complaint('"as": "i32"', '"as": "i33"')).toMatch(/^18 points\.powerW\.as: invalid opt/);
    expect(complaint('"signs": "seen",', '"sings": "seen",')).toBe("8 sings: unknown key 'sings'");
    expect(complaint('"pauseMs": 0,', '')).toMatch(/limits\.pauseMs: missing/);
    expect(complaint('"maker": "Acme",', '"maker": "Acme"')).toMatch(/^\d+ the file: not JSON/);
    expect(complaint('acme/heatmeter', 'Heat Meter')).toMatch(/^2 id: write maker\/device/);
  });

  it('is refused where its points do not fit together', () => {
    expect(complaint('"at": 102', '"at": 101')).toBe(
      "19 points.voltageL1V: stands on input 101, and so does 'powerW'",
    );
    expect(complaint('"identity": []', '"identity": ["serial"]')).toMatch(
      /^\d+ identity\[0\]: no point is called 'serial'/,
    );
    expect(complaint('"role": "meter"', '"role": "hybrid"')).toBe(
      '18 points.powerW: its sign is not stated',
    );
    expect(complaint('"voltageL1V": {', '"voltageL1W": {')).toMatch(/no point is called|say its/);
  });

  it('is refused where an example does not decode or encode', () => {
    expect(complaint('"powerW": -1500', '"powerW": 1500')).toBe(
      '38 examples[0].reads.powerW: reads -1500, not 1500',
    );
    expect(complaint('"100": [65535, 64036, 2305]', '"100": [65535, 64036]')).toBe(
      '38 examples[0].reads.voltageL1V: its registers are not given',
    );
  });

  it('is refused where a control could not be carried out', () => {
    const step = '{ "point": "powerW", "value": { "from": "powerW" } }';
    const spec = (reversion: string): string =>
      `"control": [{ "binds": "", "kind": "setpoint", "arm": [], "set": [${step}], ` +
      `"release": [], "reversion": ${reversion}, "flash": "volatile", "source": "manual" }]`;
    const none = '{ "to": "none", "minS": 0, "maxS": 0, "renewedBy": "none" }';
    expect(complaint('"control": []', spec(none))).toBe(
      "32 control[0].set[0]: 'powerW' is not writable",
    );
    const loose = '{ "to": "own-mode", "minS": 10, "maxS": 60, "renewedBy": "any-write" }';
    const { complaints } = parseProfile(own.replace('"control": []', spec(loose)), free);
    expect(complaints.map(({ what }) => what)).toContain('nothing sets its time');
  });
});

function guardOf(site: Site, profiles?: (id: string) => Profile | undefined) {
  const clock = createVirtualClock();
  const line = (): void => undefined;
  return composeGuard(
    {
      site,
      ...(profiles !== undefined && { profiles }),
      times: timing(1),
      saved: undefined,
      commissioned: new Set<string>(),
      bootId: 'boot',
    },
    {
      clock,
      log: { info: line, warn: line, error: line },
      verifier: { verify: () => false },
      wire: () => createMemoryWire(clock, 'memory', 1),
      save: line,
    },
  );
}

describe('the folder beside the site file', () => {
  let dir = '';
  const put = (name: string, text: string): void =>
    writeFileSync(join(dir, 'profiles', name), text);
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'profiles-test-'));
    mkdirSync(join(dir, 'profiles'));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it('adds to the catalogue, and a site may name them', () => {
    expect(ownProfiles(dir)).toEqual([]);
    put('heatmeter.json', own);
    const profiles = profilesBeside(join(dir, 'site.yaml'));
    expect(profiles('acme/heatmeter')?.title).toBe('Acme heat pump meter');
    expect(profiles('goodwe/et')).toBe(profileById('goodwe/et'));
    const barn = new URL('../../../fixtures/sites/barn.yaml', import.meta.url);
    const text = readFileSync(barn, 'utf8').replace('sunspec/meter-203', 'acme/heatmeter');
    writeFileSync(join(dir, 'site.yaml'), text);
    const site = loadSite(join(dir, 'site.yaml'), profileById);
    expect(site.devices[0]?.profile).toBe('acme/heatmeter');
    expect(() => guardOf(site, profiles)).not.toThrow();
    expect(() => guardOf(site)).toThrow('there is no profile acme/heatmeter');
  });

  it('refuses a double, another form, and names file and line', () => {
    put('heatmeter2.json', own);
    expect(() => ownProfiles(dir)).toThrow(Fault);
    expect(() => ownProfiles(dir)).toThrow(/heatmeter2\.json:2: id: 'acme\/heatmeter' is in anoth/);
    put('heatmeter2.json', own.replace('acme/heatmeter', 'goodwe/et'));
    expect(() => ownProfiles(dir)).toThrow(/'goodwe\/et' is a profile of the catalogue/);
    rmSync(join(dir, 'profiles', 'heatmeter2.json'));
    put('other.yaml', 'id: x');
    expect(() => ownProfiles(dir)).toThrow(/other\.yaml: profiles are JSON/);
  });
});
