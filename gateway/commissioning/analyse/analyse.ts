import type {
  Finding,
  FindingKind,
  ProgramStep,
  TerminalResult,
  Trace,
} from '../../contracts/values/commissioning.ts';
import type { Site, Terminal } from '../../contracts/values/site.ts';
import { finding } from '../findings.ts';
import { quietOf } from '../quiet.ts';
import { say } from '../sentences.ts';
import { medianOf, powerSeries, type Series } from '../series.ts';
import { terminalOf, witnessesOf } from '../witnesses.ts';
import type { Evidence } from './evidence.ts';
import { judge } from './judge.ts';
import { learn } from './learn.ts';
import { lettingGo } from './letting-go.ts';
import { measuredFindings } from './measured.ts';
import { type Observation, observe } from './observe.ts';
import { connectionWay, phaseWays, storeWay } from './physics.ts';
import { plotOf } from './plot-lines.ts';
import { type Excitation, excitationOf } from './pulses.ts';
import { Responses } from './response.ts';

export interface Question {
  readonly site: Site;
  readonly terminal: string;
  readonly seed: string;
  readonly steps: readonly ProgramStep[];
  readonly trace: Trace;
  /** Found before anything was pulsed: what cannot be proven now. */
  readonly before: readonly Finding[];
  readonly reversionMs: number | undefined; // the device's own timer; undefined = it has none
  readonly areSignsSeen: boolean; // the profile's source states its signs
}

/** Without these proven, and with anything wrong, the terminal stays without control. */
const REQUIRED: readonly FindingKind[] = ['write', 'sign', 'scale', 'mapping', 'release'];
/** Good to know, and no reason to refuse control. */
const OPTIONAL: readonly FindingKind[] = ['phases', 'response', 'losses'];

export function analyse(question: Question): TerminalResult {
  const { site, steps, trace, seed, before } = question;
  const terminal = terminalOf(site, question.terminal);
  const device = terminal.controlDevice ?? terminal.device ?? '';
  const excitation = excitationOf(steps, trace, terminal, powerAt(site, terminal, trace));
  const { pulses } = excitation;
  const findings: Finding[] = [...before];
  const empty = learn(terminal, undefined, [], []);
  const base = { terminal: terminal.id, name: terminal.name, steps, seed };
  if (pulses.length === 0 || trace.ended === 'stopped') {
    const sentence =
      trace.ended === 'stopped' ? say.stopped(trace.why) : say.nothingAsked(terminal);
    if (before.length === 0 || trace.ended === 'stopped') {
      findings.push(finding('conditions', 'notProven', device, { sentence }));
    }
    return {
      ...base,
      proven: false,
      findings,
      learned: empty,
      plot: plotOf(site, terminal, trace, []),
    };
  }
  const { observations, evidence } = evidenceOf(question, terminal, device, excitation);
  const judged = judge(evidence);
  findings.push(...judged.findings);
  const learned = learn(terminal, judged, observations, pulses, evidence.factor);
  const letGo = lettingGo({
    ...{ terminal, device, steps, trace, stepS: excitation.stepS },
    trusted: judged.trusted,
    reversionMs: question.reversionMs,
    isAllowedWithout: site.devices.some((one) => one.id === device && one.allowWithoutReversion),
    ownModeW:
      terminal.control !== 'setpoint'
        ? undefined
        : quietOf(site, terminal.id, { ...trace, samples: quietSamples(trace) }).gridW,
    lateS: ((learned.delayMs ?? 1_000) + 3 * (learned.lagMs ?? 1_000)) / 1_000,
  });
  const isWrong = findings.some(({ severity }) => severity === 'wrong');
  const endings = letGo.findings.filter(({ severity }) => !isWrong || severity !== 'notProven');
  findings.push(...endings, ...measuredFindings(terminal, device, learned));
  return {
    ...base,
    proven: isProven(findings),
    findings,
    learned: { ...learned, reversion: letGo.reversion, release: letGo.release },
    plot: plotOf(site, terminal, trace, observations),
  };
}

