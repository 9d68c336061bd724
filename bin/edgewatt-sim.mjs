#!/usr/bin/env node
import { launch } from './launch.mjs';

launch('simulators/main.ts', process.argv.slice(2));
