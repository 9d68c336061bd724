import type { Site } from '../../gateway/contracts/values/site.ts';
import type { DeviceFace } from './types.ts';
import { peek } from './wiring.ts';

const take = (face: DeviceFace | undefined, key: string): number | undefined =>
  face === undefined ? undefined : peek(face, key);

/**
 * Largest sum of powers at an ac node where every branch has a meter of its own, read from the
 * registers at one instant: nothing derived, so what is left is rounding and error. Nodes with a
 * residual prove nothing.
 * @returns W, or undefined where the site has no such node or a register is not available
 */
export function balanceErrorW(
  site: Site,
  devices: Readonly<Record<string, DeviceFace>>,
): number | undefined {
  let worstW: number | undefined;
  for (const node of site.nodes) {
    if (node.kind !== 'ac' || site.residuals.some((residual) => residual.node === node.id))
      continue;
    const branches = [
      ...site.connections.filter((connection) => connection.node === node.id),
      ...site.terminals.filter((terminal) => terminal.node === node.id),
    ];
    // An edge to another node would be a branch as well; it would need a meter of its own here.
    if (site.edges.some((edge) => edge.node === node.id || edge.parent === node.id)) continue;
    const powersW = branches.map((branch) => powerOf(site, devices, branch.id));
    if (powersW.length < 2 || powersW.includes(undefined)) continue;
    const sumW = Math.abs(powersW.reduce<number>((sum, powerW) => sum + (powerW ?? 0), 0));
    worstW = Math.max(worstW ?? 0, sumW);
  }
  return worstW;
}

/** Power of a place as its own meter or device shows it, + into the node. */
function powerOf(
  site: Site,
  devices: Readonly<Record<string, DeviceFace>>,
  place: string,
): number | undefined {
  const meter = site.meters.find((entry) => entry.of === place);
  if (meter !== undefined) {
    const powerW = take(devices[meter.device], 'powerW');
    return powerW === undefined || meter.direction === 'into-node' ? powerW : 0 - powerW;
  }
  const terminal = site.terminals.find((entry) => entry.id === place);
  if (terminal?.device === undefined) return undefined;
  const prefix = terminal.part === undefined ? '' : `${terminal.part}.`;
  return take(devices[terminal.device], `${prefix}powerW`);
}
