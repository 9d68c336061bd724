import type { BusSpec, Site, Terminal } from '../contracts/values/site.ts';
import { loadSite, parseSite, readText } from './load.ts';
import { profilesBeside } from './profiles.ts';
import { ttyHint } from './tty.ts';

/** `edgewatt config check`: every complaint with its line. @returns exit code */
export function checkCommand(file: string, json: boolean): number {
  const { site, complaints } = parseSite(readText(file), profilesBeside(file));
  const hints = (site?.buses ?? []).flatMap((bus) => {
    const hint = bus.kind === 'serial' ? ttyHint(bus.path) : undefined;
    return hint === undefined ? [] : [{ bus: bus.id, ...hint }];
  });
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ file, ok: site !== undefined, complaints, hints })}\n`,
    );
  } else if (site !== undefined) {
    process.stdout.write(`${file}: ${site.name} is sound (${site.devices.length} devices)\n`);
    for (const { bus, what, mend } of hints) {
      process.stderr.write(`${file}: bus ${bus}: ${what}; ${mend}\n`);
    }
  } else {
    for (const c of complaints) {
      process.stderr.write(`${file}:${c.line}: ${c.path}: ${c.what}; ${c.mend}\n`);
    }
  }
  return complaints.length === 0 ? 0 : 2;
}

const kw = (watts: number): string => `${(watts / 1_000).toFixed(1)} kW`;

function terminalLine(site: Site, terminal: Terminal): string {
  const store = site.stores.find((entry) => entry.terminal === terminal.id);
  const powers = [
    terminal.ratedInW > 0 ? `gives up to ${kw(terminal.ratedInW)}` : '',
    terminal.ratedOutW > 0 ? `takes up to ${kw(terminal.ratedOutW)}` : '',
    store === undefined ? '' : `holds ${(store.usableWh / 1_000).toFixed(1)} kWh`,
  ].filter((part) => part !== '');
  const safe =
    terminal.safeState.kind === 'limit'
      ? `a limit of ${kw(terminal.safeState.limitW)}`
      : terminal.safeState.kind;
  const control =
    terminal.control === 'none'
      ? 'is not controlled'
      : `is controlled (${terminal.control}), safe state ${safe}`;
  const meter = site.meters.some((entry) => entry.of === terminal.id)
    ? 'has its own meter'
    : site.residuals.some((entry) => entry.terminal === terminal.id)
      ? 'is what the node leaves unmetered'
      : 'is read from its device';
  const name = `  ${terminal.id} (${terminal.name}, ${terminal.kind})`;
  return `${name} ${powers.join(', ')}; ${control}; ${meter}.`;
}

function busLine(bus: BusSpec): string {
  if (bus.kind !== 'serial') return `  ${bus.id}: ${bus.kind} ${bus.host}:${bus.port}.`;
  const framing = bus.framing === 'ascii' ? ', ASCII' : '';
  return `  ${bus.id}: serial ${bus.path}, ${bus.baud} baud, parity ${bus.parity}${framing}.`;
}

type Profiles = ReturnType<typeof profilesBeside>;

/** What its lines carry, by bus. */
type WireWords = (
  site: Site,
  profiles: Profiles,
) => readonly { readonly bus: string; readonly text: string }[];

/** `edgewatt config explain`: the site in sentences. @returns exit code  @throws Fault */
export function explainCommand(file: string, wireLoads: WireWords): number {
  const profiles = profilesBeside(file);
  const site = loadSite(file, profiles);
  const lines = [
    `${site.name} (${site.id}) trades as ${site.participant} in zone ${site.zone}, ` +
      `in ${site.currency}.`,
  ];
  for (const c of site.connections) {
    lines.push(
      `Connection ${c.id}: fuse ${c.fuseA} A, at most ${kw(c.contractedImportW)} in and ` +
        `${kw(c.contractedExportW)} out; without word from the grid ` +
        `${kw(c.defaultImportLimitW)} in ` +
        `and ${kw(c.defaultExportLimitW)} out; tariff ${c.tariff.id} (${c.tariff.source}).`,
    );
  }
  lines.push('Terminals:', ...site.terminals.map((terminal) => terminalLine(site, terminal)));
  lines.push('Buses:', ...site.buses.map(busLine));
  for (const { bus, text } of wireLoads(site, profiles)) {
    lines.push(`  ${bus}, as far as can be said before a device has answered: ${text}.`);
  }
  lines.push('Devices:');
  for (const device of site.devices) {
    lines.push(`  ${device.id}: ${device.profile}, unit ${device.unit} on ${device.bus}.`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
