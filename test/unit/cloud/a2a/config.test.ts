import { expect, test } from 'vitest';
import { parseCloudFile } from '../../../../cloud/config/load.ts';
import { CONFIG } from '../../../world/cloud/fixture.ts';

const fileWith = (a2a: unknown): string => JSON.stringify({ ...CONFIG, a2a }, null, 1);

test('A2A over HTTP listens on loopback unless told otherwise', () => {
  const clients = [{ gateway: 'gw-sun', tokenFile: 'sun.token' }];
  const file = parseCloudFile(fileWith({ clients }), 'cloud.json');
  expect(file.a2a).toMatchObject({ host: '127.0.0.1', port: 8_090 });
  expect(parseCloudFile(JSON.stringify(CONFIG), 'cloud.json').a2a).toBeUndefined();
});

test('a client that is no gateway of a zone is refused by line', () => {
  const clients = [{ gateway: 'gw-moon', tokenFile: 'moon.token' }];
  expect(() => parseCloudFile(fileWith({ clients }), 'cloud.json')).toThrow(
    /cloud\.json:\d+: .*gateway: no gateway 'gw-moon'; name one of gw-sun gw-works/,
  );
});
