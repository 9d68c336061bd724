import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import type { Lake } from '../ports.ts';
import { datasetPrefix, dayPrefix, daysOf, packed, pathOf, unpacked } from './lake.ts';

/** The lake in a bucket; the bucket's own policy encrypts. */
export function openS3Lake(bucket: string, config: S3ClientConfig = {}): Lake {
  const client = new S3Client(config);
  return {
    async put(part) {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: pathOf(part),
          Body: packed(part.lines),
          ContentType: 'application/gzip',
        }),
      );
    },

    async read(tenant, dataset, day) {
      const lines: string[] = [];
      for (const key of await keysOf(client, bucket, dayPrefix(tenant, dataset, day))) {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        if (Body !== undefined) lines.push(...unpacked(await Body.transformToByteArray()));
      }
      return lines;
    },

    async days(tenant, dataset) {
      const prefix = datasetPrefix(tenant, dataset);
      const keys = await keysOf(client, bucket, prefix);
      const folders = keys.map((key) => key.slice(prefix.length).split('/')[0] ?? '');
      return daysOf([...new Set(folders)]);
    },
  };
}

async function keysOf(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let after: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        ...(after !== undefined && { ContinuationToken: after }),
      }),
    );
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
    after = page.NextContinuationToken;
  } while (after !== undefined);
  return keys.sort();
}
