import type {
  CommissioningRecord,
  Finding,
  FindingNumber,
  LearnedMeter,
  PlotLine,
  ProgramStep,
  Severity,
  TerminalResult,
} from '../contracts/values/commissioning.ts';
import { localTime } from '../contracts/values/time.ts';
import {
  clockSeconds,
  clockTime,
  dayName,
  figure,
  NARROW,
  power,
  UNKNOWN_WORD,
} from '../contracts/values/words.ts';
import { escaped } from './escape.ts';
import { expectedOf, plot } from './plot.ts';
import { STYLE } from './style.ts';

/** What stands under the record: the signed words about it. */
export interface Seal {
  readonly keyId: string;
  readonly sha256: string; // of the record's text
  readonly signature: string;
}

const WORDS: Readonly<Record<Severity, string>> = {
  wrong: 'wrong',
  notProven: 'not proven',
  proven: 'proven',
};
const ORDER: readonly Severity[] = ['wrong', 'notProven', 'proven'];

/** A shape each, so that no colour is needed: triangle, ring, dot. */
const SHAPES: Readonly<Record<Severity, string>> = {
  wrong: '<path d="M6 1 11.5 11H.5z" fill="currentColor"/>',
  notProven: '<circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor"/>',
  proven: '<circle cx="6" cy="6" r="4" fill="currentColor"/>',
};

const count = (findings: readonly Finding[], severity: Severity): number =>
  findings.filter((one) => one.severity === severity).length;

const items = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** What is true now, in one sentence. */
function headline({ device, proven, terminals }: CommissioningRecord): string {
  const all = terminals.flatMap(({ findings }) => findings);
  const wrong = count(all, 'wrong');
  const open = count(all, 'notProven');
  if (proven) return `${device} is proven: it does what it is told, and lets go.`;
  if (wrong > 0) return `${device} is not proven: ${items(wrong, 'thing')} to mend.`;
  return `${device} is not proven yet: ${items(open, 'thing')} to repeat.`;
}

function figures(numbers: readonly FindingNumber[]): string {
  if (numbers.length === 0) return '';
  const words = numbers.map(({ name, value, unit }) => {
    const way = value < 0 ? ', turned' : '';
    return `${name} ${number(value)}${unit === '' ? '' : NARROW}${unit}${unit === '%' ? way : ''}`;
  });
  return `<div class="figures">${escaped(words.join(' · '))}</div>`;
}

/** Three digits, never a minus: words carry the sign. */
const number = (value: number): string => {
  const size = Math.abs(value);
  return figure(value, size >= 99.95 || Number.isInteger(value) ? 0 : size >= 10 ? 1 : 2);
};

const listItem = ({ severity, sentence, numbers }: Finding): string =>
  `<li class="${severity}"><svg viewBox="0 0 12 12" aria-hidden="true">${SHAPES[severity]}</svg>` +
  `<span class="word">${WORDS[severity]}</span>` +
  `<span class="what">${escaped(sentence)}</span>${figures(numbers)}</li>`;

const findingsList = (findings: readonly Finding[]): string =>
  `<ul class="findings">${ORDER.flatMap((severity) =>
    findings.filter((one) => one.severity === severity).map(listItem),
  ).join('\n')}</ul>`;

function plots({ plot: lines }: TerminalResult, meters: readonly LearnedMeter[]): string {
  const asked = lines.find(({ role }) => role === 'asked');
  const own = lines.find(({ role }) => role === 'own');
  const seen = lines.filter(({ role }) => role !== 'asked');
  const expected = (line: PlotLine): 1 | -1 | 0 => {
    if (line.role === 'own') return 1;
    const share = meters.find(({ meter }) => meter === line.label)?.expectedGainShare ?? 0;
    return share > 0 ? 1 : share < 0 ? -1 : 0;
  };
  const drawn = seen.map((line) => {
    const way = expected(line);
    return plot(line, way === 0 ? undefined : expectedOf(line, asked, own, way));
  });
  if (drawn.join('') === '') return '';
  return `<h3>What was asked, and what was seen</h3>
<p class="note">Line: measured. Dashed: what should have been seen of the pulse.</p>
<div class="plots">${drawn.join('\n')}</div>`;
}

function seconds(ms: number | null, errorMs: number | null): string {
  if (ms === null) return UNKNOWN_WORD;
  const error = errorMs === null ? '' : ` ± ${figure(errorMs / 1_000, 1)}`;
  return `${figure(ms / 1_000, 1)}${error}${NARROW}s`;
}

const share = (value: number | null): string =>
  value === null
    ? UNKNOWN_WORD
    : `${figure(100 * value)}${NARROW}%${value < -0.05 ? ', turned' : ''}`;

const ofAsked = (value: number | null): string =>
  value === null ? UNKNOWN_WORD : `${share(value)} of what was asked`;

