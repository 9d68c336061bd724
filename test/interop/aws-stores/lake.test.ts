import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileLake } from '../../../cloud/adapters/files.ts';
import { openS3Lake } from '../../../cloud/adapters/s3.ts';
import type { Lake, LakePart } from '../../../cloud/ports.ts';
import { localS3 } from '../../fixtures/aws/local.ts';

const part = (name: string, lines: string[], more: Partial<LakePart> = {}): LakePart => ({
  tenant: 'demo',
  dataset: 'telemetry',
  day: '2026-11-22',
  name,
  lines,
  ...more,
});

const folder = mkdtempSync(join(tmpdir(), 'lake-'));
let s3: Awaited<ReturnType<typeof localS3>>;
beforeAll(async () => {
  s3 = await localS3('lake');
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await s3.stop();
});

const PATH = 'telemetry/tenant=demo/date=2026-11-22/gw-1.jsonl.gz';

describe.each([
  [
    'files',
    () => openFileLake(folder),
    async () => [readFileSync(join(folder, PATH)), readdirSync(join(folder, PATH, '..'))] as const,
  ],
  [
    'S3',
    () => openS3Lake('lake', s3.config),
    async () => {
      const client = new S3Client(s3.config);
      const got = await client.send(new GetObjectCommand({ Bucket: 'lake', Key: PATH }));
      const all = await client.send(
        new ListObjectsV2Command({
          Bucket: 'lake',
          Prefix: 'telemetry/tenant=demo/date=2026-11-22/',
        }),
      );
      const names = (all.Contents ?? []).map(({ Key }) => Key?.split('/').at(-1) ?? '');
      return [Buffer.from((await got.Body?.transformToByteArray()) ?? []), names] as const;
    },
  ],
] as const)('the lake in %s', (_name, open, look) => {
  let lake: Lake;
  beforeAll(() => {
    lake = open();
  });

  it('has nothing for a day of which nothing is known', async () => {
    expect(await lake.read('demo', 'telemetry', '2026-01-01')).toEqual([]);
  });

  it('gives back every line, by the names of the parts, the same part once', async () => {
    await lake.put(part('gw-2', ['{"n":3}']));
    await lake.put(part('gw-1', ['{"n":1}', '{"n":"ü\\n"}']));
    await lake.put(part('gw-1', ['{"n":1}', '{"n":"ü\\n"}']));
    expect(await lake.read('demo', 'telemetry', '2026-11-22')).toEqual([
      '{"n":1}',
      '{"n":"ü\\n"}',
      '{"n":3}',
    ]);
  });

  it('keeps tenants and days apart, in compressed lines of JSON', async () => {
    await lake.put(part('gw-1', ['{"n":9}'], { tenant: 'other' }));
    await lake.put(part('gw-1', ['{"n":8}'], { day: '2026-11-23' }));
    expect(await lake.read('other', 'telemetry', '2026-11-22')).toEqual(['{"n":9}']);
    expect(await lake.read('demo', 'telemetry', '2026-11-23')).toEqual(['{"n":8}']);
    const [bytes, names] = await look();
    expect(gunzipSync(bytes).toString()).toBe('{"n":1}\n{"n":"ü\\n"}\n');
    expect(names.toSorted()).toEqual(['gw-1.jsonl.gz', 'gw-2.jsonl.gz']);
  });

  it('knows the days of which there is something, in order', async () => {
    expect(await lake.days('demo', 'telemetry')).toEqual(['2026-11-22', '2026-11-23']);
    expect(await lake.days('demo', 'diagnostics')).toEqual([]);
  });

  it('lets nobody out of a partition', async () => {
    for (const odd of [part('../x', []), part('x', [], { tenant: '..' }), part('', [])]) {
      await expect(lake.put(odd)).rejects.toThrow(RangeError);
    }
    await expect(lake.read('demo', 'telemetry', '../..')).rejects.toThrow(RangeError);
    await expect(lake.days('..', 'telemetry')).rejects.toThrow(RangeError);
  });
});

it('a part that was being written when the power went is not there', async () => {
  const lake = openFileLake(folder);
  await lake.put(part('whole', ['{}'], { day: '2026-12-01' }));
  const place = join(folder, 'telemetry/tenant=demo/date=2026-12-01');
  writeFileSync(join(place, 'half.jsonl.gz.1.draft'), 'half');
  expect(await lake.read('demo', 'telemetry', '2026-12-01')).toEqual(['{}']);
});

it('S3 gives a day of more parts than one listing holds', async () => {
  const lake = openS3Lake('lake', s3.config);
  const numbers = Array.from({ length: 1_005 }, (_, n) => n);
  await Promise.all(numbers.map((n) => lake.put(part(`p-${n}`, [`${n}`], { day: '2026-12-02' }))));
  const lines = await lake.read('demo', 'telemetry', '2026-12-02');
  expect(lines.map(Number).sort((a, b) => a - b)).toEqual(numbers);
});
