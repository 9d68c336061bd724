import { signal } from '@preact/signals';

/** What stands between this browser and the site. */
export type Door = 'unknown' | 'open' | 'password' | 'claim';

export const door = signal<Door>('unknown');
let change = ''; // goes with every change, beside the cookie

interface SessionState {
  readonly signedIn: boolean;
  readonly claimed: boolean;
  readonly change?: string;
}

/** A change, with this session's token. */
export const post = (url: string, body: unknown): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-edgewatt-change': change },
    body: JSON.stringify(body),
  });

async function ask(): Promise<SessionState> {
  const state = (await (await fetch('/api/session')).json()) as SessionState;
  change = state.change ?? '';
  return state;
}

/** The one-time token of an address such as `/#signin=...`; it leaves the address at once. */
function takeToken(): string | undefined {
  const token = /^#signin=([\w-]+)$/.exec(location.hash)?.[1];
  if (token !== undefined) history.replaceState(null, '', location.pathname);
  return token;
}
let token = takeToken();

/** Whether this browser may look; asks the gateway. Without contact nothing is known. */
export async function mayLook(): Promise<boolean> {
  try {
    let state = await ask();
    if (!state.signedIn && token !== undefined) {
      await post('/api/session/token', { token });
      token = undefined;
      state = await ask();
    }
    door.value = state.signedIn ? 'open' : state.claimed ? 'password' : 'claim';
  } catch {
    // no contact: the caller tries again
  }
  return door.value === 'open';
}

/** @returns why not, in one sentence; undefined once inside */
export async function enter(password: string, code?: string): Promise<string | undefined> {
  try {
    const answer =
      code === undefined
        ? await post('/api/session/password', { password })
        : await post('/api/session/claim', { code, password });
    if (answer.ok) return undefined;
    return ((await answer.json()) as { why?: string }).why ?? 'The gateway refuses.';
  } catch {
    return 'No contact with the gateway.';
  }
}

export async function signOut(): Promise<void> {
  await post('/api/session/end', {});
  location.reload();
}
