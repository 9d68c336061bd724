import { resolve } from 'node:path';
import { Command } from 'commander';
import { runProgram } from './adapters/cli.ts';
import { version } from './processes/version.ts';

/**
 * `edgewatt`: the gateway and its tools. Every command ends bad input with one line and exit code
 * 2.
 */
const program = new Command('edgewatt').description('the edge agent for energy sites');

program
  .command('run')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .description('run the gateway of one site: the guard, and the agent process it starts')
  .action(async (dir: string) =>
    (await import('./processes/guard.ts')).runGuard(resolve(dir), import.meta.filename),
  );

program
  .command('provision')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .description("get the gateway's own certificate from AWS IoT by its claim, and remove the claim")
  .action(async (dir: string) => {
    const { provision } = await import('./cli/provision.ts');
    const code = await provision(resolve(dir), (line) => process.stdout.write(`${line}\n`));
    process.exit(code); // the SDK's threads would keep the process alive
  });

program
  .command('agent', { hidden: true })
  .argument('<dir>')
  .argument('<guard-boot>')
  .argument('<sequence>')
  .argument('[from]')
  .action(async (dir: string, guardBoot: string, sequence: string, from?: string) =>
    (await import('./processes/agent.ts')).runAgent({
      dir: resolve(dir),
      guardBoot,
      sequence: Number(sequence),
      from,
    }),
  );

const more = (value: string, before: string[]): string[] => [...before, value];
program
  .command('setup')
  .argument('<dir>', 'folder for gateway.yaml and site.yaml')
  .option('--host <host[:port]>', 'Modbus TCP device to look at; may be given again', more, [])
  .option('--serial <path[@baud]>', 'RS-485 line to look at; may be given again', more, [])
  .option('--units <range>', 'units to ask, as 1-10 or 1,3', '1-10')
  .option('--set <key=value>', 'answer a question beforehand', more, [])
  .option('--yes', 'ask nothing: what is not set gets its standard', false)
  .option('--force', 'replace the files that are there', false)
  .description('scan the wires, ask what they do not tell, and write a site that observes')
  .action(async (dir: string, options) => {
    const { setup } = await import('./cli/setup.ts');
    process.exitCode = await setup(resolve(dir), options);
  });
program
  .command('doctor')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--json', 'print one JSON object')
  .description('say what is wrong with this gateway and how to mend it')
  .action(async (dir: string, options: { json?: boolean }) => {
    const { doctor } = await import('./cli/doctor.ts');
    process.exitCode = await doctor(resolve(dir), options.json === true);
  });

const update = program
  .command('update')
  .description('signed releases: install one, see which runs');
const places = (command: Command): Command =>
  command
    .option('--root <dir>', 'where releases stand', '/opt/edgewatt')
    .option('--state <dir>', 'what is known of them', '/var/lib/edgewatt-update')
    .option(
      '--marks <dir>',
      'where the gateway says that it is healthy',
      '/var/lib/edgewatt/update',
    );
places(update.command('install'))
  .argument('<bundle>', 'release bundle (.ewb)')
  .option('--keys <file>', 'trusted release keys (JSON)', '/etc/edgewatt/release-keys.json')
  .option('--channel <name>', 'the channel this gateway follows', 'stable')
  .description('verify a bundle, put it beside the running release, make it current on trial')
  .action(async (bundle: string, options) => {
    const { updateInstall } = await import('./cli/update.ts');
    process.exitCode = await updateInstall(bundle, options);
  });
places(update.command('status'))
  .option('--json', 'print one JSON object')
  .description('which release runs, which is on trial, which failed and why')
  .action(async (options) => {
    const { updateStatus } = await import('./cli/update.ts');
    process.exitCode = updateStatus(options, options.json === true);
  });

program
  .command('proxy')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--json', 'print one JSON object')
  .description('the Modbus register map of the proxy at this site')
  .action(async (dir: string, options: { json?: boolean }) =>
    (await import('./cli/proxy.ts')).showProxyMap(resolve(dir), options.json === true),
  );