const quietSamples = ({ samples }: Trace) => samples.filter(({ step }) => step === 0);

function isProven(findings: readonly Finding[]): boolean {
  const holds = findings.every(
    ({ kind, severity }) =>
      severity === 'proven' || (severity === 'notProven' && OPTIONAL.includes(kind)),
  );
  const isThere = (kind: FindingKind): boolean =>
    findings.some((one) => one.kind === kind && one.severity === 'proven');
  return holds && REQUIRED.every(isThere);
}

/** The terminal's own power, or that of a meter of it. */
function powerAt(site: Site, terminal: Terminal, trace: Trace): Series | undefined {
  return witnessesOf(site, terminal.id)
    .filter((one) => one.of === terminal.id)
    .map((one) => powerSeries(trace, one))
    .find(({ value }) => value.length > 0);
}

function evidenceOf(
  { site, trace, areSignsSeen }: Question,
  terminal: Terminal,
  device: string,
  excitation: Excitation,
): { observations: readonly Observation[]; evidence: Evidence } {
  const responses = new Responses(excitation.pulses, excitation.endS);
  const delayMaxS = Math.min(30, 10 + (2 * terminal.responseMs) / 1_000);
  const observations = witnessesOf(site, terminal.id).map((witness) =>
    observe(trace, witness, excitation, responses, delayMaxS),
  );
  const quietS = excitation.pulses[0]?.parts[0]?.fromS ?? 0;
  const store = storeWay(trace, terminal, excitation, responses);
  const evidence: Evidence = {
    ...{ terminal, device, observations, areSignsSeen, pulses: excitation.pulses },
    factor: limitFactor(terminal, observations, excitation),
    isObeyed: isObeyed(terminal, trace, excitation),
    atRest: ({ witness }) => phaseWays(site, terminal.id, trace, witness, quietS),
    physics: (shares) => {
      const ways = [store];
      for (const [{ witness }, share] of shares) {
        const way = connectionWay(site, terminal.id, trace, witness, quietS);
        if (way !== 0) ways.push(share * way > 0 ? 1 : -1);
      }
      return ways;
    },
  };
  return { observations, evidence };
}

/**
 * A limit says where the power should stand, not how far it should move: what the terminal itself
 * stood at, over the limit, brings all gains to what was told.
 */
function limitFactor(
  terminal: Terminal,
  observations: readonly Observation[],
  { pulses }: Excitation,
): number {
  if (terminal.control !== 'limit') return 1;
  const own = observations.find(
    ({ witness, sight }) => witness.of === terminal.id && sight === 'seen',
  );
  if (own === undefined || own.gainShare === 0) return 1;
  // Where it would come to rest: the fit knows, though a slow device is not there yet.
  const gain = Math.abs(own.gainShare);
  const stood = pulses.map(({ askedW, jumpW }) => 1 + ((gain - 1) * jumpW) / askedW);
  const share = medianOf(stood.filter(Number.isFinite));
  return Number.isFinite(share) && share > 0 ? share / gain : 1;
}

/** Whether the setpoint read back as commanded near the end of each pulse; undefined = unknown. */
function isObeyed(terminal: Terminal, trace: Trace, { pulses }: Excitation): boolean | undefined {
  const steps = new Set(pulses.map(({ step }) => step));
  let known = 0;
  let equal = 0;
  for (const { step, commandedW, readBackW } of trace.samples) {
    const told = commandedW[terminal.id];
    const read = readBackW[terminal.id];
    if (!steps.has(step) || typeof told !== 'number' || typeof read !== 'number') continue;
    known += 1;
    if (Math.abs(told - read) <= Math.max(20, 0.05 * Math.abs(told))) equal += 1;
  }
  return known === 0 ? undefined : equal > known / 2;
}
