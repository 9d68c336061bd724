#!/usr/bin/env node
import { launch } from './launch.mjs';

launch('gateway/main.ts', process.argv.slice(2));
