import { cpus } from 'node:os';
import { benchModbus } from './modbus/modbus.ts';
import { benchSite } from './site.ts';
import { benchStep } from './step.ts';

/**
 * `npm run bench -- NAME [--json]`: figures for docs/benchmarks.md. Each bench names the machine it
 * ran on.
 */
const BENCHES: Readonly<Record<string, () => Promise<object>>> = {
  modbus: benchModbus,
  site: benchSite,
  step: benchStep,
};

const [name = 'site', ...flags] = process.argv.slice(2).filter((word) => word !== '--');
const bench = BENCHES[name];
if (bench === undefined) {
  process.stderr.write(
    `bench: no bench is called '${name}'; name one of: ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exit(2);
}
const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version };
const figures = { bench: name, machine, ...(await bench()) };
if (flags.includes('--json')) process.stdout.write(`${JSON.stringify(figures)}\n`);
else process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
process.exit(0);
