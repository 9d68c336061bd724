import type { Finding, Learned } from '../../contracts/values/commissioning.ts';
import type { Terminal } from '../../contracts/values/site.ts';
import { finding, kept } from '../findings.ts';
import { say } from '../sentences.ts';

/** What was measured beside the proof: how fast it follows, and what it loses. */
export function measuredFindings(terminal: Terminal, device: string, learned: Learned): Finding[] {
  const { delayMs, delayErrorMs, lagMs, lagErrorMs, rampWPerS } = learned;
  if (delayMs === null || lagMs === null || delayErrorMs === null || lagErrorMs === null) return [];
  const found = [
    finding('response', 'proven', device, {
      sentence: say.responds(terminal, delayMs, lagMs),
      numbers: [
        { name: 'dead time', value: delayMs / 1_000, unit: 's' },
        { name: 'its error', value: delayErrorMs / 1_000, unit: 's' },
        { name: 'lag to 63 %', value: lagMs / 1_000, unit: 's' },
        { name: 'its error', value: lagErrorMs / 1_000, unit: 's' },
        { name: 'ramp', value: kept(rampWPerS ?? 0), unit: 'W/s' },
      ],
    }),
  ];
  const { inShare, outShare } = learned;
  const isWhole = terminal.control === 'setpoint' && inShare !== null && outShare !== null;
  if (!isWhole) return found;
  const numbers = [
    { name: 'discharge as metered', value: kept(100 * inShare), unit: '%' },
    { name: 'charge as metered', value: kept(100 * outShare), unit: '%' },
  ];
  const sentence = say.losses(terminal, inShare, outShare);
  return [...found, finding('losses', 'proven', device, { sentence, numbers })];
}
