import { allProfiles } from '../config/profiles.ts';
import { Fault } from '../contracts/values/fault.ts';
import { print, printJson, table, tell } from './output.ts';
import { createAsker, Interrupted } from './setup-ask.ts';
import { Desk } from './survey/desk.ts';
import { placeOf } from './survey/line.ts';
import { type LookOptions, NOTHING_CODE, pacingOf } from './survey/options.ts';
import { baudsOf, lineOf, networkOf, paritiesOf, unitsOf } from './survey/places.ts';
import { type Field, isSameBox, type Placed, planOf, planText, scanField } from './survey/scan.ts';
import { addressOf, foundJson, sampleText, titleOf, whoText } from './survey/words.ts';

export interface ScanOptions extends LookOptions {
  readonly serial: readonly string[];
  readonly baud: string;
  readonly parity: string;
  readonly units: string;
  readonly yes: boolean;
}

const INTERRUPTED = 130;
const CONNECT_MS = 1_500;
/** Of more addresses only those that answer are worth a line. */
const NAMED_MOST = 8;
const EVERY = 32;

/** @throws Fault when nobody can be asked  @throws Interrupted */
async function isAllowed(yes: boolean): Promise<boolean> {
  if (yes) return true;
  const asker = createAsker([], {}, false);
  if (!asker.isAsking) throw new Fault('nobody can be asked', 'edgewatt devices scan', 'add --yes');
  const hint = 'y or n';
  const question = { key: 'go', text: 'Go on?', standard: 'n', ok: /^[yn]$/i, hint };
  return (await asker.ask(question)).toLowerCase() === 'y';
}

function fieldOf(places: readonly string[], options: ScanOptions): Field {
  const [bauds, parities] = [baudsOf(options.baud), paritiesOf(options.parity)];
  const field = {
    hosts: places.flatMap(networkOf),
    lines: options.serial.map((line) => lineOf(line, bauds, parities)),
    units: unitsOf(options.units),
  };
  if (field.hosts.length + field.lines.length > 0) return field;
  const mend = 'name a subnet (192.168.1.0/24), HOST[:PORT] or --serial PATH';
  throw new Fault('nothing to scan', 'edgewatt devices scan', mend);
}

function rowOf({ bus, found }: Placed, index: number, all: readonly Placed[]): string[] {
  const twin = all.slice(0, index).find((other) => isSameBox(other.found, found));
  const again = twin === undefined ? '' : `same as ${addressOf(twin.bus, twin.found.unit)}; `;
  const who = whoText(found);
  return [
    addressOf(bus, found.unit),
    found.profile?.id ?? '-',
    who === '' ? titleOf(found) : who,
    `${again}${sampleText(found)}`,
  ];
}

/** `edgewatt devices scan`. @returns exit code  @throws Fault */
export async function scanDevices(
  places: readonly string[],
  options: ScanOptions,
): Promise<number> {
  const field = fieldOf(places, options);
  const pacing = pacingOf(options, CONNECT_MS);
  const profiles = allProfiles(options.site);
  const desk = new Desk(options.site, pacing);
  for (const line of planText(field, pacing)) tell(line);
  const isFew = field.hosts.length <= NAMED_MOST;
  try {
    if (!(await isAllowed(options.yes))) return NOTHING_CODE;
    const { placed, closed, clashes, requests } = await scanField(desk, field, profiles, {
      found: (bus, found) => tell(`${addressOf(bus, found.unit)}: ${titleOf(found)}`),
      closed: (bus, why) => {
        if (isFew || bus.kind === 'serial') tell(`${placeOf(bus)}: ${why}`);
      },
      clash: (bus, why) => tell(`${placeOf(bus)}: ${why}`),
      host: (done, all) => {
        if (!isFew && done % EVERY === 0) tell(`${done} of ${all} addresses`);
      },
    });
    if (options.json) {
      const devices = placed.map(({ bus, found }) => foundJson(bus, found));
      const clashing = clashes.map(({ bus, unit, why }) => ({
        address: addressOf(bus, unit),
        why,
      }));
      const head = { plan: planOf(field, pacing), requests, closed: closed.length };
      printJson({ ...head, clashes: clashing, devices });
    } else if (placed.length > 0) {
      print(table([['ADDRESS', 'PROFILE', 'DEVICE', 'READINGS'], ...placed.map(rowOf)]));
    }
    if (clashes.length > 0) return NOTHING_CODE;
    if (placed.length > 0) return 0;
    tell('Nothing answers: check power, wiring, units and baud rate.');
    return NOTHING_CODE;
  } catch (error) {
    if (error instanceof Interrupted) return INTERRUPTED;
    throw error;
  } finally {
    desk.close();
  }
}
