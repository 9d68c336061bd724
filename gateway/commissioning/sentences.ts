import type { Phase } from '../contracts/values/commissioning.ts';
import type { Terminal } from '../contracts/values/site.ts';
import { figure, NARROW, percent, power, sentence } from '../contracts/values/words.ts';
import type { Witness } from './witnesses.ts';

interface Noise {
  readonly noiseW: number;
  readonly noisiest: string;
}

const seconds = (s: number): string => `${figure(s, s < 10 ? 1 : 0)}${NARROW}s`;
const share = (value: number): string => percent(100 * Math.abs(value));
const list = (phases: readonly Phase[]): string => phases.join(' and ');
const whose = ({ role, label, id }: Witness): string =>
  role === 'meter' ? `the meter ${id}` : label;

/** 'charge', 'discharge' of a battery, 'draw', 'feed' of anything else. */
const verbOf = ({ kind }: Terminal, way: 'in' | 'out'): string =>
  kind === 'battery' ? (way === 'in' ? 'discharge' : 'charge') : way === 'in' ? 'feed' : 'draw';

/** 'counts import as export', or what it is at another place. */
function turnedWords({ kind }: Witness): string {
  if (kind === 'connection') return 'counts import as export';
  return kind === 'edge' ? 'counts in as out' : 'counts production as consumption';
}

/** '10 times', 'a tenth of'; other factors in percent. */
function timesOf(times: number): string {
  const tens: readonly (readonly [number, string])[] = [
    [10, '10 times'],
    [100, '100 times'],
    [1_000, '1,000 times'],
    [0.1, 'a tenth of'],
    [0.01, 'a hundredth of'],
    [0.001, 'a thousandth of'],
  ];
  const near = tens.find(([ten]) => Math.abs(times / ten - 1) <= 0.25);
  return near?.[1] ?? `${share(times)} of`;
}

/** A ratio that is a power of ten is a unit or a scale; another one is a transformer's. */
const scaleMend = (times: number): string =>
  timesOf(times).endsWith('% of')
    ? 'set the ratio of its current transformers'
    : 'correct its unit or scale, or the ratio of its current transformers';

const before = {
  noConnectionMeter: (label: string | undefined): string =>
    label === undefined
      ? 'No meter measures the connection: name one in the site file.'
      : `The meter ${label} of the connection gave no readings: check its wire and address.`,
  implausible: (witness: Witness, meanW: number, mostW: number): string =>
    `${sentence(whose(witness))} shows ${power(meanW)} where ${power(mostW)} can flow: ` +
    'correct its scale, or the order of its words.',
  noProduction: ({ name }: Terminal): string =>
    `What ${name} produces is not measured: read its power or give it a meter.`,
  night: ({ name }: Terminal, productionW: number): string =>
    `${name} produces ${power(productionW)}, too little to curtail: repeat by daylight.`,
  tooDim: ({ name }: Terminal, productionW: number, needW: number): string =>
    `${name} produces ${power(productionW)}; a pulse of ${power(needW)} is needed above the ` +
    'noise: repeat when the sun stands higher.',
  tooNoisy: ({ name }: Terminal, { noiseW, noisiest }: Noise, needW: number): string =>
    `${noisiest} swings by ${power(noiseW)}: ${name} would need a pulse of ${power(needW)}; ` +
    'repeat when loads are steady.',
  noRoom: (terminal: Terminal, way: 'in' | 'out', needW: number, freeW: number): string =>
    `${terminal.name} could not ${verbOf(terminal, way)} ${power(needW)}: the limits of the ` +
    `connection leave ${freeW > 0 ? power(freeW) : 'nothing'}; repeat when there is room.`,
  ownLimit: (terminal: Terminal, way: 'in' | 'out', ownW: number): string =>
    `${terminal.name} may ${verbOf(terminal, way)} ${power(ownW)} now, as it says itself: ` +
    'repeat when it allows more.',
  store: ({ name }: Terminal, way: 'in' | 'out', socPct: number | undefined): string =>
    socPct === undefined
      ? `How full ${name} is, is not known: nothing was asked of it.`
      : way === 'out'
        ? `${name} is ${percent(socPct)} full, so charging is not proven: repeat when there is ` +
          'room.'
        : `${name} is ${percent(socPct)} full, so discharging is not proven: repeat when it is ` +
          'fuller.',
  nameplate: ({ name }: Terminal, fileW: number, deviceW: number): string =>
    `The site file rates ${name} at ${power(fileW)}, the device itself at ${power(deviceW)}: ` +
    'correct the rating.',
  stopped: (why: string): string => `It was stopped: ${why}`,
  nothingAsked: ({ name }: Terminal): string =>
    `${name} was asked nothing: no pulse was allowed through.`,
};

