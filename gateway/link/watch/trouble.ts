import { DAY_MS, type Instant, localDate } from '../../contracts/values/time.ts';
import type { BrokerCheck } from '../../ports.ts';

/** What a person must know about the way to the broker, and can mend. */
export interface Trouble {
  readonly code: string;
  readonly text: string;
  readonly mend: string;
}

/** What clock and own certificate say when a session does not come about. */
export interface Witness {
  readonly wallMs: Instant;
  readonly isClockTrusted: boolean;
  readonly own: BrokerCheck['ownCertificate'];
}

const AHEAD_MS = 30 * DAY_MS;
/** No gateway runs before its software was written. */
const WRITTEN_MS = 1_767_225_600_000; // 2026-01-01

/** As Node and OpenSSL name what is wrong with who answers. */
const FOREIGN = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REVOKED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'HOSTNAME_MISMATCH',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);
const NO_TLS = /^(EPROTO|ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST))$/;
const NO_NAME = /^(ENOTFOUND|EAI_[A-Z]+)$/;
const OWN_REFUSED = /^(ERR_SSL_.*ALERT.*|CLOSED_AFTER_HANDSHAKE)$/;

const SET_CLOCK = 'Set the clock: timedatectl set-ntp true, or fit a real-time clock.';

/** Whether the clock rather than a certificate is to blame for a date that does not fit. */
const isClockWrong = ({ wallMs, isClockTrusted, own }: Witness): boolean =>
  !isClockTrusted || wallMs < WRITTEN_MS || (own !== undefined && wallMs < own.fromMs);

const day = (atMs: Instant): string => localDate(atMs, 'UTC');

/**
 * What the code of a look at the way means for a person; undefined for what ends by itself, as a
 * broker that is away.
 */
export function troubleOf(code: string, witness: Witness): Trouble | undefined {
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const isOver = code === 'CERT_HAS_EXPIRED';
    if (isClockWrong(witness)) {
      return {
        code: 'BROKER_CERTIFICATE',
        text: `The clock says ${day(witness.wallMs)}: by it the broker's certificate is none.`,
        mend: SET_CLOCK,
      };
    }
    return {
      code: 'BROKER_CERTIFICATE',
      text: `The broker's certificate ${isOver ? 'has expired' : 'is not valid yet'}.`,
      mend: 'Its operator has to renew it; nothing is sent meanwhile.',
    };
  }
  if (FOREIGN.has(code) || NO_TLS.test(code)) {
    const who = NO_TLS.test(code) ? 'Something without TLS' : 'Somebody who is not the broker';
    return {
      code: 'BROKER_FOREIGN',
      text: `${who} answers in its place (${code}); nothing is sent.`,
      mend: 'Look at broker.url and caFile, at the name server, and at who is on the way.',
    };
  }
  if (NO_NAME.test(code)) {
    return {
      code: 'BROKER_NAME',
      text: `The broker's name leads nowhere (${code}).`,
      mend: 'Look at broker.url and at the name server of this machine.',
    };
  }
  if (!OWN_REFUSED.test(code)) return undefined;
  return (
    certificateTrouble(witness) ?? {
      code: 'OWN_CERTIFICATE',
      text: "The broker refuses this gateway's certificate.",
      mend: 'Have the operator of the fleet look whether it is known and active.',
    }
  );
}

/** What this gateway's own certificate needs: in time, or at once. */
export function certificateTrouble(witness: Witness): Trouble | undefined {
  const { wallMs, own } = witness;
  if (own === undefined) return undefined;
  const code = 'OWN_CERTIFICATE';
  const renew = 'Renew it: edgewatt provision, or ask the operator of the fleet.';
  if (wallMs < own.fromMs || (wallMs > own.untilMs && !witness.isClockTrusted)) {
    const text = `The clock says ${day(wallMs)}: by it this gateway's certificate is not valid.`;
    return { code, text, mend: SET_CLOCK };
  }
  const ends = day(own.untilMs);
  if (wallMs > own.untilMs) {
    return { code, text: `This gateway's certificate ended on ${ends}.`, mend: renew };
  }
  if (own.untilMs - wallMs > AHEAD_MS) return undefined;
  return { code, text: `This gateway's certificate ends on ${ends}.`, mend: renew };
}
