#!/usr/bin/env node
import { launch } from './launch.mjs';

const args = process.argv.slice(2);
// Code that runs for minutes on end: on large pages its addresses are found sooner, for 40 MB more.
const isLong = args[0] === 'world' || args[0] === 'scenario';
launch('simulators/main.ts', args, isLong ? ['--use-largepages=silent'] : []);
