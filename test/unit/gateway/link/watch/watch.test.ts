import { describe, expect, it } from 'vitest';
import { troubleOf, type Witness } from '../../../../../gateway/link/watch/trouble.ts';
import { LinkWatch } from '../../../../../gateway/link/watch/watch.ts';
import type { Log } from '../../../../../gateway/ports.ts';
import { createVirtualClock } from '../../../../../simulators/clock.ts';

const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 22);
const own = { fromMs: NOW - 300 * DAY, untilMs: NOW + 65 * DAY };
const fine: Witness = { wallMs: NOW, isClockTrusted: true, own };

describe('what is in the way of a session is told', () => {
  it.each([
    ['SELF_SIGNED_CERT_IN_CHAIN', fine, 'BROKER_FOREIGN', /not the broker/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', fine, 'BROKER_FOREIGN', /not the broker/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', fine, 'BROKER_FOREIGN', /not the broker/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', fine, 'BROKER_FOREIGN', /without TLS/],
    ['ENOTFOUND', fine, 'BROKER_NAME', /leads nowhere/],
    ['EAI_AGAIN', fine, 'BROKER_NAME', /leads nowhere/],
    ['CERT_HAS_EXPIRED', fine, 'BROKER_CERTIFICATE', /certificate has expired/],
    ['CERT_NOT_YET_VALID', fine, 'BROKER_CERTIFICATE', /certificate is not valid yet/],
    ['CERT_NOT_YET_VALID', { ...fine, wallMs: 0 }, 'BROKER_CERTIFICATE', /clock says 1970-01-01/],
    ['CERT_HAS_EXPIRED', { ...fine, isClockTrusted: false }, 'BROKER_CERTIFICATE', /The clock/],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', fine, 'OWN_CERTIFICATE', /refuses this gateway's/],
    [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      { ...fine, wallMs: NOW + 70 * DAY },
      'OWN_CERTIFICATE',
      /ended on 2027-01-26/,
    ],
  ] as const)('%s', (code, witness, alarm, text) => {
    const trouble = troubleOf(code, witness);
    expect(trouble?.code).toBe(alarm);
    expect(trouble?.text).toMatch(text);
    expect(trouble?.mend).toMatch(/\.$/);
    if (/clock says|The clock/.test(trouble?.text ?? '')) {
      expect(trouble?.mend).toContain('timedatectl');
    }
  });

  it.each(['ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH'])(
    'not %s: that ends by itself, and the page says that the cloud is away',
    (code) => expect(troubleOf(code, fine)).toBeUndefined(),
  );
});

function watching(answers: (string | undefined)[], certificate = own) {
  const clock = createVirtualClock({ wallMs: NOW });
  let looks = 0;
  const check = {
    ownCertificate: certificate,
    examine: () => {
      looks += 1;
      return Promise.resolve(answers[Math.min(looks, answers.length) - 1]);
    },
  };
  const watch = new LinkWatch({ clock, log: quiet, check });
  const codes = (): string[] => watch.troubles(true).map(({ code }) => code);
  return { clock, watch, codes, looks: () => looks };
}

describe('while there is no session', () => {
  it('looks why after 5 s and then once a minute, and not any more when it is back', async () => {
    const { clock, watch, codes, looks } = watching(['ENOTFOUND']);
    watch.turned(false, 'getaddrinfo ENOTFOUND');
    await clock.advance(4_000);
    expect(codes()).toEqual([]);
    await clock.advance(2_000);
    expect(codes()).toEqual(['BROKER_NAME']);
    await clock.advance(600_000);
    expect(looks()).toBe(11);
    watch.turned(true, 'mqtts://broker');
    expect(codes()).toEqual([]);
    await clock.advance(600_000);
    expect(looks()).toBe(11);
    expect(clock.pending).toBe(0);
  });

  it('tells a broker that answers twice and lets nobody in', async () => {
    const { clock, watch, codes } = watching([undefined]);
    watch.turned(false, 'Connection refused: Not authorized');
    await clock.advance(30_000);
    expect(codes()).toEqual([]);
    await clock.advance(60_000);
    expect(codes()).toEqual(['BROKER_REFUSES']);
  });
});

describe('beside the session', () => {
  it('tells that another one connects under the same client id, until that ends', async () => {
    const { clock, watch, codes } = watching([undefined]);
    for (let time = 0; time < 3; time += 1) {
      watch.turned(true, 'mqtts://broker');
      expect(codes()).toEqual([]);
      await clock.advance(2_000);
      watch.turned(false, 'broker ended the connection, reason 142');
    }
    watch.turned(true, 'mqtts://broker');
    expect(codes()).toEqual(['CLIENT_ID_TAKEN']);
    await clock.advance(601_000);
    expect(codes()).toEqual([]);
  });

  it('tells thirty days ahead that its own certificate ends', () => {
    const ends = (days: number) =>
      watching([], { fromMs: 0, untilMs: NOW + days * DAY }).codes().length;
    expect([40, 31, 30, 1, -1].map(ends)).toEqual([0, 0, 1, 1, 1]);
  });
});
