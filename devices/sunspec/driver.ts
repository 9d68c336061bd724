import type { ControlSpec, Profile } from '../profile.ts';
import type { SunspecChain } from './chain.ts';
import { IDENTITY } from './common.ts';
import { findPoint, type Row, sunspecPoints } from './model.ts';
import { MODELS } from './models.ts';
import {
  BATTERY_124,
  BATTERY_713,
  BATTERY_802,
  DER_ROWS,
  inputRows,
  inverterRows,
  LIMIT_123,
  LIMIT_704,
  LINK_715,
  LINK_802,
  limit123,
  limit704,
  meterRows,
  partOf,
  positioned,
  SETPOINT_124,
  SETPOINT_704,
  setpoint124,
  setpoint704,
} from './roles.ts';
import { Survey } from './survey.ts';

const METERS = [203, 202, 201, 204, 213, 212, 211, 214] as const;
const INVERTERS = [701, 103, 102, 101, 113, 112, 111] as const;
/** DERTyp of model 120: PV with storage. */
const PV_WITH_STORAGE = 82;
/** PrtTyp of model 714. */
const PORT = { pv: 0, storage: 1 } as const;

/** What the makers do in their own way, as far as a source says so. */
const MAKERS: Readonly<Record<string, Custom>> = {
  Fronius: {
    // model 160: strings, then charge, then discharge, both as magnitudes
    lastTwoInputsAreStorage: true,
    limitToggles: true,
    timer124Unproven: true,
  },
  SolarEdge: { metersTurned: true }, // export is + there
};
interface Custom {
  readonly lastTwoInputsAreStorage?: true;
  readonly limitToggles?: true;
  readonly timer124Unproven?: true;
  readonly metersTurned?: true;
}

/** What was picked from a chain so far. */
interface Picked {
  role: Profile['role'];
  readonly rows: Row[];
  readonly sums: Record<string, string[]>;
  control: ControlSpec[];
  readonly quirks: string[];
}

/**
 * The profile of a device that is known by its chain only: its role, its points and, where its
 * registers have them, its controls with their reversion.
 * @param generic what does not depend on the device: id, limits, identity
 * @throws Error in one line, when none of its models is an inverter, a meter or a battery
 */
export function sunspecProfile(generic: Profile, chain: SunspecChain): Profile {
  const survey = new Survey(chain);
  const custom = MAKERS[survey.text(1, 'Mn')] ?? {};
  const picked = pick(survey, custom);
  if (picked === undefined) {
    const found = chain.models.map(({ id }) => id).join(', ');
    throw new Error(
      `none of its SunSpec models is an inverter, a meter or a battery that we know: ${found}`,
    );
  }
  const rows = known(survey, [...IDENTITY, ...picked.rows]);
  const { maker, source, connect, signs, wordOrder, limits, identity, id } = generic;
  return {
    id,
    kind: 'sunspec',
    maker: survey.text(1, 'Mn') || maker,
    title: `SunSpec ${picked.role} (models ${chain.models.map((model) => model.id).join(', ')})`,
    role: picked.role,
    source,
    ...(connect && { connect }),
    ...(signs && { signs }),
    wordOrder,
    limits,
    models: [...new Set(rows.map(([, model]) => model))],
    points: sunspecPoints(MODELS, rows),
    sums: picked.sums,
    identity,
    control: picked.control,
    quirks: [...picked.quirks, ...(chain.odd ?? [])],
    examples: [],
  };
}

function pick(survey: Survey, custom: Custom): Picked | undefined {
  const turned = custom.metersTurned;
  const inverter = survey.first(...INVERTERS);
  const meters = survey
    .eachOf(METERS)
    .map(({ id, position }) => positioned(position, meterRows(id, turned)));
  const [meter] = meters;
  const stores = hasStorage(survey);
  const picked: Picked = { role: 'pv-inverter', rows: [], sums: {}, control: [], quirks: [] };
  if (inverter === undefined && meter !== undefined && !stores) {
    picked.role = 'meter';
    picked.rows.push(...meter);
    return picked;
  }
  if (inverter === undefined && !stores) return undefined;
  if (inverter !== undefined) {
    picked.rows.push(...(inverter === 701 ? DER_ROWS : inverterRows(inverter)));
  }
  picked.role = !stores ? 'pv-inverter' : isHybrid(survey, custom) ? 'hybrid' : 'battery-inverter';
  nameplate(survey, picked);
  battery(survey, picked);
  inputs(survey, custom, picked);
  controls(survey, custom, picked);
  for (const [index, rows] of meters.entries()) {
    picked.rows.push(...partOf(index === 0 ? 'meter.' : `meter${index + 1}.`, rows));
  }
  return picked;
}

