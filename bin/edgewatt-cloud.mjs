#!/usr/bin/env node
import { launch } from './launch.mjs';

launch('cloud/main.ts', process.argv.slice(2));
