import { Fault } from '../../gateway/contracts/values/fault.ts';
import { parseCloudFile } from '../config/load.ts';
import { type KeptBundle, listBundles } from '../fleet/diagnostics.ts';
import { readText } from './json-file.ts';
import { lakeOf } from './lake.ts';

export interface DiagnosticsOptions {
  readonly config: string;
  readonly gateway?: string;
  readonly json?: boolean;
}

/**
 * `edgewatt-cloud fleet diagnostics [JOB]`: the bundles that gateways sent, or what one holds.
 * @throws Fault when there is no such bundle
 */
export async function diagnostics(
  job: string | undefined,
  options: DiagnosticsOptions,
): Promise<string> {
  const file = parseCloudFile(readText(options.config), options.config);
  const lake = await lakeOf(file, options.config);
  const all = await listBundles(lake, file.tenant);
  const asked = all.filter(
    ({ gateway, jobId }) =>
      (options.gateway === undefined || gateway === options.gateway) &&
      (job === undefined || jobId === job),
  );
  if (job === undefined) return options.json === true ? asJson(asked) : asTable(asked);
  const whose = [...new Set(asked.map(({ gateway }) => gateway))];
  if (whose.length > 1) {
    throw new Fault(`${whose.length} gateways sent one`, job, `add --gateway, as ${whose[0]}`);
  }
  const newest = asked.at(-1);
  if (newest !== undefined) return JSON.stringify(newest.body, null, 2);
  throw new Fault('no such bundle', job, 'edgewatt-cloud fleet diagnostics lists what is there');
}

const asJson = (bundles: readonly KeptBundle[]): string =>
  JSON.stringify({ bundles: bundles.map(({ body: _body, ...about }) => about) });

function asTable(bundles: readonly KeptBundle[]): string {
  if (bundles.length === 0) return 'no gateway has sent diagnostics yet';
  const rows = bundles.map(({ atMs, gateway, jobId, version }) => [
    new Date(atMs).toISOString().slice(0, 19),
    gateway,
    jobId,
    version,
  ]);
  const table = [['came (UTC)', 'gateway', 'job', 'release'], ...rows];
  const widths = [0, 1, 2].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
