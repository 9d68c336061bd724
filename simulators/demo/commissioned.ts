import { mkdirSync } from 'node:fs';
import { commandedBy, keepRecord } from '../../gateway/config/commissioning.ts';
import type { Learned, TerminalResult } from '../../gateway/contracts/values/commissioning.ts';
import type { Site, Terminal } from '../../gateway/contracts/values/site.ts';

const NOTHING_LEARNED: Omit<Learned, 'terminal'> = {
  sign: null,
  phases: [],
  delayMs: null,
  delayErrorMs: null,
  lagMs: null,
  lagErrorMs: null,
  rampWPerS: null,
  inShare: null,
  outShare: null,
  limitInW: null,
  limitOutW: null,
  reversion: null,
  release: null,
  meters: [],
};

function resultOf({ id, name }: Terminal, device: string): TerminalResult {
  const sentence = 'Nothing was measured: the simulator knows its own wiring.';
  const base = { severity: 'proven', device, meter: null, numbers: [], sentence } as const;
  return {
    ...{ terminal: id, name, proven: true, steps: [], seed: 'none' },
    findings: [
      { ...base, kind: 'mapping' },
      { ...base, kind: 'reversion' },
    ],
    learned: { terminal: id, ...NOTHING_LEARNED },
    plot: [],
  };
}

/**
 * Leaves the records that an installer would have made in a gateway's data folder, signed as its
 * own are; the simulator knows its own wiring, and its name is on them.
 */
export function keepSimulatedRecords(dataDir: string, site: Site, atMs: number): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  for (const { id, profile, serial = '' } of site.devices) {
    const terminals = commandedBy(site, id).map((terminal) => resultOf(terminal, id));
    if (terminals.length === 0) continue;
    keepRecord({ dataDir }, site, {
      ...{ version: 1, site: site.id, siteName: site.name, timeZone: site.place.timeZone },
      ...{ gateway: site.gateway, device: id, profile, software: 'simulator', by: 'simulator' },
      identity: { maker: '', model: '', serial, firmware: '' },
      ...{ startedAtMs: atMs, endedAtMs: atMs, proven: true, terminals },
    });
  }
}