/** Model 124 is often there without a battery; then it has no charge power. */
function hasStorage(survey: Survey): boolean {
  if (survey.has(713) || survey.has(802)) return true;
  return survey.implements(124, 'WChaMax') && survey.value(124, 'WChaMax') !== 0;
}

function isHybrid(survey: Survey, custom: Custom): boolean {
  if (survey.value(120, 'DERTyp') === PV_WITH_STORAGE) return true;
  if (ports(survey).some(({ type }) => type === PORT.pv)) return true;
  return custom.lastTwoInputsAreStorage === true && survey.repetitions(160, 'N') > 2;
}

interface Port {
  readonly n: number;
  readonly type: number | undefined;
}

const ports = (survey: Survey): Port[] =>
  Array.from({ length: survey.repetitions(714, 'NPrt') }, (_, index) => ({
    n: index + 1,
    type: survey.value(714, `Prt${index + 1}.PrtTyp`),
  }));

/** '' for a device that is one terminal, 'battery.' for the battery of a hybrid. */
const storePrefix = ({ role }: Picked): string => (role === 'hybrid' ? 'battery.' : '');

/** `ratedW` is what 100 % of a limit or rate refers to. */
function nameplate(survey: Survey, picked: Picked): void {
  const { rows } = picked;
  const rates = survey.has(124) && !survey.has(704);
  if (picked.role === 'battery-inverter' && rates) {
    rows.push(['ratedW', 124, 'WChaMax'], ['nameplateW', 120, 'WRtg']);
    return;
  }
  const nominal: Row = survey.has(702)
    ? ['nameplateW', 702, 'WMaxRtg']
    : ['nameplateW', 120, 'WRtg'];
  const model = survey.has(702) ? 702 : 121;
  if (survey.implements(model, 'WMax')) rows.push(['ratedW', model, 'WMax'], nominal);
  else rows.push(['ratedW', nominal[1], nominal[2]]);
}

function battery(survey: Survey, picked: Picked): void {
  if (picked.role === 'pv-inverter') return;
  const prefix = storePrefix(picked);
  const { rows } = picked;
  const add = (more: readonly Row[]): void => {
    const taken = new Set(rows.map(([key]) => key));
    rows.push(...partOf(prefix, more).filter(([key]) => !taken.has(key)));
  };
  if (survey.has(713)) add(BATTERY_713);
  if (survey.has(802)) {
    const alone = prefix === '' && !rows.some(([key]) => key === 'powerW');
    const key = alone || prefix !== '' ? 'powerW' : 'batteryPowerW';
    const of = key === 'powerW' ? 'control' : 'state';
    add(BATTERY_802);
    add([[key, 802, 'W', { class: of }]]);
    picked.quirks.push('The sign of 802 W is not in the model: + is discharge on those known.');
  }
  if (survey.has(124)) add(BATTERY_124);
}

/** DC inputs: strings of PV, and on a hybrid its battery, as far as the device tells them apart. */
function inputs(survey: Survey, custom: Custom, picked: Picked): void {
  const found = ports(survey);
  if (found.length > 0) {
    portsOf(found, picked);
    return;
  }
  const count = survey.repetitions(160, 'N');
  const strings = custom.lastTwoInputsAreStorage && picked.role === 'hybrid' ? count - 2 : count;
  const known = picked.role === 'pv-inverter' || strings < count;
  stringsOf(
    picked,
    160,
    Array.from({ length: strings }, (_, n) => n + 1),
    known,
  );
  if (strings === count) {
    if (count > 0 && !known) picked.quirks.push('Model 160 does not say which inputs are PV.');
    return;
  }
  picked.rows.push(
    ['battery.chargeW', 160, `module${count - 1}.DCW`, { class: 'control', sign: -1 }],
    ['battery.outWh', 160, `module${count - 1}.DCWH`],
    ['battery.dischargeW', 160, `module${count}.DCW`, { class: 'control' }],
    ['battery.inWh', 160, `module${count}.DCWH`],
  );
  if (picked.rows.some(([key]) => key === 'battery.powerW')) return;
  picked.sums['battery.powerW'] = ['battery.chargeW', 'battery.dischargeW'];
}

