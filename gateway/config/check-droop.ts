import type { Site } from '../contracts/values/site.ts';
import type { Finding, Profiles } from './finding.ts';

/**
 * Droop by the gateway is the fallback where no inverter has one: two curves on one power would
 * answer the same frequency twice, and one of the inverter's own is never overridden.
 */
export function droop(site: Site, profiles: Profiles): Finding[] {
  const settings = site.control.droop;
  if (settings === undefined) return [];
  return [...frequency(site, profiles), ...settings.terminals.flatMap((id, n) => of(site, id, n))];
}

function frequency(site: Site, profiles: Profiles): Finding[] {
  const index = site.signals.findIndex(({ meaning }) => meaning === 'frequency');
  const signal = site.signals[index];
  if (signal === undefined) {
    const what = 'droop needs to know the frequency';
    const mend = 'add a signal with meaning: frequency, or remove droop';
    return [{ path: ['control', 'droop'], what, mend }];
  }
  const device = site.devices.find(({ id }) => id === signal.device);
  const profile = profiles(device?.profile ?? '');
  if (profile === undefined || (profile.kind === 'sunspec' && profile.auto)) return [];
  const point = profile.points[signal.point];
  if (point?.unit === 'Hz') return [];
  const what = `'${profile.id}' has no frequency called '${signal.point}'`;
  const mend = 'name a device and its point in Hz, for example frequencyHz';
  return [{ path: ['signals', index, 'point'], what, mend }];
}

function of(site: Site, id: string, index: number): Finding[] {
  const path = ['control', 'droop', 'terminals', index];
  const terminal = site.terminals.find((one) => one.id === id);
  if (terminal?.control !== 'limit' && terminal?.control !== 'setpoint') {
    const able = site.terminals.filter(
      ({ control }) => control === 'limit' || control === 'setpoint',
    );
    const names = able.map((one) => one.id).join(', ');
    const what = `'${id}' is no terminal under control by limit or setpoint`;
    return [{ path, what, mend: `name one of: ${names === '' ? 'none is there' : names}` }];
  }
  if (terminal.ownDroop === false) return [];
  const mend = `look into the inverter; where none is active, write ownDroop: false at '${id}'`;
  const what =
    terminal.ownDroop === true
      ? `the inverter of '${id}' has an active droop of its own`
      : `the inverter of '${id}' may have an active droop of its own`;
  const remove = `take '${id}' out of this list`;
  return [{ path, what, mend: terminal.ownDroop === true ? remove : mend }];
}
