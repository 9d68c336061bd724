import type { DayView, LiveView } from '../../contracts/values/view.ts';
import { clockTime, money, paid, percent } from '../../contracts/values/words.ts';

type Money = DayView['money'];

/**
 * Share of the possible that was saved, percent; undefined where the possible is not known or
 * nothing.
 */
function shareOfPossible(of: Money): number | undefined {
  if (of.possibleNano === undefined) return undefined;
  const possible = BigInt(of.withoutBatteryNano) - BigInt(of.possibleNano);
  if (possible <= 0n) return undefined;
  return Number((BigInt(of.savedNano) * 1_000n) / possible) / 10;
}

interface Bar {
  readonly name: string;
  readonly nano: bigint;
  readonly own?: boolean;
}

/** Length is money: the same day's cost with each way of running the site, on one scale. */
function Bars(props: { readonly bars: readonly Bar[]; readonly currency: string }) {
  const most = props.bars.reduce((top, { nano }) => {
    const size = nano < 0n ? -nano : nano;
    return size > top ? size : top;
  }, 1n);
  return (
    <ul class="bars" aria-label="Cost so far, compared">
      {props.bars.map((bar) => {
        const size = bar.nano < 0n ? -bar.nano : bar.nano;
        const width = Number((size * 1_000n) / most) / 10;
        return (
          <li key={bar.name} class={bar.own ? 'own' : ''}>
            <span>{bar.name}</span>
            <span class="whole">{paid(bar.nano, props.currency)}</span>
            <span class="track" aria-hidden="true">
              <i class={bar.nano < 0n ? 'income' : ''} style={{ width: `${width}%` }} />
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function Lines(props: { readonly of: Money }) {
  const { of } = props;
  const trades = BigInt(of.tradesNano);
  const lines = of.lines ?? [{ label: 'Trades with neighbours', nano: String(-trades) }];
  return (
    <table class="pairs">
      <tbody>
        {lines.map((line) => (
          <tr key={line.label}>
            <th scope="row">{line.label}</th>
            <td>{paid(BigInt(line.nano), of.currency)}</td>
          </tr>
        ))}
        <tr class="sum">
          <th scope="row">Cost so far</th>
          <td>{paid(BigInt(of.costNano), of.currency)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function Saved(props: { readonly of: Money }) {
  const { of } = props;
  const saved = BigInt(of.savedNano);
  const share = shareOfPossible(of);
  const words =
    share === undefined
      ? `${saved < 0n ? 'more' : 'less'} than with no battery`
      : `${percent(share)} of the possible`;
  return (
    <p class="saved">
      <span class="big">{money(saved, of.currency)}</span>
      <span class="second rows">{words}</span>
    </p>
  );
}

/** Days that are over, each in one sentence. */
function Past(props: { readonly of: Money }) {
  const { past = [] } = props.of;
  if (past.length === 0) return null;
  return (
    <dl class="past">
      {past.map(({ name, text }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Claims come in pairs: what was saved against no battery, and what the site costs so far. */
export function MoneyCard(props: {
  readonly live: LiveView | undefined;
  readonly day: DayView | undefined;
}) {
  const of = props.day?.money;
  const zone = props.live?.site.timeZone ?? 'UTC';
  const more = of !== undefined && BigInt(of.savedNano) < 0n;
  return (
    <section class="card seven" id="money" aria-labelledby="h-money">
      <div class="head">
        <h2 id="h-money">{more ? 'Dearer today' : 'Saved today'}</h2>
        {of === undefined ? null : (
          <span class="small note">since {clockTime(of.sinceMs, zone)}</span>
        )}
      </div>
      {of === undefined ? (
        <p class="big note">–</p>
      ) : (
        <div class="money">
          <div>
            <Saved of={of} />
            <Bars
              currency={of.currency}
              bars={[
                { name: 'No battery', nano: BigInt(of.withoutBatteryNano) },
                ...(of.rulesNano === undefined
                  ? []
                  : [{ name: 'The inverter’s own rule', nano: BigInt(of.rulesNano) }]),
                { name: 'Edgewatt', nano: BigInt(of.costNano), own: true },
                ...(of.possibleNano === undefined
                  ? []
                  : [{ name: 'Perfect foresight', nano: BigInt(of.possibleNano) }]),
              ]}
            />
          </div>
          <div>
            <Lines of={of} />
            <p class="small note money-note">
              {of.note ?? 'No battery: the same sun, load and prices, without battery and market.'}
            </p>
          </div>
          <Past of={of} />
        </div>
      )}
    </section>
  );
}
