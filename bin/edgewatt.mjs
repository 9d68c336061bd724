#!/usr/bin/env node
import { launch } from './launch.mjs';

const args = process.argv.slice(2);
// Of a heap that holds 30 MB Node would make 180 before it collects: a small young generation, and
// a bound from which V8 derives how far the old one may grow between collections.
const small = ['--max-semi-space-size=4', '--max-old-space-size=320'];
launch('gateway/main.ts', args, args[0] === 'run' ? small : []);
