import { afterEach, expect, it } from 'vitest';
import { Authorities, EXPIRED, FACES, NOT_YET } from '../../fixtures/link/certificates.ts';

// The TLS of AWS's SDK waits up to half a minute before it tells a failed handshake.
const BLINDED_MS = 120_000;
let all: Authorities | undefined;
afterEach(() => all?.end(), BLINDED_MS);

it('no session of the SDK with a broker whose certificate does not count', async () => {
  const one = await Authorities.create();
  all = one;
  const servers = await Promise.all([
    one.foreign.server(['127.0.0.1']),
    one.ours.server(['broker.example.org']),
    one.ours.server(['127.0.0.1'], EXPIRED),
    one.ours.server(['127.0.0.1'], NOT_YET),
  ]);
  const came = await Promise.all(
    servers.map(async (server) => {
      const { broker, port } = await one.broker(server);
      const given = { port, ca: one.ours.caPem, identity: one.mine };
      const is = await one.tried(FACES['aws-iot'](given), BLINDED_MS);
      return is || broker.stats().connections > 0;
    }),
  );
  expect(came).toEqual([false, false, false, false]);
});
