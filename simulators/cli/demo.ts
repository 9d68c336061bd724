import ModbusRTU from 'modbus-serial';
import { encodePoint } from '../../devices/codec.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import type { BrokerKind } from '../demo/broker.ts';
import { type DemoResult, judgeRun } from '../demo/result.ts';
import { Run, type RunningGateway, writeMap } from '../demo/run.ts';
import { demoSites } from '../sites/demo.ts';
import { historyCsv } from '../sites/history.ts';
import { interrupted, over, print, printVerdicts } from './running.ts';

export interface DemoOptions {
  readonly speed: number;
  readonly seed: number;
  readonly startMs: number;
  readonly minutes: number | undefined; // simulated; undefined = until Ctrl-C
  readonly json: boolean;
  readonly headless: boolean;
  readonly keep: boolean;
  readonly broker: BrokerKind;
  readonly isFleet: boolean;
  readonly inject: 'violation' | 'loss' | 'duplicate' | undefined;
}

const TRANSFORMER_VA = 160_000;
const BACKGROUND_W = 12_000; // neighbours on the same transformer who have no gateway

function demoRun(options: DemoOptions): Run {
  return new Run({
    sites: demoSites(options.seed).map((demo) => ({
      ...demo,
      history: (untilMs) => historyCsv(demo.plant, untilMs),
      drive: undefined,
    })),
    seed: options.seed,
    speed: options.speed,
    startMs: options.startMs,
    withCloud: true,
    broker: options.broker,
    isFleet: options.isFleet,
    transformerVa: TRANSFORMER_VA,
    backgroundW: BACKGROUND_W,
    notice: print,
  });
}

/** Runs the three sites until the minutes are over or somebody ends it. @returns exit code */
export async function demo(options: DemoOptions): Promise<number> {
  const run = demoRun(options);
  const ending = interrupted();
  let result: DemoResult | undefined;
  try {
    await run.start();
    writeMap(run);
    await run.ready();
    const readyRealMs = run.clock.realMs();
    const readyMs = run.clock.monoMs();
    if (!options.headless) welcome(run, options);
    await over(run, ending, options.minutes, readyMs);
    if (options.inject === 'violation') await secondMaster(run.gateways[0]);
    const ranRealMs = run.clock.realMs() - readyRealMs;
    const ranMs = run.clock.monoMs() - readyMs;
    if (!options.headless)
      print('Ending: the gateways give their devices back and drain to the cloud.');
    const clean = await run.stop();
    const spoil = options.inject === 'violation' ? undefined : options.inject;
    result = judgeRun(run, ranRealMs, ranMs, clean, spoil, print);
    printVerdicts(run);
    show(result, options.json);
    return clean ? 0 : 1;
  } finally {
    await run.stop();
    if (options.keep) print(`Files of the run: ${run.dir}`);
    else run.remove();
  }
}

function welcome(run: Run, options: DemoOptions): void {
  const seconds = (86_400 / options.speed / 60).toFixed(0);
  print('');
  for (const { site, url } of run.gateways) print(`  ${site.name.padEnd(12)} ${url}`);
  print('');
  const claim = run.gateways[0]?.doors.claim ?? '';
  print(`Each address signs one browser in; for another the claim code is ${claim}.`);
  const { broker } = run;
  if (broker?.control !== undefined) {
    print(`The operator's certificate is in ${run.operatorDir}, for ${broker.url};`);
    print(`jobs are made at ${broker.control.url} with the token there (docs/iot-core.md).`);
  }
  print(
    options.speed > 1
      ? `Time runs ${options.speed} times faster (a day in about ${seconds} minutes). ` +
          'Ctrl-C ends it.'
      : 'Time runs as it does. Ctrl-C ends it.',
  );
}

function show(result: DemoResult, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  for (const site of result.sites) {
    const kwh = (wh: number): string => (wh / 1_000).toFixed(1);
    const saved = Number(BigInt(site.costWithoutBatteryNano) - BigInt(site.costNano)) / 1e9;
    print(
      `${site.id}: ${site.cycles} cycles, ${site.missedCycles} missed, ` +
        `${site.violations} violations; sun ${kwh(site.energyWh.pv)}, ` +
        `used ${kwh(site.energyWh.load)}, bought ${kwh(site.energyWh.import)}, ` +
        `sold ${kwh(site.energyWh.export)} kWh; saved ${saved.toFixed(2)} ${site.currency}`,
    );
  }
  const { produced, storedInCloud, duplicates } = result.telemetry;
  print(`telemetry: ${produced} produced, ${storedInCloud} stored, ${duplicates} twice`);
}

/** A second master commands the battery beyond its nameplate: what the judges must see. */
async function secondMaster(gateway: RunningGateway | undefined): Promise<void> {
  const terminal = gateway?.site.terminals.find((one) => one.control === 'setpoint');
  const device = gateway?.site.devices.find((one) => one.id === terminal?.device);
  const bus = gateway?.site.buses.find((one) => one.id === device?.bus);
  const image = gateway?.devices.images[device?.id ?? ''];
  const point = image?.map.points['setW'];
  if (!gateway || !terminal || !device || bus?.kind !== 'tcp' || !image || !point) {
    throw new Fault('no battery on TCP to command', 'inject', 'run the demo sites');
  }
  const exponent = point.scaleFrom === undefined ? undefined : image.take(point.scaleFrom);
  const words = encodePoint(image.map, point, terminal.ratedInW * 1.2, exponent);
  const client = new ModbusRTU.default();
  await client.connectTCP(bus.host, { port: bus.port });
  client.setID(device.unit);
  client.setTimeout(1_000);
  await client.writeRegisters(point.at, words);
  client.close(() => undefined);
}
