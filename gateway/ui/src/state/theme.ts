import { signal } from '@preact/signals';

type Theme = 'light' | 'dark';

const KEY = 'edgewatt-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = signal<Theme | undefined>(undefined);
const systemDark = signal(system.matches);

export function theme(): Theme {
  return chosen.value ?? (systemDark.value ? 'dark' : 'light');
}

/** The other theme; choosing what the system has follows the system again. */
export function changeTheme(): void {
  const next: Theme = theme() === 'dark' ? 'light' : 'dark';
  choose(next === (systemDark.value ? 'dark' : 'light') ? undefined : next);
}

function choose(next: Theme | undefined): void {
  chosen.value = next;
  if (next === undefined) {
    delete document.documentElement.dataset['theme'];
    localStorage.removeItem(KEY);
  } else {
    document.documentElement.dataset['theme'] = next;
    localStorage.setItem(KEY, next);
  }
}

export function startTheme(): void {
  system.addEventListener('change', () => {
    systemDark.value = system.matches;
  });
  const kept = localStorage.getItem(KEY);
  if (kept === 'light' || kept === 'dark') choose(kept);
}
