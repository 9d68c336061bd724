import { admit, type DeviceStand } from '../config/commissioning.ts';
import { profilesBeside } from '../config/profiles.ts';
import { Fault } from '../contracts/values/fault.ts';
import { recordText, siteAt, writePages } from './devices-commission.ts';
import { print, printJson, table, tell } from './output.ts';

export interface RecordOptions {
  readonly device?: string;
  readonly page?: string;
  readonly json?: boolean;
}

const NOT_PROVEN_CODE = 1;

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

/** 'proven', 'pv1 not proven', 'refused', for a table. */
function standText({ kept, open, refused }: DeviceStand): string {
  if (refused !== '') return `refused: ${refused}`;
  if (kept.state === 'unfit') return `none that counts: ${kept.why}`;
  return open.length === 0 ? 'proven' : `not proven: ${open.join(', ')}`;
}

/** `edgewatt devices record`. @returns exit code  @throws Fault */
export function showRecord(path: string, options: RecordOptions): number {
  const { file, site } = siteAt(path);
  const { stands } = admit(file, site, profilesBeside(file.siteFile));
  if (options.device === undefined) return showAll(stands, options);
  const stand = stands.find(({ device }) => device === options.device);
  if (stand === undefined) {
    const names = stands.map(({ device }) => device).join(', ');
    throw new Fault('no such device under control', options.device, `name one of: ${names}`);
  }
  const { kept } = stand;
  if (kept.state !== 'kept') {
    const what = kept.state === 'none' ? 'it has no record' : `its record: ${kept.why}`;
    const mend = `edgewatt devices commission ${path} --device ${stand.device}`;
    throw new Fault(what, stand.device, mend);
  }
  if (options.page !== undefined) writePages(options.page, [kept]);
  if (options.json) printJson({ ...kept.record, open: stand.open, refused: stand.refused });
  else {
    const { by, endedAtMs } = kept.record;
    print(`${recordText(kept.record)}\nby ${by}, ${dayOf(endedAtMs)}, signature verified`);
    if (stand.refused !== '') print(`Not controlled: ${stand.refused}`);
  }
  return stand.open.length === 0 && stand.refused === '' ? 0 : NOT_PROVEN_CODE;
}

function showAll(stands: readonly DeviceStand[], { page, json }: RecordOptions): number {
  if (page !== undefined) {
    throw new Fault('a page is of one device', '--page', 'name it with --device');
  }
  if (json) {
    printJson({
      devices: stands.map(({ device, kept, open, refused }) => ({
        ...{ device, state: kept.state, open, refused },
        ...(kept.state === 'kept'
          ? { by: kept.record.by, endedAtMs: kept.record.endedAtMs }
          : { by: null, endedAtMs: null }),
      })),
    });
  } else if (stands.length === 0) tell('No device of this site is controlled.');
  else {
    const rows = stands.map((stand) => {
      const { kept, device } = stand;
      const isKept = kept.state === 'kept';
      const when = isKept ? dayOf(kept.record.endedAtMs) : '-';
      return [device, when, isKept ? kept.record.by : '-', standText(stand)];
    });
    print(table([['DEVICE', 'DAY', 'BY', 'STATE'], ...rows]));
  }
  const isOpen = stands.some(({ open, refused }) => open.length > 0 || refused !== '');
  return isOpen ? NOT_PROVEN_CODE : 0;
}