function portsOf(found: readonly Port[], picked: Picked): void {
  const { rows } = picked;
  const pv = found.filter(({ type }) => type === PORT.pv).map(({ n }) => n);
  stringsOf(picked, 714, pv, true);
  const stores = found.filter(({ type }) => type === PORT.storage);
  const [store] = stores.length > 0 ? stores : found.filter(({ type }) => type === undefined);
  if (store === undefined || picked.role === 'pv-inverter') return;
  const prefix = storePrefix(picked);
  const own = `Prt${store.n}`;
  rows.push([`${prefix}temperatureC`, 714, `${own}.Tmp`, { class: 'state', min: -60, max: 150 }]);
  if (picked.role !== 'hybrid') return;
  const all = stores.map(({ n }): Row => {
    const key = stores.length === 1 ? 'battery.powerW' : `battery.port${n}PowerW`;
    return [key, 714, `Prt${n}.DCW`, { class: 'control', unproven: true }];
  });
  rows.push(...all.filter(([key]) => !rows.some(([taken]) => taken === key)));
  if (stores.length > 1) picked.sums['battery.powerW'] = all.map(([key]) => key);
  picked.quirks.push('The sign of the power of a storage port (714) is not in the model.');
}

/** @param known that they are PV; otherwise they are shown, and no sum is made of them */
function stringsOf(
  picked: Picked,
  model: 160 | 714,
  numbers: readonly number[],
  known: boolean,
): void {
  const prefix = known ? (picked.role === 'hybrid' ? 'pv.string' : 'string') : 'dcInput';
  const rows = numbers.map((n, index) => inputRows(model, n, `${prefix}${index + 1}`));
  picked.rows.push(...rows.flat());
  if (!known || picked.role !== 'hybrid' || numbers.length === 0) return;
  picked.sums['pv.powerW'] = rows.map((own) => own[0]?.[0] ?? '');
}

function controls(survey: Survey, custom: Custom, picked: Picked): void {
  const has = survey.implements;
  const offer = (rows: readonly Row[], spec: ControlSpec | undefined): void => {
    if (spec === undefined) return;
    picked.rows.push(...rows);
    picked.control.push(spec);
  };
  if (survey.has(704)) {
    if (picked.role !== 'pv-inverter') offer(SETPOINT_704, setpoint704(has));
    offer(LIMIT_704, limit704(has));
  } else {
    const prefix = storePrefix(picked);
    if (picked.role !== 'pv-inverter') {
      const spec = setpoint124(has, prefix.replace('.', ''));
      const proven = custom.timer124Unproven ? spec && unproven(spec) : spec;
      if (prefix !== '') picked.rows.push(['battery.ratedW', 124, 'WChaMax']);
      offer(partOf(prefix, SETPOINT_124), proven);
    }
    // The rates of a battery refer to another power than the limit: one of them to a device.
    if (picked.role !== 'battery-inverter') offer(LIMIT_123, limit123(has, custom.limitToggles));
  }
  heartbeat(survey, picked);
}

const unproven = (spec: ControlSpec): ControlSpec =>
  spec.reversion.to === 'none'
    ? spec
    : { ...spec, reversion: { ...spec.reversion, unproven: true } };

/** Where a device has a register for the heartbeat of its controller it may wait for it. */
function heartbeat(survey: Survey, picked: Picked): void {
  const [rows, prefix, asks] = survey.has(715)
    ? [LINK_715, '', survey.implements(715, 'ControllerHb')]
    : [LINK_802, storePrefix(picked), survey.implements(802, 'CtrlHb')];
  if (!survey.has(715) && !survey.has(802)) return;
  picked.rows.push(...partOf(prefix, rows));
  if (!asks) return;
  const own = { point: `${prefix}heartbeat`, everyS: 1 };
  // That of 802 is the battery's, and concerns what commands the battery.
  picked.control = picked.control.map((spec) =>
    survey.has(715) || spec.kind === 'setpoint' ? { ...spec, heartbeat: own } : spec,
  );
}

/** Rows whose model the device has; what lies beyond its length is left out when it is resolved. */
const known = (survey: Survey, rows: readonly Row[]): Row[] =>
  rows.filter(([, model, name]) => {
    const own = MODELS.find(({ id }) => id === model);
    return survey.has(model) && own !== undefined && findPoint(own, name) !== undefined;
  });
