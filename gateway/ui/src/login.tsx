import { useState } from 'preact/hooks';
import { door, enter, signOut } from './login-state.ts';
import { Mark } from './parts/icons.tsx';

const PASSWORD_CHARS_MIN = 10;

function Field(props: {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  readonly secret: boolean;
  readonly complete: string;
}) {
  const { id, label, help, secret, complete } = props;
  const given = {
    id,
    name: id,
    autocomplete: complete,
    autocapitalize: 'off',
    spellcheck: false,
    required: true,
    ...(complete === 'new-password' ? { minLength: PASSWORD_CHARS_MIN } : {}),
    ...(help === undefined ? {} : { 'aria-describedby': `${id}-help` }),
  } as const;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {secret ? <input type="password" {...given} /> : <input type="text" {...given} />}
      {help === undefined ? null : (
        <p class="small note" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  );
}

/** The door: the claim code and a new password once, later the password. */
export function Login() {
  const [why, setWhy] = useState('');
  const [busy, setBusy] = useState(false);
  const isClaim = door.value === 'claim';
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string): string => String(given.get(name) ?? '');
    setBusy(true);
    const refused = await enter(text('password'), isClaim ? text('code') : undefined);
    if (refused === undefined) location.reload();
    else {
      setWhy(refused);
      setBusy(false);
    }
  };
  return (
    <main class="door">
      <form onSubmit={(event) => void submit(event)}>
        <div class="brand">
          <Mark />
          <span class="word">Edgewatt</span>
        </div>
        <h1>{isClaim ? 'Claim this gateway' : 'Sign in'}</h1>
        {isClaim ? (
          <>
            <p class="second">It has no password yet. Whoever has its claim code gives it one.</p>
            <Field
              id="code"
              label="Claim code"
              help="Twelve letters and figures, in the gateway's log since its first start."
              secret={false}
              complete="one-time-code"
            />
          </>
        ) : null}
        <Field
          id="password"
          label={isClaim ? 'New password' : 'Password'}
          {...(isClaim ? { help: `At least ${PASSWORD_CHARS_MIN} characters.` } : {})}
          secret
          complete={isClaim ? 'new-password' : 'current-password'}
        />
        <p class="rows alarming" role="alert">
          {why}
        </p>
        <button type="submit" disabled={busy}>
          {isClaim ? 'Claim and sign in' : 'Sign in'}
        </button>
      </form>
    </main>
  );
}

export function SignOut() {
  if (door.value !== 'open') return null;
  return (
    <button type="button" class="leave" onClick={() => void signOut()}>
      Sign out
    </button>
  );
}