const wiring = {
  opposite: (terminal: Terminal): string =>
    terminal.kind === 'battery'
      ? `${terminal.name} discharges when told to charge: its profile has the sign of the ` +
        'setpoint reversed.'
      : `${terminal.name} does the opposite of what it is told: its profile has the sign reversed.`,
  ownTurned: (terminal: Terminal): string =>
    terminal.kind === 'battery'
      ? `${terminal.name} shows charging as discharging: its profile has the sign of its own ` +
        'power reversed.'
      : `${terminal.name} shows its own power with the sign reversed: correct the sign in its ` +
        'profile.',
  meterTurned: (witness: Witness, phase: Phase | undefined): string =>
    `The meter ${witness.id} ${turnedWords(witness)}: ` +
    (phase === undefined
      ? 'turn its current transformers round, or turn its direction in the site file.'
      : `turn the current transformer of ${phase} round, or its direction in the site file.`),
  conflict: ({ name, kind }: Terminal, witness: Witness): string =>
    `The meter ${witness.id} contradicts ${name}: either it ${turnedWords(witness)} (turn its ` +
    `transformers round), or the profile of ${name} is reversed (it ` +
    `${kind === 'battery' ? 'discharges when told to charge' : 'does the opposite'}: look at it).`,
  signUnknown: ({ name }: Terminal): string =>
    `Which way ${name} went is not to be told: its store and the meters contradict each other.`,
  phasesTurned: ({ id }: Witness, phases: readonly Phase[]): string =>
    `The meter ${id} counts ${list(phases)} the wrong way: turn the current ` +
    `transformer${phases.length > 1 ? 's' : ''} of ${list(phases)} round.`,
  restTurned: ({ id }: Witness, phases: readonly Phase[]): string =>
    `The meter ${id} sells more on ${list(phases)} than the site can give: turn the current ` +
    `transformer of ${list(phases)} round, or put it on the phase of its voltage.`,
  restOpen: ({ name }: Terminal, { id }: Witness, phases: readonly Phase[]): string =>
    `${name} is on one phase, so ${list(phases)} of the meter ${id} ` +
    (phases.length > 1
      ? 'are not proven by it: look at them.'
      : 'is not proven by it: look at it.'),
  otherPhase: (witness: Witness, phases: readonly Phase[], turned: readonly Phase[]): string =>
    `${sentence(whose(witness))} multiplies the current of one phase with the voltage of another ` +
    `(${list(phases)}): put each current transformer on the phase of its voltage` +
    `${turned.length > 0 ? `, and turn ${list(turned)} round` : ''}.`,
  onePhaseOnly: ({ name }: Terminal, phases: readonly Phase[]): string =>
    `${name} has one phase, ${list(phases)}, and three in the site file: set phases: 1.`,
  phasesRight: ({ name }: Terminal, phases: readonly Phase[]): string =>
    `${name} is on ${phases.length === 3 ? 'all three phases' : list(phases)}.`,
  meterBlind: ({ name }: Terminal, { id, kind }: Witness): string =>
    `The meter ${id} does not see ${name}: it measures another feeder` +
    `${kind === 'connection' ? ', or stands behind it' : ''}; check where its transformers sit.`,
  meterFaint: ({ id }: Witness): string =>
    `The meter ${id} shows next to nothing whatever moves: correct its unit or scale (kW, W), or ` +
    'check where its transformers sit.',
  ownBlind: ({ name }: Terminal): string =>
    `${name} moved, and its own power does not show it: another device is read at its address, ` +
    'or the point of its power is wrong.',
  metersExchanged: (one: Witness, other: Witness): string =>
    `The meters ${one.id} and ${other.id} are exchanged: swap their addresses in the site file.`,
  seesToo: ({ name }: Terminal, { id, of }: Witness, gain: number): string =>
    `The meter ${id} should measure ${of} only and sees ${share(gain)} of ${name}: check where ` +
    'its transformers sit.',
  addressExchanged: ({ name }: Terminal, { label }: Witness): string =>
    `What ${name} was told, ${label} did: their addresses are exchanged.`,
  twoAnswer: ({ name }: Terminal, { label }: Witness): string =>
    `${label} moved with ${name}: two devices answer to one unit id; give each its own.`,
  answered: ({ name }: Terminal, { label }: Witness, gain: number): string =>
    `${label} answered the pulse of ${name} with ${share(gain)} against it: stop its own control ` +
    'and repeat.',
};

