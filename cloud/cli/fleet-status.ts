import type { GatewayStatus } from '../../gateway/contracts/messages.ts';
import { capturedPct } from '../../gateway/contracts/values/account.ts';
import { DAY_MS } from '../../gateway/contracts/values/time.ts';
import { energy, money, percent } from '../../gateway/contracts/values/words.ts';
import { cloudConfig } from '../config/load.ts';
import { registryOf } from '../fleet/registry.ts';
import { fleetStand, type GatewayStand } from '../fleet/status.ts';
import { lookUp } from './books.ts';

export interface FleetStatusOptions {
  readonly config: string;
  readonly json?: boolean;
}

/**
 * `edgewatt-cloud fleet status`: each gateway of the registry, what it said last, and what the
 * cloud found out about it. @throws Fault where there is no database yet
 */
export function fleetStatus({ config, json }: FleetStatusOptions): string {
  const stands = lookUp(config, (store, file) =>
    fleetStand(store, registryOf(cloudConfig(file).zones)),
  );
  return json === true ? JSON.stringify({ gateways: stands }) : asText(stands);
}

const HEAD = [
  ...['gateway', 'state', 'mode', 'last word (UTC)', 'waiting', 'given up', 'certificate'],
  ...['day', 'saved', 'captured', 'forecast off'],
];

const minute = (atMs: number): string => new Date(atMs).toISOString().slice(0, 16);

function row({ gateway, toldAtMs, status }: GatewayStand): string[] {
  if (status === null || toldAtMs === null) return [gateway, 'never seen'];
  const { outbox, certificateUntilMs: untilMs } = status;
  return [
    gateway,
    status.state,
    status.mode,
    minute(toldAtMs),
    String(outbox?.rows ?? '-'),
    String(outbox === undefined ? '-' : outbox.droppedRows + (outbox.refusedRows ?? 0)),
    untilMs === undefined ? '-' : minute(untilMs).slice(0, 10),
    ...earned(status.day),
    foretold(status.forecast),
  ];
}

/** What was delivered of the newest demand-response event. */
function delivered(one: NonNullable<GatewayStatus['reduction']>): string {
  const event = `demand-response event ${minute(one.fromMs)} to ${minute(one.untilMs)} (UTC)`;
  const by = one.optedOut ? ', with an order by hand' : '';
  if (one.deliveredWh === undefined) return `${event}${by}: delivered is not known`;
  const more = one.deliveredWh < 0 ? 'nothing delivered, more taken: ' : 'delivered ';
  return `${event}${by}: ${more}${energy(one.deliveredWh)}`;
}

/** The newest closed day: what was saved against no battery, and its share of the possible. */
function earned(day: GatewayStatus['day']): string[] {
  if (day === undefined) return ['-', '-', '-'];
  const { oursNano, noneNano, limitNano, currency, missingCount } = day;
  if (oursNano === undefined || noneNano === undefined) {
    const why = missingCount > 0 ? `${missingCount} quarter-hours missing` : 'not compared';
    return [day.day, why, '-'];
  }
  const saved = BigInt(noneNano) - BigInt(oursNano);
  const share =
    limitNano === undefined
      ? undefined
      : capturedPct(BigInt(noneNano), BigInt(oursNano), BigInt(limitNano));
  return [
    day.day,
    `${money(saved, currency)}${saved < 0n ? ' more' : ''}`,
    share === undefined ? '-' : share < 0 ? 'nothing' : percent(share),
  ];
}

/** How far the newest day was off as it was forecast a day ahead. */
function foretold(forecast: GatewayStatus['forecast']): string {
  const ahead = (forecast?.scores ?? []).filter(({ aheadMs }) => aheadMs === DAY_MS);
  const parts = ahead.map(({ what, errorPct }) => `${what} ${Math.round(errorPct)} %`);
  return parts.length === 0 ? '-' : parts.join(', ');
}

/** The table, and below it what somebody has to look at. */
function asText(stands: readonly GatewayStand[]): string {
  const rows = [HEAD, ...stands.map(row)];
  const widths = HEAD.map((_, at) => Math.max(...rows.map((cells) => cells[at]?.length ?? 0)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const notes = stands.flatMap(({ gateway, status }) => {
    const { alarms = [], auditFinding, reduction } = status ?? {};
    return [
      ...(auditFinding
        ? [`${gateway}: ${auditFinding.text} (${minute(auditFinding.atMs)}); edgewatt audit verify`]
        : []),
      ...(reduction ? [`${gateway}: ${delivered(reduction)}`] : []),
      ...alarms.map((code) => `${gateway}: ${code}`),
    ];
  });
  return [...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n');
}
