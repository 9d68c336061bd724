import type { Image } from '../contracts/values/image.ts';
import type { Site } from '../contracts/values/site.ts';
import type { Instant } from '../contracts/values/time.ts';
import { clockTime } from '../contracts/values/words.ts';
import type { OutboxState, StoreOpened } from '../ports.ts';
import type { Alarm } from './view/live.ts';

/** Since now, where it does not say since when. */
type Found = Omit<Alarm, 'sinceMs'> & Partial<Pick<Alarm, 'sinceMs'>>;

/** Devices that still have to be proven. */
const unproven = ({ decisions }: Image): Omit<Alarm, 'sinceMs'>[] =>
  decisions
    .filter(({ reason }) => reason.code === 'NOT_COMMISSIONED')
    .map(({ terminal, reason }) => ({
      code: `NOT_COMMISSIONED:${terminal}`,
      text: `${reason.sentence}.`,
      mend: 'Run edgewatt doctor to see what is missing, edgewatt devices commission to prove it.',
    }));

/** Meters whose word does not count, and devices that do not do what they acknowledge. */
const contrary = (image: Image, nameOf: (device: string) => string, zone: string): Found[] => [
  ...(image.doubts ?? []).map(({ connection, sentence }) => ({
    code: `METER_IMPLAUSIBLE:${connection}`,
    text: `${sentence}: its readings are not used.`,
    mend: 'Compare it with its own display: direction of the transformers, sign, word order.',
  })),
  ...(image.concerns ?? []).map((one) => ({ ...one, text: `${one.text}.` })),
  ...image.devices
    .filter(({ follows }) => follows === false)
    .map(({ id, deafSinceMs, triedAgainAtMs }) => ({
      code: `DEVICE_DEAF:${id}`,
      text: `${nameOf(id)} takes orders and does not follow; it is tried again ${
        triedAgainAtMs === undefined ? 'within 30 min' : `at ${clockTime(triedAgainAtMs, zone)}`
      }.`,
      ...(deafSinceMs === undefined ? {} : { sinceMs: deafSinceMs }),
      mend: 'Enable remote control on the device, and end whatever else commands it.',
    })),
];

interface AlarmsDeps {
  readonly deviceName?: ((device: string) => string) | undefined;
  /** Parts that this run goes without. */
  readonly problems?: readonly Omit<Alarm, 'sinceMs'>[] | undefined;
  readonly site?: Pick<Site, 'place'>; // for its clock
  /** What the detectors of equipment faults say. */
  readonly past?: () => { readonly checkUp: { alarms(): readonly Found[] } };
}

interface LinkTroubles {
  troubles(isClockTrusted: boolean): readonly Omit<Alarm, 'sinceMs'>[];
}

/** What people must know and can mend; each keeps the time since when it holds. */
export class Alarms {
  private readonly since = new Map<string, Instant>();
  readonly nameOf: (device: string) => string; // maker and model
  private readonly opened: StoreOpened;
  private readonly zone: string;
  private readonly equipment: () => readonly Found[];
  private readonly problems: readonly Omit<Alarm, 'sinceMs'>[];

  constructor(opened: StoreOpened, { deviceName, problems, site, past }: AlarmsDeps = {}) {
    this.zone = site?.place.timeZone ?? 'UTC';
    this.opened = opened;
    this.equipment = () => past?.().checkUp.alarms() ?? [];
    this.nameOf = deviceName ?? ((id) => id);
    this.problems = problems ?? [];
  }

  /** @param link the way to the cloud, where there is one */
  list(image: Image, outbox: OutboxState | undefined, link?: LinkTroubles): Alarm[] {
    const { opened, nameOf } = this;
    const found: Found[] = [
      ...this.problems,
      ...(link?.troubles(!image.flags.includes('untimed')) ?? []),
      ...unproven(image),
      ...contrary(image, nameOf, this.zone),
      ...this.equipment(),
    ];
    for (const device of image.devices) {
      if (device.state !== 'silent') continue;
      found.push({
        code: `DEVICE_SILENT:${device.id}`,
        text: `${nameOf(device.id)} is silent.`,
        mend: 'Look at its power, its cable and its address.',
      });
    }
    if (image.mode === 'safe') {
      found.push({
        code: 'SAFE',
        text: image.reason.sentence,
        mend: 'Bring the connection meter back.',
      });
    }
    if (image.reason.code === 'LIMIT_UNREACHABLE') {
      found.push({
        code: 'LIMIT_UNREACHABLE',
        text: image.reason.sentence,
        mend: 'Switch off what Edgewatt does not control, or have the limit raised.',
      });
    }
    if (image.flags.includes('untimed')) {
      found.push({
        code: 'CLOCK',
        text: 'The clock of this machine cannot be trusted; nothing is traded meanwhile.',
        mend: 'Let it reach a time server: timedatectl set-ntp true.',
      });
    }
    if (opened.state === 'replaced') {
      found.push({
        code: 'STORE_REPLACED',
        text: opened.detail,
        mend: 'Check the disk or the card.',
      });
    }
    if (outbox && outbox.droppedRows > 0) {
      found.push({
        code: 'RECORDS_DROPPED',
        text: `${outbox.droppedRows} records were given up because the cloud was away too long.`,
        mend: 'Bring the connection to the cloud back.',
      });
    }
    if (outbox && outbox.refusedRows > 0) {
      found.push({
        code: 'RECORDS_REFUSED',
        text: `${outbox.refusedRows} records are refused by broker or cloud and were set aside.`,
        mend: 'Update Edgewatt here or in the cloud; the log says what was wrong with them.',
      });
    }
    for (const code of this.since.keys()) {
      if (!found.some((one) => one.code === code)) this.since.delete(code);
    }
    return found.map((alarm) => {
      const sinceMs = this.since.get(alarm.code) ?? alarm.sinceMs ?? image.wallMs;
      this.since.set(alarm.code, sinceMs);
      return { ...alarm, sinceMs };
    });
  }
}
