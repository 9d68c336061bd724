#!/usr/bin/env node
import { launch } from './launch.mjs';

const args = process.argv.slice(2);
// A gateway's young generation would grow to 128 MB before anything is collected.
launch('gateway/main.ts', args, args[0] === 'run' ? ['--max-semi-space-size=2'] : []);
