import type { Flow, LiveView } from '../../../contracts/values/view.ts';
import { energy, percent, power, UNKNOWN_WORD, verb } from '../../../contracts/values/words.ts';
import { Age } from '../parts/age.tsx';
import { PlaceIcon } from '../parts/icons.tsx';
import { narrow, useWidth } from '../state/size.ts';
import { type Place, places } from './geometry.ts';
import { TallFlow } from './tall.tsx';
import { WideFlow } from './wide.tsx';
import { balance, was } from './words.ts';

/** What stands before the figure: 'Sun, producing', 'Press line, using', 'Ovens'. */
function before(place: Place): string {
  const { flow } = place;
  if (flow.powerW === null) return `${flow.name},`;
  if (flow.kind === 'loss') return flow.name;
  return `${flow.name}, ${verb(flow.kind, flow.powerW)}`;
}

function PlaceRow(props: { readonly place: Place }) {
  const { place } = props;
  const { flow } = place;
  const silent = flow.powerW === null;
  return (
    <li>
      <PlaceIcon kind={flow.kind} />
      <span>
        {before(place)}{' '}
        <b class={`strong whole${silent ? ' note' : ''}`}>
          {silent ? was(flow) : power(flow.powerW)}
        </b>
        {flow.derived && !silent ? <span class="note">, calculated</span> : null}
      </span>
      <Age ageMs={flow.ageMs} state={place.state} />
    </li>
  );
}

function Store(props: { readonly flow: Flow }) {
  const { flow } = props;
  const soc = flow.socPct;
  const known = soc !== null && soc !== undefined;
  const reserve = flow.reservePct;
  return (
    <div class="store">
      <PlaceIcon kind="battery" />
      <div class="bar" aria-hidden="true">
        {known ? (
          <b class="store-full" style={{ width: `${Math.min(100, Math.max(0, soc))}%` }} />
        ) : (
          <u class="store-unknown" />
        )}
        {known && reserve !== undefined ? (
          <i class="store-kept" style={{ width: `${Math.min(reserve, soc)}%` }} />
        ) : null}
        {reserve === undefined ? null : <em class="store-mark" style={{ left: `${reserve}%` }} />}
      </div>
      <span class="rows second">
        <b class="strong ink-load">
          {known ? `${percent(soc)} full` : `${flow.name}: ${UNKNOWN_WORD}`}
        </b>
        {flow.energyWh === undefined || flow.energyWh === null ? '' : `, ${energy(flow.energyWh)}`}
        {reserve === undefined ? '' : ` · ${percent(reserve)} is kept back`}
      </span>
    </div>
  );
}

/** What flows now, drawn to scale, with the store under it. */
export function FlowCard(props: { readonly live: LiveView | undefined }) {
  const { live } = props;
  const [box, width] = useWidth<HTMLDivElement>(narrow.value ? 324 : 752);
  const all = live === undefined ? [] : places(live.flows, live.cycleMs);
  return (
    <section class="card eight" id="now" aria-labelledby="h-flow">
      <div class="head">
        <h2 id="h-flow">Power now</h2>
        <span class="small note">
          width is power
          {live === undefined ? '' : <span class="wide"> · {balance(live)}</span>}
        </span>
      </div>
      <div ref={box} class="flow-box">
        {live === undefined ? (
          <p class="flow-none note">–</p>
        ) : all.length === 0 ? (
          <p class="flow-none note rows">
            Nothing is measured yet. Power stands here with the first readings.
          </p>
        ) : narrow.value ? (
          <TallFlow all={all} width={width} />
        ) : (
          <WideFlow live={live} all={all} width={width} />
        )}
      </div>
      {narrow.value && live !== undefined ? (
        <ul class="places">
          {all.map((place) => (
            <PlaceRow key={place.flow.id} place={place} />
          ))}
          {live.uses === undefined ? null : (
            <li>
              <PlaceIcon kind="rest" />
              <span>
                {live.uses.name} uses <b class="strong whole">{power(live.uses.powerW)}</b>
              </span>
            </li>
          )}
          <li class="note rows">{balance(live)}</li>
        </ul>
      ) : null}
      {all
        .filter(({ flow }) => flow.kind === 'battery')
        .map(({ flow }) => (
          <Store key={flow.id} flow={flow} />
        ))}
    </section>
  );
}
