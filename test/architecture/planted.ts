// table of data

/** A little house that keeps every rule; the planted files lean on it. */
export const CLEAN: Readonly<Record<string, string>> = {
  'devices/units.ts': 'export type Watt = number;\nexport const ONE = 1;\n',
  'devices/sdm630.ts': "import { ONE } from './units.ts';\nexport const two = ONE + 1;\n",
  'gateway/ports.ts':
    "import type { Instant } from './contracts/values/time.ts';\nexport interface Clock { now(): Instant }\n",
  'gateway/contracts/values/fault.ts': 'export const ERRORS = {};\n',
  'gateway/contracts/values/time.ts':
    'export type Instant = number;\nexport const MINUTE_MS = 1;\n',
  'gateway/contracts/order.ts':
    "import { z } from 'zod';\nimport { MINUTE_MS } from './values/time.ts';\nexport const order = z.object({ m: z.literal(MINUTE_MS) });\nexport type Order = z.infer<typeof order>;\n",
  'gateway/config/load.ts':
    "import { readFileSync } from 'node:fs';\nimport { parse } from 'yaml';\nexport const load = (path: string): unknown => parse(readFileSync(path, 'utf8'));\nexport interface Config { readonly a: number }\n",
  'gateway/guard/bus/queue.ts':
    "import { ONE } from '../../../devices/units.ts';\nimport { ERRORS } from '../../contracts/values/fault.ts';\nexport interface Frame { readonly a: typeof ONE }\nexport const queue = ERRORS;\n",
  'gateway/guard/measurements/decode.ts':
    "import type { Frame } from '../bus/queue.ts';\nexport const decode = (frame: Frame): number => frame.a;\n",
  'gateway/guard/site/state.ts':
    "import type { Clock } from '../../ports.ts';\nimport { MINUTE_MS } from '../../contracts/values/time.ts';\nexport interface SiteState { readonly clock: Clock }\nexport const grace = MINUTE_MS;\n",
  'gateway/guard/control/wish.ts': 'export interface Wish { readonly powerW: number }\n',
  'gateway/guard/control/peak/step.ts':
    "import type { SiteState } from '../../site/state.ts';\nimport type { Wish } from '../wish.ts';\nexport const peak = (_: SiteState): Wish[] => [];\n",
  'gateway/guard/control/plan/step.ts':
    "import type { Wish } from '../wish.ts';\nexport const plan = (): Wish[] => [];\n",
  'gateway/guard/safety/kernel.ts':
    "import type { Verdict } from './verdict.ts';\nexport const judge = (verdict: Verdict): Verdict => verdict;\n",
  'gateway/guard/safety/verdict.ts': 'export interface Verdict { readonly powerW: number }\n',
  'gateway/guard/commands/write.ts':
    "import type { Order } from '../../contracts/order.ts';\nimport type { Verdict } from '../safety/verdict.ts';\nexport const write = (verdict: Verdict, _: Order): Verdict => verdict;\n",
  'gateway/guard/tick.ts':
    "import { queue } from './bus/queue.ts';\nimport { judge } from './safety/kernel.ts';\nimport { write } from './commands/write.ts';\nexport const tick = [queue, judge, write];\n",
  'gateway/agents/forecasting/model.ts': 'export const model = 1;\n',
  'gateway/agents/planning/plan.ts':
    "import type { SiteState } from '../../guard/site/state.ts';\nexport const planned = (state: SiteState): SiteState => state;\n",
  'gateway/agents/producer/orders.ts': 'export const orders = 1;\n',
  'gateway/link/outbox.ts': 'export const outbox = 1;\n',
  'gateway/commissioning/program.ts':
    "import { ONE } from '../../devices/units.ts';\nimport type { Instant } from '../contracts/values/time.ts';\nexport const program = (at: Instant): number => at + ONE;\n",
  'gateway/link/b.ts': "import { a } from './a.ts';\nexport const b = (): unknown => a;\n",
  'gateway/link/d.ts': "import type { C } from './c.ts';\nexport interface D { readonly c: C }\n",
  'gateway/adapters/clock.ts':
    "import type { Clock } from '../ports.ts';\nimport process from 'node:process';\nimport { ERRORS } from '../contracts/values/fault.ts';\nexport const clock: Clock = { now: () => process.pid };\nexport const e = ERRORS;\n",
  'gateway/ui/main.tsx':
    "import { render } from 'preact';\nimport type { Order } from '../contracts/order.ts';\nimport { MINUTE_MS } from '../contracts/values/time.ts';\nexport const page = (order: Order): unknown => [render, order, MINUTE_MS];\n",
  'gateway/compose.ts':
    "import type { Config } from './config/load.ts';\nimport type { Clock } from './ports.ts';\nimport { tick } from './guard/tick.ts';\nimport { peak } from './guard/control/peak/step.ts';\nimport { part } from './compose-agent.ts';\nexport const compose = (config: Config, ports: Clock): unknown => [config, ports, tick, peak, part];\n",
  'gateway/compose-agent.ts':
    "import { orders } from './agents/producer/orders.ts';\nexport const part = orders;\n",
  'gateway/main.ts':
    "import { clock } from './adapters/clock.ts';\nimport { compose } from './compose.ts';\nimport { load } from './config/load.ts';\nexport const main = [clock, compose, load];\n",
  'gateway/processes/agent.ts':
    "import { clock } from '../adapters/clock.ts';\nimport { part } from '../compose-agent.ts';\nexport const agent = [clock, part];\n",
  'cloud/ports.ts': "export type { Clock } from '../gateway/ports.ts';\n",
  'cloud/adapters/files.ts':
    "import { readFileSync } from 'node:fs';\nimport type { Clock } from '../ports.ts';\nexport const files = (clock: Clock): unknown => [clock, readFileSync];\n",
  'cloud/agents/grid/step.ts':
    "import { model } from '../../../gateway/agents/forecasting/model.ts';\nexport const grid = model;\n",
  'cloud/agents/forecasting/step.ts': 'export const forecast = 1;\n',
  'cloud/market/auction.ts':
    "import { order } from '../../gateway/contracts/order.ts';\nimport { ONE } from '../../devices/units.ts';\nexport const auction = [order, ONE];\n",
  'cloud/compose.ts':
    "import { auction } from './market/auction.ts';\nexport const composeCloud = auction;\n",
  'cloud/main.ts':
    "import { clock } from '../gateway/adapters/clock.ts';\nimport { files } from './adapters/files.ts';\nimport { composeCloud } from './compose.ts';\nexport const main = [clock, files, composeCloud];\n",
  'cloud/handlers/trading-api.ts':
    "import { composeCloud } from '../compose.ts';\nimport { files } from '../adapters/files.ts';\nexport const handler = [composeCloud, files];\n",
  'simulators/world.ts':
    "import { compose } from '../gateway/compose.ts';\nimport { composeCloud } from '../cloud/compose.ts';\nimport type { Clock } from '../gateway/ports.ts';\nimport { sumsToZero } from './checkers/sums.ts';\nexport const world = (clock: Clock): unknown => [clock, compose, composeCloud, sumsToZero];\n",
  'simulators/checkers/sums.ts':
    "import { ONE } from '../../devices/units.ts';\nimport { order } from '../../gateway/contracts/order.ts';\nexport const sumsToZero = [ONE, order];\n",
  'simulators/servers/weather.ts':
    "import { createServer } from 'node:http';\nexport const serve = createServer;\n",
  'simulators/iot-core/run.ts':
    "import { createServer } from 'node:net';\nimport { clock } from '../../gateway/adapters/clock.ts';\nexport const broker = [createServer, clock];\n",
  'simulators/demo/processes.ts':
    "import { spawn } from 'node:child_process';\nexport const demo = spawn;\n",
  'gateway/ui/vite.config.ts':
    "import { defineConfig } from 'vite';\nexport default defineConfig({});\n",
  'simulators/main.ts':
    "import { clock } from '../gateway/adapters/clock.ts';\nimport { load } from '../gateway/config/load.ts';\nimport { serve } from './servers/weather.ts';\nimport { world } from './world.ts';\nexport const main = [clock, load, serve, world];\n",
  'bin/edgewatt.mjs': "import { spawn } from 'node:child_process';\nexport const launch = spawn;\n",
  'test/unit/bus.test.ts':
    "import { test } from 'vitest';\nimport { queue } from '../../gateway/guard/bus/queue.ts';\nimport { clock } from '../../gateway/adapters/clock.ts';\nimport { world } from '../../simulators/world.ts';\nimport { help } from './help.ts';\ntest('a', () => void [queue, clock, world, help]);\n",
  'test/unit/help.ts': 'export const help = 1;\n',
};

