import { Command, InvalidArgumentError, Option } from 'commander';
import { runProgram } from '../gateway/adapters/cli.ts';
import { Fault } from '../gateway/contracts/values/fault.ts';

/** `edgewatt-sim`: the simulated world. Bad input ends with one line and exit code 2. */
const program = new Command('edgewatt-sim').description('simulated sites, devices and services');

const number =
  (name: string, least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`${name} is a number from ${least} to ${most}.`);
  };

const whole =
  (name: string, least: number, most: number) =>
  (text: string): number => {
    const value = number(name, least, most)(text);
    if (Number.isInteger(value)) return value;
    throw new InvalidArgumentError(`${name} is a whole number.`);
  };

function instant(text: string): number {
  const atMs = Date.parse(text);
  if (Number.isFinite(atMs) && /Z$|[+-]\d\d:\d\d$/.test(text)) return atMs;
  throw new InvalidArgumentError('Give an instant with its offset, as 2026-06-17T04:30:00Z.');
}

/** A day is left to the recording's zone; anything else must be an instant. */
function beginning(text: string | undefined): number | undefined {
  if (text === undefined || /^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  try {
    return instant(text);
  } catch {
    throw new Fault(`'${text}' is no time`, '--from', 'write 2016-07-05 or 2016-07-05T00:00:00Z');
  }
}

function seeds(text: string): { firstSeed: number; lastSeed: number } {
  const [, first = '', last = first] = /^(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
  if (first !== '' && Number(first) <= Number(last)) {
    return { firstSeed: Number(first), lastSeed: Number(last) };
  }
  throw new InvalidArgumentError('Give FIRST..LAST, as 1..20.');
}

function numbers(text: string): ReadonlySet<number> {
  const list = text.split(',').filter((one) => one !== '');
  if (list.every((one) => /^\d{1,6}$/.test(one))) return new Set(list.map(Number));
  throw new InvalidArgumentError('Give numbers with commas, as 3,7; nothing for none.');
}

const INJECT = ['violation', 'loss', 'duplicate'] as const;
function inject(text: string): (typeof INJECT)[number] {
  const known = INJECT.find((one) => one === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`Inject one of: ${INJECT.join(', ')}.`);
}

async function faultsOf(text: string | undefined, sites: number, days: number) {
  if (text === undefined) return undefined;
  const { parseFaults } = await import('./world/faults.ts');
  return parseFaults(text, { sites, days });
}

/** A summer Wednesday in Berlin, half past six in the morning. */
const START = '2026-06-17T04:30:00Z';

/** The sun is high. */
const NOON = '2026-06-17T10:00:00Z';

program
  .command('demo')
  .description('three sites, their gateways, a broker and the cloud on this machine')
  .option('--speed <n>', 'simulated seconds per second', number('speed', 1, 3_600), 96)
  .option('--minutes <n>', 'end after so many simulated minutes', number('minutes', 1, 1e6))
  .option('--headless', 'no page to look at; needs --minutes')
  .option('--json', 'print one JSON object at the end')
  .option('--seed <n>', 'another weather, other loads', number('seed', 0, 4_294_967_295), 1)
  .addOption(
    new Option('--start <instant>', 'simulated time at the beginning')
      .argParser(instant)
      .default(Date.parse(START), START),
  )
  .option('--keep', "keep the run's folder (files, databases, logs)")
  .addOption(
    new Option('--broker <kind>', 'by certificates as on AWS, or plain by password')
      .choices(['iot-core', 'plain'])
      .default('iot-core'),
  )
  .option('--fleet', 'gateways get their certificates by claim; an operator reaches each of them')
  .option('--inject <what>', 'make a judge see violation, loss or duplicate', inject)
  .action(async (options) => {
    if (options.headless && options.minutes === undefined) {
      throw new Fault('it would never end', '--headless', 'say how long with --minutes');
    }
    if (options.fleet && options.broker === 'plain') {
      throw new Fault('a password needs no claim', '--fleet', 'leave --broker plain out');
    }
    const { demo } = await import('./cli/demo.ts');
    process.exitCode = await demo({
      speed: options.speed,
      seed: options.seed,
      startMs: options.start,
      minutes: options.minutes,
      json: options.json === true,
      headless: options.headless === true,
      keep: options.keep === true,
      broker: options.broker,
      isFleet: options.fleet === true,
      inject: options.inject,
    });
  });

program
  .command('site')
  .description('one site on its own: its devices on real sockets, in front of its real gateway')
  .argument('[file]', 'site file (YAML), with wires of our own; without, one of the size of --data')
  .option('--data <csv>', 'recorded load and PV (docs/formats.md) in place of the models')
  .option('--from <day>', 'where to begin: a day of the recording, or an instant with its offset')
  .option('--minutes <n>', 'end after so many simulated minutes', number('minutes', 1, 1e6))
  .option('--speed <n>', 'simulated seconds per second', number('speed', 1, 3_600), 96)
  .option('--seed <n>', 'another noise', number('seed', 0, 4_294_967_295), 1)
  .option('--headless', 'no page to look at; needs --minutes')
  .option('--json', 'print one JSON object at the end')
  .option('--keep', "keep the run's folder (files, databases, logs)")
  .action(async (file, options) => {
    if (options.headless && options.minutes === undefined) {
      throw new Fault('it would never end', '--headless', 'say how long with --minutes');
    }
    const { site } = await import('./cli/site.ts');
    process.exitCode = await site({
      file,
      data: options.data,
      from: options.from,
      fromMs: beginning(options.from),
      minutes: options.minutes,
      speed: options.speed,
      seed: options.seed,
      json: options.json === true,
      headless: options.headless === true,
      keep: options.keep === true,
    });
  });

program
  .command('world')
  .description(
    'sites, wires, gateways, broker and cloud in virtual time, with faults, from one seed',
  )
  .requiredOption('--seeds <range>', 'FIRST..LAST, or one', seeds)
  .option('--days <n>', 'simulated days of each seed', number('days', 0.02, 3_660), 1)
  .option('--sites <n>', 'sites of each seed', whole('sites', 1, 300), 1)
  .option(
    '--start <instant>',
    "simulated time at the beginning, in place of each seed's own",
    instant,
  )
  .option('--only <list>', 'of the faults only these, by number, as 3,7', numbers)
  .option('--faults <list>', 'these in place of the planned ones, as a failed run prints them')
  .option('--no-shrink', 'after a violation, do not look for the least faults that bring it back')
  .option('--verbose', 'what happens, line by line')
  .option('--json', 'print one JSON object at the end')
  .action(async (options) => {
    const { world } = await import('./cli/world.ts');
    const { sites, days } = options;
    process.exitCode = await world({
      ...options.seeds,
      days,
      sites,
      startMs: options.start,
      only: options.only,
      faults: await faultsOf(options.faults, sites, days),
      isShrunk: options.shrink !== false,
      json: options.json === true,
      isVerbose: options.verbose === true,
    });
  });

program
  .command('scenario')
  .description('run scenarios: a site, what happens to it, and what must be seen then')
  .argument('[names...]', 'shipped scenarios (--list) or files (docs/scenarios.md)')
  .option('--all', 'every shipped one')
  .option('--virtual', 'in virtual time (the default)')
  .option('--real', "in real time: the gateway's processes, sockets and serial lines")
  .option('--speed <n>', 'of --real: simulated seconds per second', number('speed', 1, 3_600), 1)
  .option('--against <who...>', 'gateway (the default), or modbus-master [127.0.0.1:PORT ...]')
  .option('--list', 'show what is shipped')
  .option('--json', 'print one JSON object at the end')
  .option('--junit <file>', 'write JUnit XML')
  .option('--plot <file>', 'write an SVG of the run; of several runs, into this folder')
  .action(async (names, options) => {
    if (options.virtual && (options.real || options.against?.[0] === 'modbus-master')) {
      throw new Fault('another master and --real need real time', '--virtual', 'leave it out');
    }
    const { scenario } = await import('./cli/scenario.ts');
    process.exitCode = await scenario({
      names,
      all: options.all === true,
      list: options.list === true,
      isReal: options.real === true,
      speed: options.speed,
      against: options.against ?? [],
      json: options.json === true,
      junit: options.junit,
      plot: options.plot,
    });
  });

function chained(text: string): number[] {
  if (/^\d{1,5}(,\d{1,5})*$/.test(text)) return text.split(',').map(Number);
  throw new InvalidArgumentError('Give models with commas, as 1,103,120.');
}

const several = (text: string, before: readonly string[] = []): string[] => [...before, text];

program
  .command('device')
  .description('one device of the catalogue on a wire, with the faults you ask for')
  .argument('<profile>', "as in 'edgewatt devices list'")
  .option('--site <dir>', 'folder with site.yaml, for the profiles of its own')
  .option('--tcp <port>', 'Modbus TCP on 127.0.0.1; 0 = a free port', number('port', 0, 65_535))
  .option('--serial <path>', 'Modbus RTU on a tty')
  .addOption(
    new Option('--framing <kind>', 'on --tcp: mbap, or rtu for RTU over TCP')
      .choices(['mbap', 'rtu'])
      .default('mbap'),
  )
  .option('--unit <n>', "unit id; default the profile's", number('unit', 0, 255))
  .option('--baud <n>', "of --serial; default the profile's", number('baud', 1_200, 1_000_000))
  .addOption(
    new Option('--parity <kind>', 'of --serial').choices(['none', 'even', 'odd']).default('none'),
  )
  .option('--models <list>', 'SunSpec chain of sunspec/generic, as 1,103,120,123,160', chained)
  .addOption(
    new Option('--base <register>', 'of that chain')
      .choices(['0', '40000', '50000'])
      .default('40000'),
  )
  .option('--strings <n>', 'DC inputs of model 160; default 2', number('strings', 1, 20))
  .option('--rated <w>', 'nameplate, W', number('rated', 100, 1e7))
  .option('--serial-number <text>', 'what it calls itself')
  .option('--clients <n>', "connections at a time; default the profile's", number('n', 1, 1_000))
  .option('--set <point=value>', 'a reading that stands; may be given several times', several)
  .option('--fault <rule>', "a fault from the start, as 'late 300 every 7'; several", several)
  .addOption(
    new Option('--start <instant>', 'simulated time at the beginning')
      .argParser(instant)
      .default(Date.parse(NOON), NOON),
  )
  .option('--speed <n>', 'simulated seconds per second', number('speed', 1, 3_600), 1)
  .option('--seed <n>', 'other faults, other weather', number('seed', 0, 4_294_967_295), 1)
  .option('--json', 'one JSON object a line: every write it took, answers, state at the end')
  .action(async (profile, options) => {
    const { device } = await import('./cli/device.ts');
    await device({
      profile,
      site: options.site,
      port: options.tcp,
      serial: options.serial,
      framing: options.framing,
      unit: options.unit,
      baud: options.baud,
      parity: options.parity,
      ratedW: options.rated,
      serialNumber: options.serialNumber,
      clients: options.clients,
      models: options.models,
      base: Number(options.base),
      strings: options.strings,
      set: options.set ?? [],
      fault: options.fault ?? [],
      startMs: options.start,
      speed: options.speed,
      seed: options.seed,
      json: options.json === true,
    });
  });

program
  .command('sources')
  .description('suppliers of weather and prices in the shapes of their real servers')
  .option('--port <n>', 'on 127.0.0.1; 0 = a free one', number('port', 0, 65_535), 0)
  .option('--latitude <deg>', 'of the sky', number('latitude', -90, 90), 52.4)
  .option('--longitude <deg>', 'of the sky', number('longitude', -180, 180), 13.1)
  .option('--start <instant>', "begin there; without, the machine's own time", instant)
  .option('--speed <n>', 'of --start: simulated seconds per second', number('speed', 1, 3_600), 1)
  .option('--seed <n>', 'another weather, other prices', number('seed', 0, 4_294_967_295), 1)
  .action(async ({ start, latitude, longitude, ...options }) => {
    const { sources } = await import('./cli/sources.ts');
    const place = { latitudeDeg: latitude, longitudeDeg: longitude };
    await sources({ ...options, ...place, startMs: start });
  });

program
  .command('iot-core')
  .description('an MQTT 5 broker in the manner of AWS IoT Core')
  .requiredOption('--config <file>', 'JSON: port, certificates, policies (docs/iot-core.md)')
  .option('--with-parent', 'end when the process that started it is gone')
  .action(async (options) => {
    const { runBroker } = await import('./iot-core/run.ts');
    await runBroker(options.config, options.withParent === true);
  });

await runProgram(program);
