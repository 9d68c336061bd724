import { cpus } from 'node:os';
import { benchBlackBox } from './blackbox.ts';
import { benchFleet32 } from './fleet/fleet32.ts';
import { benchJitter } from './jitter.ts';
import { benchLoop } from './loop.ts';
import { benchModbus } from './modbus/modbus.ts';
import { benchReaction } from './reaction.ts';
import { benchSite } from './site.ts';
import { benchStep } from './step.ts';
import { benchWorld } from './world.ts';

/**
 * `npm run bench -- NAME [--json] [--minutes N]`: figures for docs/benchmarks.md. Each bench names
 * the machine it ran on.
 */
const BENCHES: Readonly<Record<string, (minutes?: number) => Promise<object>>> = {
  blackbox: benchBlackBox,
  fleet32: benchFleet32,
  jitter: benchJitter,
  loop: benchLoop,
  modbus: benchModbus,
  reaction: benchReaction,
  site: benchSite,
  step: benchStep,
  world: benchWorld,
};

const [name = 'site', ...flags] = process.argv.slice(2).filter((word) => word !== '--');
const bench = BENCHES[name];
const minutes = Number(flags[flags.indexOf('--minutes') + 1]);
if (bench === undefined) {
  process.stderr.write(
    `bench: no bench is called '${name}'; name one of: ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exit(2);
}
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
const figures = { bench: name, machine, ...(await bench(minutes > 0 ? minutes : undefined)) };
if (flags.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
else process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
process.exit(0);