const scales = {
  deviceScale: ({ name }: Terminal, times: number): string =>
    `${name} does ${timesOf(times)} what it is told: correct the scale of its setpoint.`,
  doesLess: ({ name }: Terminal, times: number): string =>
    `${name} did ${share(times)} of what it was asked: something limits it; repeat when it ` +
    'is free.',
  ownScale: ({ name }: Terminal, times: number): string =>
    `${name} shows ${timesOf(times)} its own power: correct the unit or scale in its profile.`,
  meterScale: ({ id }: Witness, times: number): string =>
    `The meter ${id} counts ${timesOf(times)} the power: ${scaleMend(times)}.`,
  scaleTie: ({ name }: Terminal, witness: Witness, times: number): string =>
    `${sentence(whose(witness))} saw ${timesOf(times)} the pulse: either it counts wrongly, or ` +
    `${name} did not do what it was told.`,
  scaleUnsure: (witness: Witness, seen: number): string =>
    `${sentence(whose(witness))} saw about ${share(seen)} of the pulse, too unsurely: repeat ` +
    'when loads are steady.',
  oneWayIgnored: ({ name }: Terminal): string =>
    `${name} obeys one way and ignores the other: check whether charging and discharging ` +
    'are allowed.',
  oneWayLess: ({ name }: Terminal, least: number): string =>
    `${name} did ${share(least)} of what it was asked one way: something limits it; repeat when ` +
    'it is free.',
  ignored: ({ name }: Terminal, isObeyed: boolean | undefined): string =>
    isObeyed === true
      ? `${name} takes the setpoint, reads it back and does not act: allow remote control at ` +
        'the device.'
      : `${name} ignores what it is told: allow remote control at the device, and check its ` +
        'address.',
  noCar: ({ name }: Terminal): string =>
    `${name} took the order and nothing charges: connect a car and repeat.`,
  unclear: ({ name }: Terminal, witness: Witness): string =>
    `${sentence(whose(witness))} did not see each pulse of ${name} alike: something else moved ` +
    'at the same time; repeat.',
  missing: (witness: Witness): string =>
    `${sentence(whose(witness))} gave too few readings: check its wire and address, and repeat.`,
  stuck: (witness: Witness, atW: number | undefined): string =>
    `${sentence(whose(witness))} showed ${power(atW)} all the time while power changed: it is ` +
    'frozen, or measures another feeder.',
};

const proofs = {
  meterRight: ({ name }: Terminal, { id }: Witness, seen: number): string =>
    `The meter ${id} sees ${share(seen)} of ${name}, the right way.`,
  nobodyElse: ({ name }: Terminal): string =>
    `No meter that is right itself saw what ${name} did: mend the meter and repeat.`,
  obeys: ({ name }: Terminal): string => `${name} does what it is told, as a meter saw.`,
  signRight: (terminal: Terminal): string =>
    terminal.kind === 'battery'
      ? `${terminal.name} charges when told to charge.`
      : `${terminal.name} goes the way it is told.`,
  scaleRight: ({ name }: Terminal, times: number): string =>
    `${name} does ${share(times)} of what it is told.`,
  responds: ({ name }: Terminal, delayMs: number, lagMs: number): string =>
    `${name} begins to follow after ${seconds(delayMs / 1_000)} and is most of the way ` +
    `${seconds(lagMs / 1_000)} later.`,
  losses: ({ name }: Terminal, inShare: number, outShare: number): string =>
    `Metered, ${name} gives ${share(inShare)} of what is asked of it and takes ${share(outShare)}.`,
};

type Ending = 'letGo' | 'release';

const endings = {
  letGo: ({ name }: Terminal, kind: Ending, afterS: number, toW: number, late: boolean): string =>
    kind === 'release'
      ? `${name} gave up its setpoint when released, and went to ${power(toW)}.`
      : `${name} let go by itself after ${seconds(afterS)}` +
        `${late ? ', later than its timer says: shorten it' : ''}.`,
  held: ({ name }: Terminal, kind: Ending, fromW: number, waitedS: number): string =>
    kind === 'release'
      ? `${name} still held ${power(fromW)} after it was released: its release does not work.`
      : `${name} still held ${power(fromW)} after ${seconds(waitedS)} without a word: its timer ` +
        'does not work.',
  letGoUnknown: ({ name }: Terminal, kind: Ending, isMeasured: boolean): string => {
    const what = kind === 'release' ? 'release' : 'timer';
    return isMeasured
      ? `Whether the ${what} of ${name} works was not to be told from its power: repeat.`
      : `Nothing right measures ${name} itself, so its ${what} is not proven.`;
  },
  noTimer: ({ name }: Terminal): string =>
    `${name} has no timer of its own that lets go: allow it by name in the site file, or leave it.`,
};

/**
 * What is true, and how to mend it, in one sentence each. No minus signs; names are those of the
 * site file.
 */
export const say = { ...before, ...wiring, ...scales, ...proofs, ...endings };