program
  .command('override')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .argument('[terminal]', 'a terminal of the site; without it the orders in force are shown')
  .argument('[act]', 'hold, charge, discharge, off, or end')
  .argument('[power]', 'for charge and discharge, as 3kW')
  .option('--for <time>', 'how long, as 90min or 2h; without it 1h')
  .option('--until <time>', 'until this time of day at the site, as 18:00')
  .option('--by <name>', 'name of the person who orders; default the user of this machine')
  .option('--json', 'print one JSON object')
  .description('order a battery, PV or a load by hand, for a limited time and inside every limit')
  .action(async (dir: string, terminal, act, power, options) => {
    const { orderNow } = await import('./cli/override.ts');
    process.exitCode = await orderNow(resolve(dir), [terminal, act, power], options);
  });

program
  .command('ask')
  .argument('<question>', 'such as "why did it charge at 14:00?"')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--json', 'print answer and facts as JSON')
  .description('answer a question from what the gateway has recorded')
  .action(async (question: string, dir: string, options: { json?: boolean }) =>
    (await import('./cli/ask.ts')).ask(question, resolve(dir), options.json === true),
  );

const authority = program
  .command('authority')
  .description('whose word says who the broker is: roots, tried before they are kept');
authority
  .command('list')
  .argument('<dir>', 'folder with gateway.yaml')
  .option('--json', 'print one JSON object')
  .description('the roots in broker.caFile, and until when they count')
  .action(async (dir: string, options: { json?: boolean }) => {
    const { listRoots } = await import('./cli/authority.ts');
    process.stdout.write(`${listRoots(resolve(dir), options.json === true)}\n`);
  });
authority
  .command('add')
  .argument('<dir>', 'folder with gateway.yaml')
  .argument('<file>', 'PEM, one root or several')
  .description('believe these as well, if the broker is reached with them')
  .action(async (dir: string, file: string) => {
    const { addRoots } = await import('./cli/authority.ts');
    process.stdout.write(`${await addRoots(resolve(dir), file)}\n`);
  });
authority
  .command('remove')
  .argument('<dir>', 'folder with gateway.yaml')
  .argument('<fingerprint>', 'SHA-256, as list shows it')
  .description('believe this one no more, if the broker is reached without it')
  .action(async (dir: string, fingerprint: string) => {
    const { removeRoot } = await import('./cli/authority.ts');
    process.stdout.write(`${await removeRoot(resolve(dir), fingerprint)}\n`);
  });

const audit = program
  .command('audit')
  .description('the log of commands, refusals and changes: read it, prove it complete');
audit
  .command('verify')
  .argument('<dir>', 'data folder, or the folder of the gateway')
  .option('--head <seq:hash>', 'kept elsewhere: is it in the log? may be given again', more, [])
  .option('--json', 'print one JSON object')
  .description('check every entry and signature; exit code 1 when something was changed')
  .action(async (dir: string, options) => {
    const { verifyLog } = await import('./cli/audit.ts');
    process.exitCode = verifyLog(resolve(dir), options);
  });
audit
  .command('show')
  .argument('<dir>', 'data folder, or the folder of the gateway')
  .option('--since <time>', 'as 2026-06-17 or 2026-06-17T12:05:00Z')
  .option('--kind <kind>', 'such as directive; may be given again', more, [])
  .option('--json', 'print one JSON object')
  .description('print the entries')
  .action(async (dir: string, options) => {
    const { showLog } = await import('./cli/audit.ts');
    process.exitCode = showLog(resolve(dir), options);
  });

program
  .command('replay')
  .argument('<blackbox>', "the gateway's folder, its data folder, its black box, or one segment")
  .option('--from <time>', 'first cycle, as 14:05 or 2026-06-17T14:05, in the zone of the site')
  .option('--to <time>', 'last cycle, likewise')
  .option('--at <time>', 'explain the one cycle that ran at this time')
  .option('--verify', 'decide every cycle again; exit code 1 and the place where one differs')
  .option('--json', 'print one JSON object')
  .description('explain recorded cycles: what was measured, wished and decided, and what bound it')
  .action(async (box: string, options) => {
    const { replayBox } = await import('./cli/replay.ts');
    process.exitCode = replayBox(resolve(box), options);
  });

program
  .command('forecast')
  .argument('<path>', 'folder with meta.json and a CSV (plain or gzip) a site')
  .option('--site <id>', 'only this one; may be given again', more, [])
  .option('--json', 'print one JSON object')
  .description('score forecasts of load, sun and price on recordings, as if issued then')
  .action(async (path: string, options) =>
    (await import('./cli/forecast.ts')).forecast(resolve(path), options),
  );