function learned({ learned: found }: TerminalResult): string {
  const rows: [string, string][] = [
    ['Phases', found.phases.length === 0 ? UNKNOWN_WORD : found.phases.join(', ')],
    ['Dead time', seconds(found.delayMs, found.delayErrorMs)],
    ['Lag to 63 %', seconds(found.lagMs, found.lagErrorMs)],
    ['Ramp', found.rampWPerS === null ? UNKNOWN_WORD : `${power(found.rampWPerS)}/s`],
    ['Into the node', ofAsked(found.inShare)],
    ['Out of it', ofAsked(found.outShare)],
    [
      'Lets go by itself',
      found.reversion === null
        ? UNKNOWN_WORD
        : `after ${seconds(found.reversion.afterMs, null)}, to ${power(found.reversion.toW)}`,
    ],
    ['Released', found.release === null ? UNKNOWN_WORD : `to ${power(found.release.toW)}`],
  ];
  return `<h3>What was learned</h3><dl>${rows
    .map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`)
    .join('')}</dl>`;
}

function meterRow(meter: LearnedMeter): string {
  const phases = meter.phases.map(({ phase, gainShare }) => `${phase} ${share(gainShare)}`);
  const cells = [
    [meter.meter === 'own' ? 'itself' : meter.meter, ''],
    [meter.of, ''],
    [share(meter.gainShare * (meter.expectedGainShare || 1)), 'n'],
    [meter.expectedGainShare === 0 ? 'nothing' : `100${NARROW}%`, 'n'],
    [phases.join(', '), ''],
    [seconds(meter.delayMs, null), 'n'],
    [meter.noiseW === null ? UNKNOWN_WORD : power(meter.noiseW), 'n'],
  ] as const;
  return `<tr>${cells
    .map(([text, style]) => `<td${style === '' ? '' : ` class="${style}"`}>${escaped(text)}</td>`)
    .join('')}</tr>`;
}

function meterTable(meters: readonly LearnedMeter[]): string {
  if (meters.length === 0) return '';
  return `<h3>Who saw the pulse</h3><div class="wide"><table><thead><tr><th>Meter</th>
<th>of</th><th class="n">saw</th><th class="n">should</th><th>phases</th><th class="n">after</th>
<th class="n">noise</th></tr></thead>
<tbody>${meters.map(meterRow).join('\n')}</tbody></table></div>`;
}

const STEPS: Readonly<Record<ProgramStep['kind'], string>> = {
  quiet: 'rest',
  pulse: 'pulse',
  letGo: 'left to its own timer',
  release: 'released',
};

function program({ steps, seed }: TerminalResult): string {
  const isLimit = steps.some(({ kind, powerW }) => kind === 'quiet' && powerW > 0);
  const pulse = isLimit ? 'limit ' : 'pulse ';
  const words = steps.map(({ kind, powerW, durationMs }) => {
    const asked = `${pulse}${isLimit ? '' : way(powerW)}${power(powerW)}`;
    const what = kind === 'pulse' ? asked : STEPS[kind];
    return `${what} ${figure(durationMs / 1_000)}${NARROW}s`;
  });
  return `<p class="note">Program ${escaped(seed)}: ${escaped(words.join(', '))}.</p>`;
}

const way = (powerW: number): string => (powerW < 0 ? 'out ' : powerW > 0 ? 'in ' : '');

const terminalSection = (result: TerminalResult): string =>
  `<section><h2>${escaped(result.name)} <span class="note">${escaped(result.terminal)}</span></h2>
${findingsList(result.findings)}
${plots(result, result.learned.meters)}
${learned(result)}
${meterTable(result.learned.meters)}
${program(result)}</section>`;

/** 'Thursday 11 June 2026, 16:52:08 to 16:58'. */
function when({ startedAtMs, endedAtMs, timeZone }: CommissioningRecord): string {
  const day = `${dayName(startedAtMs, timeZone)} ${localTime(startedAtMs, timeZone).year}`;
  return `${day}, ${clockSeconds(startedAtMs, timeZone)} to ${clockTime(endedAtMs, timeZone)}`;
}

function about(record: CommissioningRecord): string {
  const { maker, model, serial, firmware } = record.identity;
  const rows: [string, string][] = [
    ['Site', `${record.siteName} (${record.site})`],
    ['Device', [record.device, maker, model].filter((text) => text !== '').join(' · ')],
    ['Serial number', serial === '' ? UNKNOWN_WORD : serial],
    ['Firmware', firmware === '' ? UNKNOWN_WORD : firmware],
    ['Profile', record.profile],
    ['Proven by', record.by],
    ['When', `${when(record)} (${record.timeZone})`],
    ['Gateway', `${record.gateway}, Edgewatt ${record.software}`],
  ];
  return `<dl>${rows
    .map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`)
    .join('')}</dl>`;
}

const sealed = ({ keyId, sha256, signature }: Seal): string =>
  `<h2>Signature</h2><dl><dt>Key</dt><dd><code>${escaped(keyId)}</code></dd><dt>Record, SHA-256</dt>
<dd><code>${escaped(sha256)}</code></dd><dt>Signature</dt>
<dd><code>${escaped(signature)}</code></dd></dl>`;

/** The record as one page that needs nothing else: to show, to keep, to print on A4. */
export function recordPage(record: CommissioningRecord, seal?: Seal): string {
  const title = `Commissioning of ${record.device}, ${record.siteName}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none';style-src 'unsafe-inline'">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><main>
<p class="note">Edgewatt commissioning record</p>
<h1>${escaped(headline(record))}</h1>
<section>${about(record)}</section>
${record.terminals.map(terminalSection).join('\n')}
<section>${seal === undefined ? '' : sealed(seal)}
<div class="sign"><div>${escaped(record.by)}</div><div>Place, date</div></div></section>
</main></body></html>
`;
}
