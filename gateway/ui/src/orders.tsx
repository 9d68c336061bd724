import { useState } from 'preact/hooks';
import type { Overridable, OverrideAct, OverrideAnswer } from '../../contracts/values/override.ts';
import { HOUR_MS, MINUTE_MS } from '../../contracts/values/time.ts';
import type { LiveView } from '../../contracts/values/view.ts';
import { post } from './login-state.ts';

const WORDS: Readonly<Record<OverrideAct, string>> = {
  hold: 'hold',
  charge: 'charge at',
  discharge: 'discharge at',
  off: 'off',
};
const LENGTHS = [
  { forMs: 15 * MINUTE_MS, text: '15 min' },
  { forMs: HOUR_MS, text: '1 h' },
  { forMs: 4 * HOUR_MS, text: '4 h' },
  { forMs: 24 * HOUR_MS, text: '24 h' },
];

/** @returns why not, in one sentence; undefined when it was taken */
async function send(order: object): Promise<string | undefined> {
  try {
    const answer = await post('/api/override', order);
    if (answer.ok) return undefined;
    return ((await answer.json()) as { why?: string }).why ?? 'The gateway refuses.';
  } catch {
    return 'No contact with the gateway.';
  }
}

/** Only these are ordered with a power. */
const isPowered = (what: string): boolean => / (charge|discharge)$/.test(what);

/** What can be ordered, as one choice each: 'Battery 1: charge at'. */
function Choice(props: {
  readonly terminals: readonly Overridable[];
  readonly choose: (what: string) => void;
}) {
  return (
    <select
      name="what"
      aria-label="What is ordered"
      onChange={(event) => props.choose(event.currentTarget.value)}
    >
      {props.terminals.flatMap(({ terminal, name, acts }) =>
        acts.map((act) => (
          <option key={`${terminal} ${act}`} value={`${terminal} ${act}`}>
            {name}: {WORDS[act]}
          </option>
        )),
      )}
    </select>
  );
}

function Form(props: { readonly terminals: readonly Overridable[] }) {
  const [why, setWhy] = useState('');
  const [first] = props.terminals;
  const [what, setWhat] = useState(`${first?.terminal} ${first?.acts[0]}`);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const [terminal, act = ''] = what.split(' ');
    const powerW = isPowered(what) ? Math.round(1_000 * Number(given.get('kilowatts'))) : 0;
    const order = { terminal, act, powerW, forMs: Number(given.get('length')) };
    setWhy((await send(order)) ?? '');
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Choice terminals={props.terminals} choose={setWhat} />
      {isPowered(what) ? (
        <label>
          <input
            type="number"
            name="kilowatts"
            min="0"
            step="0.1"
            value="1"
            aria-label="Power in kW"
          />{' '}
          kW
        </label>
      ) : null}
      <select name="length" aria-label="For how long">
        {LENGTHS.map(({ forMs, text }) => (
          <option key={forMs} value={forMs}>
            for {text}
          </option>
        ))}
      </select>
      <button type="submit">Order</button>
      <p role="status" class="small rows">
        {why}
      </p>
    </form>
  );
}

/** Orders in force with their ends, and a form for another; limits stay above every order. */
export function Orders(props: { readonly live: LiveView }) {
  const [terminals, setTerminals] = useState<readonly Overridable[] | undefined>(undefined);
  const orders = props.live.orders ?? [];
  const open = async (): Promise<void> => {
    if (terminals !== undefined) return;
    const answer = await fetch('/api/override').catch(() => undefined);
    if (answer?.ok !== true) return;
    setTerminals(((await answer.json()) as OverrideAnswer).terminals);
  };
  return (
    <div class="orders">
      {orders.map(({ terminal, text }) => (
        <p key={terminal} class="order rows">
          <span>{text}</span>
          <button type="button" onClick={() => void send({ terminal, act: 'end' })}>
            Take back
          </button>
        </p>
      ))}
      <details onToggle={() => void open()}>
        <summary class="small note">Order by hand</summary>
        {terminals === undefined || terminals.length === 0 ? (
          <p class="small note">
            {terminals === undefined ? 'Asking the guard.' : 'Nothing here can be ordered.'}
          </p>
        ) : (
          <Form terminals={terminals} />
        )}
      </details>
    </div>
  );
}
