import { describe, expect, test } from 'vitest';
import { recordPage } from '../../../../gateway/commissioning/page.ts';
import { commissioningRecord } from '../../../../gateway/contracts/commissioning.ts';
import type { CommissioningRecord } from '../../../../gateway/contracts/values/commissioning.ts';
import { type Case, commission } from '../../../property/gateway/commissioning/given.ts';

const MARKUP = '<img src=x onerror="alert(1)">&\'\u202e';

function record(one: Case, more: Partial<CommissioningRecord> = {}): CommissioningRecord {
  const { result } = commission(one);
  return {
    version: 1,
    ...{ site: 'barn', siteName: 'Barn', timeZone: 'Europe/Berlin', gateway: 'gw-barn' },
    ...{ device: 'inverter2', profile: 'fronius/gen24', software: '0.1.0', by: 'Anna' },
    identity: { maker: 'Fronius', model: 'GEN24', serial: '29301234', firmware: '' },
    startedAtMs: 1_750_000_000_000,
    endedAtMs: 1_750_000_600_000,
    proven: result.proven,
    terminals: [result],
    ...more,
  };
}

const plain = (page: string): string => page.replaceAll('\u202f', ' ');

describe('the page of a record', () => {
  test('says first whether the device is proven, then what was measured', () => {
    const page = plain(recordPage(record({ seed: 3 })));
    expect(page).toContain('<h1>inverter2 is proven: it does what it is told, and lets go.</h1>');
    expect(page).toContain('Sunday 15 June 2025, 17:06:40 to 17:16 (Europe/Berlin)');
    expect(page).toContain('<dt>Firmware</dt><dd>unknown</dd>');
    expect(page).toMatch(/aria-label="grid-meter: between [^"]+ and buying [\d.]+ kW"/);
    expect(page).toContain('left to its own timer 96 s');
  });

  test('names what is wrong before what is proven', () => {
    const page = recordPage(record({ seed: 3, wrong: { gridCtTurned: [false, true, false] } }));
    expect(page).toContain('<h1>inverter2 is not proven: 1 thing to mend.</h1>');
    expect(page.indexOf('counts L2 the wrong way')).toBeLessThan(page.indexOf('>proven<'));
  });

  test('what was not proven is counted', () => {
    const page = recordPage(record({ seed: 3, nature: { socPct: 96 } }));
    expect(page).toContain('<h1>inverter2 is not proven yet: 1 thing to repeat.</h1>');
  });

  test('loads nothing, runs nothing, and shows every string from outside as text', () => {
    const one = record(
      { seed: 3 },
      {
        ...{ siteName: MARKUP, by: MARKUP, device: MARKUP, profile: MARKUP, gateway: MARKUP },
        identity: { maker: MARKUP, model: MARKUP, serial: MARKUP, firmware: MARKUP },
      },
    );
    const terminals = one.terminals.map((result) => ({
      ...{ ...result, name: MARKUP, seed: MARKUP },
      findings: result.findings.map((found) => ({ ...found, sentence: MARKUP })),
      plot: result.plot.map((line) => ({ ...line, label: MARKUP })),
    }));
    const seal = { keyId: MARKUP, sha256: MARKUP, signature: MARKUP };
    const page = recordPage({ ...one, terminals }, seal);
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page).not.toMatch(/<script|<link|<iframe|https?:|url\(/);
    expect(page).toContain('&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;&#39; ');
  });

  test('shows the signed words about the record', () => {
    const page = recordPage(record({ seed: 3 }), {
      ...{ keyId: 'gw-barn-1a2b', sha256: 'ab'.repeat(32), signature: 'Zm9v' },
    });
    expect(page).toContain('gw-barn-1a2b');
    expect(page).toContain('ab'.repeat(32));
  });

  test('no figure has a minus sign', () => {
    const page = recordPage(record({ seed: 3, wrong: { gridTurned: true } }));
    const text = page.replace(/<(style|svg)[\s\S]*?<\/\1>/g, '').replace(/<[^>]*>/g, ' ');
    expect(text).not.toMatch(/(^|\s)[-−]\d/);
  });
});

test.each<Case>([
  { seed: 3 },
  { seed: 4, terminal: 'pv1', nature: { sunW: 6_000 } },
  { seed: 5, wrong: { ignores: true } },
  { seed: 6, wrong: { gridMissing: true } },
])('a record is what its schema says, also after JSON: %j', (one) => {
  const made = record(one);
  const text = JSON.stringify(made);
  expect(commissioningRecord.parse(JSON.parse(text))).toEqual(made);
  expect(text.length).toBeLessThan(200_000);
});