program
  .command('backtest')
  .argument('<path>', 'folder with meta.json and a CSV (plain or gzip) a site')
  .option('--site <id>', 'only this one; may be given again', more, [])
  .option('--windows <span>', 'meta (those of meta.json), or FROM..TO as 2026-03-01..2026-04-01')
  .option(
    '--controller <name>',
    'ours, self, tou, none, limit or fixed; may be given again',
    more,
    [],
  )
  .option('--no-weather', 'without a weather feed (always so today: recordings have none)')
  .option('--drop-rows <percent>', 'share of the meter rows that are lost, by a fixed seed')
  .option('--drop-price <hours>', 'length of one loss of the price feed in each window')
  .option('--keep-peak', 'ours imports no more than the site needed in the last seven days')
  .option('--by-minute', 'cut each row into minutes that sum to it, by a fixed seed')
  .option('--plot <file>', 'write a drawing (SVG)')
  .option('--json', 'print one JSON object')
  .description('plan and control over recordings: cost against plain rules and perfect foresight')
  .action(async (path: string, options) =>
    (await import('./cli/backtest.ts')).backtest(resolve(path), options),
  );

program
  .command('sources')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--json', 'print one JSON list')
  .description('ask the configured sources of weather and prices once, and show the answers')
  .action(async (dir: string, options: { json?: boolean }) => {
    const { showSources } = await import('./cli/sources.ts');
    process.exitCode = await showSources(resolve(dir), options);
  });

program
  .command('report')
  .argument('[dir]', 'folder with gateway.yaml and site.yaml', '.')
  .option('--from <day>', 'first day, as 2026-06-17')
  .option('--to <day>', 'last day, likewise')
  .option('--json', 'print one JSON object')
  .description('what each day cost, against no battery, self-consumption and perfect foresight')
  .action(async (dir: string, options) =>
    (await import('./cli/report.ts')).report(resolve(dir), options),
  );

program
  .command('advice')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--json', 'print the scoreboard as JSON')
  .description('show what models proposed in the shadow, against their deterministic twins')
  .action(async (dir: string, options: { json?: boolean }) =>
    (await import('./cli/advice.ts')).advice(resolve(dir), options.json === true),
  );

program
  .command('mcp')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .option('--http <port>', 'serve HTTP on loopback, with a token, instead of stdin and stdout')
  .description('let clients of the Model Context Protocol look at state, history, plan and market')
  .action(async (dir: string, options: { http?: string }) =>
    (await import('./cli/mcp.ts')).mcp(resolve(dir), version(), options.http),
  );

const devices = program.command('devices').description('find, read, test, commission devices');
const siteFolder = (command: Command): Command =>
  command.option('--site <dir>', 'folder with site.yaml, for the profiles of its own');
siteFolder(devices.command('list'))
  .option('--json', 'print one JSON object')
  .description('every profile: what is controlled, and how that ends')
  .action(async (options: { site?: string; json?: boolean }) =>
    (await import('./cli/devices.ts')).listDevices(options.site, options.json === true),
  );
siteFolder(devices.command('show'))
  .argument('<profile>', 'such as huawei/sun2000-luna')
  .option('--json', 'print the profile as JSON')
  .description('one profile: registers, control, limits, what is unproven, sources')
  .action(async (profile: string, options: { site?: string; json?: boolean }) =>
    (await import('./cli/devices.ts')).showDevice(profile, options.site, options.json === true),
  );
devices
  .command('schema')
  .description("print the JSON Schema of a user's profile")
  .action(async () => (await import('./cli/devices.ts')).printSchema());

const looking = (command: Command): Command =>
  siteFolder(command)
    .option('--timeout <ms>', 'how long an answer may take', '700')
    .option('--json', 'print one JSON object');
looking(devices.command('scan'))
  .argument('[places...]', 'subnets (192.168.1.0/24), HOST or HOST:PORT; rtu:// or udp:// in front')
  .option('--serial <path[@baud[n|e|o]]>', 'RS-485 line; may be given again', more, [])
  .option('--baud <rates>', 'to try where a line names none', '9600,19200')
  .option('--parity <kinds>', 'to try where a line names none', 'none,even')
  .option('--units <range>', 'units to ask, as 1-10 or 1,3', '1-10')
  .option('--yes', 'do not ask before it begins', false)
  .description('say what it will ask, then find who answers; reads only')
  .action(async (places: string[], options) => {
    const { scanDevices } = await import('./cli/devices-scan.ts');
    process.exitCode = await scanDevices(places, options);
  });
