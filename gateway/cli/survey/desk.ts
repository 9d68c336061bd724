import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { lockOwner, takeLock } from '../../adapters/process/lock.ts';
import { type GatewayFile, loadGateway } from '../../config/gateway-file.ts';
import { allProfiles } from '../../config/profiles.ts';
import { runningSite } from '../../config/running-site.ts';
import { Fault } from '../../contracts/values/fault.ts';
import type { BusSpec, Site } from '../../contracts/values/site.ts';
import { openGatewayLine } from './gateway-line.ts';
import { type Line, openLine, type Pacing, placeOf } from './line.ts';

/** Where the package keeps its files. */
const USUAL = '/etc/edgewatt';

/** The same wire, whatever it is called. */
export function isSameWire(a: BusSpec, b: BusSpec): boolean {
  if (a.kind === 'serial' || b.kind === 'serial') {
    return a.kind === 'serial' && b.kind === 'serial' && real(a.path) === real(b.path);
  }
  const host = (name: string): string => (name === 'localhost' ? '127.0.0.1' : name.toLowerCase());
  const isUdp = (bus: BusSpec): boolean => bus.kind === 'udp'; // its ports are others than TCP's
  return host(a.host) === host(b.host) && a.port === b.port && isUdp(a) === isUdp(b);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** What a gateway may have opened. */
function siteOf(file: GatewayFile | undefined): Pick<Site, 'buses' | 'devices'> | undefined {
  if (file === undefined || !existsSync(file.siteFile)) return { buses: [], devices: [] };
  try {
    return runningSite(file).site;
  } catch (error) {
    if (error instanceof Fault) return undefined; // setup mends it; a gateway may run all the same
    throw error;
  }
}

/**
 * Opens wires, and never one that a running gateway has: who is the gateway's is asked for by its
 * lock, and held while we are on one of its wires, so that it does not start meanwhile.
 */
export class Desk {
  private readonly pacing: Pacing;
  private readonly file: GatewayFile | undefined;
  private readonly site: Pick<Site, 'buses' | 'devices'> | undefined; // undefined: broken
  private unlock: (() => void) | undefined;
  private lines: Line[] = [];

  /** @param dir  folder with gateway.yaml; without it the usual one, where there is one */
  constructor(dir: string | undefined, pacing: Pacing) {
    this.pacing = pacing;
    const place = resolve(dir ?? USUAL);
    this.file = existsSync(join(place, 'gateway.yaml')) ? loadGateway(place) : undefined;
    this.site = siteOf(this.file);
  }

  /** @throws Fault when a gateway has it  @throws Error in one line when it cannot be opened */
  async open(bus: BusSpec): Promise<Line> {
    const { file } = this;
    const isOwn = this.site?.buses.some((own) => isSameWire(own, bus)) ?? true;
    if (file !== undefined && isOwn) {
      const owner = this.unlock === undefined ? lockOwner(file.dataDir) : undefined;
      if (owner !== undefined) return this.through(bus, file, owner);
      // Without its folder no gateway has run here yet, and the folder is the service's to make.
      if (existsSync(file.dataDir)) this.unlock ??= await takeLock(file.dataDir);
    }
    const line = await openLine(bus, this.pacing);
    this.lines.push(line);
    return line;
  }

  /** Never beside the gateway: through it. @throws Fault where it does not open */
  private async through(bus: BusSpec, file: GatewayFile, owner: number): Promise<Line> {
    const own = this.site?.buses.find((one) => isSameWire(one, bus));
    const devices = this.site?.devices.filter((device) => device.bus === own?.id) ?? [];
    try {
      const profiles = allProfiles(file.dir);
      const line = await openGatewayLine(own ?? bus, file.dataDir, devices, profiles);
      this.lines.push(line);
      return line;
    } catch (error) {
      if (error instanceof Fault) throw error;
      const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
      const what = `the running gateway (process ${owner}) owns this bus and is shut (${code})`;
      const mend = 'run this as the user of the gateway, or stop the gateway';
      throw new Fault(what, placeOf(bus), mend);
    }
  }

  close(): void {
    for (const line of this.lines) line.close();
    this.lines = [];
    this.unlock?.();
    this.unlock = undefined;
  }
}