interface Plant {
  /** The rule that must catch it. */
  readonly rule: string;
  readonly at: string;
  readonly text: string;
}

const value = (name: string, from: string): string =>
  `import { ${name} } from '${from}';\nexport const use = ${name};\n`;
const type = (name: string, from: string): string =>
  `import type { ${name} } from '${from}';\nexport type Use = ${name};\n`;

/** One violation or more of every rule, each in a file of its own. */
export const PLANTED: readonly Plant[] = [
  {
    rule: 'no-cycles',
    at: 'gateway/link/a.ts',
    text: "import { b } from './b.ts';\nexport const a = (): unknown => b;\n",
  },
  {
    rule: 'no-cycles',
    at: 'gateway/link/c.ts',
    text: "import type { D } from './d.ts';\nexport interface C { readonly d: D }\n",
  },

  {
    rule: 'devices-stand-alone',
    at: 'devices/planted-a.ts',
    text: type('Instant', '../gateway/contracts/values/time.ts'),
  },
  { rule: 'devices-stand-alone', at: 'devices/planted-b.ts', text: value('readFile', 'node:fs') },
  { rule: 'devices-stand-alone', at: 'devices/planted-c.ts', text: value('z', 'zod') },

  {
    rule: 'safety-imports-nothing',
    at: 'gateway/guard/safety/planted-a.ts',
    text: type('Watt', '../../../devices/units.ts'),
  },
  {
    rule: 'safety-imports-nothing',
    at: 'gateway/guard/safety/planted-b.ts',
    text: type('Clock', '../../ports.ts'),
  },

  {
    rule: 'bus-looks-ahead',
    at: 'gateway/guard/bus/planted.ts',
    text: type('SiteState', '../site/state.ts'),
  },
  {
    rule: 'measurements-looks-ahead',
    at: 'gateway/guard/measurements/planted.ts',
    text: type('SiteState', '../site/state.ts'),
  },
  {
    rule: 'site-looks-ahead',
    at: 'gateway/guard/site/planted.ts',
    text: type('Wish', '../control/wish.ts'),
  },
  {
    rule: 'control-looks-ahead',
    at: 'gateway/guard/control/peak/planted.ts',
    text: type('Verdict', '../../safety/verdict.ts'),
  },
  {
    rule: 'safety-looks-ahead',
    at: 'gateway/guard/safety/planted-c.ts',
    text: value('write', '../commands/write.ts'),
  },
  {
    rule: 'stage-takes-types',
    at: 'gateway/guard/site/planted-b.ts',
    text: value('decode', '../measurements/decode.ts'),
  },
  {
    rule: 'stage-takes-types',
    at: 'gateway/guard/site/planted-c.ts',
    text: "import type { Frame } from '../bus/queue.ts';\nimport { queue } from '../bus/queue.ts';\nexport const both = (frame: Frame): unknown => [frame, queue];\n",
  },
  {
    rule: 'stage-takes-types',
    at: 'gateway/guard/site/planted-d.ts',
    text: "import { type Frame, queue } from '../bus/queue.ts';\nexport const both = (frame: Frame): unknown => [frame, queue];\n",
  },
  {
    rule: 'stage-takes-types',
    at: 'gateway/guard/site/planted-e.ts',
    text: "export const late = (): unknown => import('../bus/queue.ts');\n",
  },
  {
    rule: 'stages-meet-in-tick',
    at: 'gateway/guard/planted-a.ts',
    text: value('decode', './measurements/decode.ts'),
  },
  {
    rule: 'stages-meet-in-tick',
    at: 'gateway/agents/planning/planted-a.ts',
    text: value('peak', '../../guard/control/peak/step.ts'),
  },
  {
    rule: 'guard-needs-nobody',
    at: 'gateway/guard/bus/planted-b.ts',
    text: type('Config', '../../config/load.ts'),
  },
  {
    rule: 'guard-needs-nobody',
    at: 'gateway/guard/planted-b.ts',
    text: value('outbox', '../link/outbox.ts'),
  },
  {
    rule: 'guard-takes-types',
    at: 'gateway/guard/commands/planted.ts',
    text: value('order', '../../contracts/order.ts'),
  },
  { rule: 'ports-are-types', at: 'gateway/link/planted-e.ts', text: value('Clock', '../ports.ts') },
  {
    rule: 'controllers-never-meet',
    at: 'gateway/guard/control/plan/planted.ts',
    text: type('peak', '../peak/step.ts'),
  },
  {
    rule: 'agents-never-meet',
    at: 'gateway/agents/producer/planted.ts',
    text: type('planned', '../planning/plan.ts'),
  },
  {
    rule: 'agents-never-meet',
    at: 'cloud/agents/forecasting/planted.ts',
    text: value('grid', '../grid/step.ts'),
  },

  {
    rule: 'commissioning-is-pure',
    at: 'gateway/commissioning/planted-a.ts',
    text: type('Clock', '../ports.ts'),
  },
  {
    rule: 'commissioning-is-pure',
    at: 'gateway/commissioning/planted-b.ts',
    text: type('SiteState', '../guard/site/state.ts'),
  },

  {
    rule: 'adapters-belong-to-roots',
    at: 'gateway/compose-planted.ts',
    text: value('clock', './adapters/clock.ts'),
  },
  {
    rule: 'adapters-belong-to-roots',
    at: 'gateway/link/planted-f.ts',
    text: type('clock', '../adapters/clock.ts'),
  },
  {
    rule: 'gateway-adapters-see-ports',
    at: 'gateway/adapters/planted.ts',
    text: type('SiteState', '../guard/site/state.ts'),
  },
  {
    rule: 'cloud-adapters-see-ports',
    at: 'cloud/adapters/planted-a.ts',
    text: value('auction', '../market/auction.ts'),
  },
  {
    rule: 'cloud-adapters-see-ports',
    at: 'cloud/adapters/planted-b.ts',
    text: value('clock', '../../gateway/adapters/clock.ts'),
  },
  {
    rule: 'compose-has-three-callers',
    at: 'gateway/link/planted-g.ts',
    text: value('compose', '../compose.ts'),
  },

  {
    rule: 'cloud-sees-contracts',
    at: 'cloud/market/planted.ts',
    text: type('SiteState', '../../gateway/guard/site/state.ts'),
  },
  {
    rule: 'cloud-sees-contracts',
    at: 'cloud/fleet/planted.ts',
    text: value('load', '../../gateway/config/load.ts'),
  },
  {
    rule: 'gateway-never-sees-cloud',
    at: 'gateway/link/planted-h.ts',
    text: type('auction', '../../cloud/market/auction.ts'),
  },
  {
    rule: 'nobody-sees-simulators',
    at: 'gateway/link/planted-i.ts',
    text: value('world', '../../simulators/world.ts'),
  },
  {
    rule: 'nobody-sees-simulators',
    at: 'cloud/fleet/planted-b.ts',
    text: value('world', '../../simulators/world.ts'),
  },
  {
    rule: 'pages-take-types',
    at: 'gateway/ui/planted-a.tsx',
    text: value('order', '../contracts/order.ts'),
  },
  {
    rule: 'pages-take-types',
    at: 'cloud/console/planted-a.tsx',
    text: value('auction', '../market/auction.ts'),
  },
  {
    rule: 'contracts-stand-alone',
    at: 'gateway/contracts/planted-a.ts',
    text: type('SiteState', '../guard/site/state.ts'),
  },
  {
    rule: 'values-are-plain',
    at: 'gateway/contracts/values/planted-a.ts',
    text: type('Order', '../order.ts'),
  },
  {
    rule: 'only-tests-see-tests',
    at: 'simulators/planted-a.ts',
    text: value('help', '../test/unit/help.ts'),
  },
  {
    rule: 'simulators-see-compose',
    at: 'simulators/planted-b.ts',
    text: value('queue', '../gateway/guard/bus/queue.ts'),
  },
  {
    rule: 'simulators-see-compose',
    at: 'simulators/planted-c.ts',
    text: value('auction', '../cloud/market/auction.ts'),
  },
  {
    rule: 'simulator-roots-see-adapters',
    at: 'simulators/cli/planted.ts',
    text: value('tick', '../../gateway/guard/tick.ts'),
  },
  {
    rule: 'checkers-judge-from-outside',
    at: 'simulators/checkers/planted-a.ts',
    text: value('world', '../world.ts'),
  },
  {
    rule: 'checkers-judge-from-outside',
    at: 'simulators/checkers/planted-b.ts',
    text: type('Clock', '../../gateway/ports.ts'),
  },

  {
    rule: 'no-node-inside',
    at: 'gateway/agents/planning/planted-b.ts',
    text: value('readFileSync', 'node:fs'),
  },
  { rule: 'no-node-inside', at: 'cloud/market/planted-b.ts', text: type('Stats', 'node:fs') },
  { rule: 'no-node-inside', at: 'gateway/ui/planted-b.tsx', text: value('pid', 'node:process') },
  { rule: 'no-node-inside', at: 'simulators/planted-d.ts', text: value('join', 'node:path') },
  { rule: 'no-package-inside', at: 'gateway/link/planted-j.ts', text: value('z', 'zod') },
  { rule: 'no-package-inside', at: 'cloud/fleet/planted-c.ts', text: type('Logger', 'pino') },
  { rule: 'contracts-use-zod', at: 'gateway/contracts/planted-b.ts', text: value('parse', 'yaml') },
  {
    rule: 'values-use-no-zod',
    at: 'gateway/contracts/values/planted-b.ts',
    text: value('z', 'zod'),
  },
  { rule: 'pages-use-preact', at: 'cloud/console/planted-b.tsx', text: value('z', 'zod') },
  {
    rule: 'edge-carries-no-dev-packages',
    at: 'gateway/adapters/planted-b.ts',
    text: value('test', 'vitest'),
  },
  { rule: 'imports-resolve', at: 'gateway/link/planted-k.ts', text: value('a', './nowhere.ts') },
  {
    rule: 'packages-are-declared',
    at: 'gateway/adapters/planted-c.ts',
    text: value('build', 'rolldown'),
  },
];
