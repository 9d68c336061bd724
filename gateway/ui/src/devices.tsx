import type { DeviceRow, LiveView } from '../../contracts/values/view.ts';
import { age, figure, NARROW, percent } from '../../contracts/values/words.ts';
import { Age } from './parts/age.tsx';
import { ageFreshness, FRESH_CYCLES, type Freshness } from './parts/freshness.ts';
import { agedMs } from './state/feed.ts';

function stateOf(row: DeviceRow, cycleMs: number): Freshness {
  if (row.state === 'silent' || row.state === 'safe') return 'stale';
  if (row.state === 'holding') return 'late';
  return ageFreshness(agedMs(row.ageMs), cycleMs, true);
}

function latency(latencyMs: number): string {
  return `${figure(latencyMs)}${NARROW}ms`;
}

function Device(props: { readonly row: DeviceRow; readonly cycleMs: number }) {
  const { row } = props;
  const state = stateOf(row, props.cycleMs);
  const silent = row.state === 'silent';
  return (
    <tr class={silent ? 'silent' : ''}>
      <th scope="row">
        <span class="device-name">{row.name}</span>
        {row.detail === undefined ? null : (
          <span class="small note device-detail">{row.detail}</span>
        )}
      </th>
      <td class="value">{silent ? (row.lastDoing ?? 'unknown') : row.doing}</td>
      <td class="right-cell">
        <Age ageMs={row.ageMs} state={state} />
      </td>
      <td class="right-cell more">
        {silent ? <span class="note">none</span> : latency(row.latencyMs)}
      </td>
      <td class={`right-cell more${silent ? ' alarming strong' : ''}`}>
        {silent ? 'silent' : percent(row.errorPct, 2)}
      </td>
      <td class="right-cell more">
        {row.reads === 'only' ? <span class="note">reads only</span> : figure(row.writes)}
      </td>
    </tr>
  );
}

function cloudWords(live: LiveView): string {
  const { connected, sinceMs, backlog } = live.cloud;
  const waiting = backlog === 0 ? 'nothing waiting' : `${figure(backlog)} records waiting`;
  return connected
    ? `connected, ${waiting}`
    : `not reached for ${age(live.atMs - sinceMs)}, ${waiting}`;
}

function guardWords({ guard }: LiveView): string {
  const missed = guard.missedCycles === 0 ? 'none missed' : `${figure(guard.missedCycles)} missed`;
  const most = `99${NARROW}% under ${figure(guard.tickP99Ms, 1)}${NARROW}ms`;
  return `${figure(guard.cycles)} cycles, ${missed}; ${most}`;
}

function readingWords({ guard }: LiveView): string {
  const all = guard.readingsGood + guard.readingsBad;
  if (all === 0) return 'none yet';
  return `${figure(all)}, ${percent((100 * guard.readingsGood) / all, 2)} good`;
}

export function DeviceCard(props: { readonly live: LiveView | undefined }) {
  const { live } = props;
  const rows = live?.devices ?? [];
  const cycleMs = live?.cycleMs ?? 1_000;
  const freshFor = age(FRESH_CYCLES * cycleMs);
  const fresh = rows.filter((row) => stateOf(row, cycleMs) === 'fresh').length;
  return (
    <section class="card twelve" id="devices" aria-labelledby="h-devices">
      <div class="head">
        <h2 id="h-devices">Devices</h2>
        <span class="small note">
          {live === undefined
            ? '–'
            : `${fresh} of ${rows.length} fresh · a reading is fresh for ${freshFor}`}
        </span>
      </div>
      <table class="devices">
        <thead>
          <tr>
            <th scope="col">Device</th>
            <th scope="col">Reading</th>
            <th scope="col" class="right-cell">
              Age
            </th>
            <th scope="col" class="right-cell more">
              Answers in
            </th>
            <th scope="col" class="right-cell more">
              Errors
            </th>
            <th scope="col" class="right-cell more">
              Written
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Device key={row.id} row={row} cycleMs={cycleMs} />
          ))}
        </tbody>
      </table>
      {live === undefined || rows.length > 0 ? null : (
        <p class="rows note">Devices stand here once the site file names them.</p>
      )}
      {live === undefined ? null : (
        <dl class="links small note">
          {[
            { name: 'Cloud', text: cloudWords(live) },
            { name: 'Guard', text: guardWords(live) },
            { name: 'Readings', text: readingWords(live) },
            ...(live.links ?? []),
          ].map((link) => (
            <div key={link.name}>
              <dt>{link.name}</dt>
              <dd>{link.text}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}