looking(devices.command('probe'))
  .argument('<address>', '[rtu://|udp://]HOST[:PORT][/UNIT] or [ascii://]PATH[@BAUD[n|e|o][/UNIT]]')
  .description('who a device is, its model chain, and everything it reads now')
  .action(async (address: string, options) => {
    const { probeDevice } = await import('./cli/devices-probe.ts');
    process.exitCode = await probeDevice(address, options);
  });
looking(devices.command('test'))
  .argument('<profile@address>', 'such as eastron/sdm630@192.168.1.20/1')
  .option('--write [point]', 'write and take back points that have no effect; no setpoints')
  .description('read every point of a profile, timed and judged')
  .action(async (tested: string, options) => {
    const { testDevice } = await import('./cli/devices-probe.ts');
    process.exitCode = await testDevice(tested, options);
  });

devices
  .command('commission')
  .argument('<site>', 'site file, or the folder of the gateway')
  .option('--device <id>', 'this one, also where it is proven; without it all that are not')
  .option('--yes', 'do not ask before it begins', false)
  .option('--by <name>', 'who proves it, for the record; without it the name of the user')
  .option('--page <file>', 'write the record as a page to print (HTML)')
  .option('--json', 'print one JSON object')
  .description('prove wiring and control of a device by small pulses of power; moves power')
  .action(async (site: string, options) => {
    const { commissionNow } = await import('./cli/devices-commission.ts');
    process.exitCode = await commissionNow(site, options, version());
  });
devices
  .command('record')
  .argument('<site>', 'site file, or the folder of the gateway')
  .option('--device <id>', 'one device; without it how each of them stands')
  .option('--page <file>', 'write the record as a page to print (HTML)')
  .option('--json', 'print one JSON object')
  .description('show what was proven of a device, by whom and when')
  .action(async (site: string, options) => {
    const { showRecord } = await import('./cli/devices-record.ts');
    process.exitCode = showRecord(site, options);
  });

const config = program.command('config').description('check, explain and sign site files');
config
  .command('check')
  .argument('<file>', 'site file (YAML)')
  .option('--json', 'print the complaints as JSON')
  .description('say what is wrong with a site file, line by line')
  .action(async (file: string, options: { json?: boolean }) => {
    const { checkCommand } = await import('./config/command.ts');
    process.exitCode = checkCommand(file, options.json === true);
  });
config
  .command('explain')
  .argument('<file>', 'site file (YAML)')
  .description('say in words what a site file describes')
  .action(async (file: string) => {
    const { explainCommand } = await import('./config/command.ts');
    const { wireLoads } = await import('./compose-wire.ts');
    process.exitCode = explainCommand(file, wireLoads);
  });
config
  .command('show')
  .argument('<dir>', 'folder with gateway.yaml and site.yaml')
  .description('print the site file that counts: the local one, or a document of the fleet')
  .action(async (dir: string) => (await import('./cli/site-document.ts')).showSite(resolve(dir)));
config
  .command('sign')
  .argument('<file>', 'site file (YAML)')
  .requiredOption('--key <file>', 'signing key (JSON), from edgewatt config key')
  .option('--url <url>', 'where gateways fetch the file, when it is too long for a job')
  .option('--replaces <file|sha256>', 'refused where another site file than this one counts')
  .option('--sequence <n>', 'rises with each document of a gateway; without it the time')
  .option('--days <n>', 'how long the offer stands', '7')
  .description('sign a site file for its gateway, as the document of a job, on stdout')
  .action(async (file: string, options) =>
    (await import('./cli/site-document.ts')).signSite(file, options),
  );
config
  .command('key')
  .argument('<file>', 'file to write, readable by you alone')
  .requiredOption('--id <key-id>', 'its name, as fleet-2026')
  .description('make a signing key, and print its public half for site-keys.json')
  .action(async (file: string, options: { id: string }) =>
    (await import('./cli/site-document.ts')).newKey(file, options.id),
  );

await runProgram(program);
