import { knock } from '../adapters/bus-door.ts';
import { clockTime, dayName } from '../contracts/values/words.ts';
import { type Finding, fine, look } from './doctor-checks.ts';

/** What the running gateway says is wrong; devices to be proven are told of the files already. */
export async function alarmFindings(dataDir: string, zone: string): Promise<Finding[]> {
  const check = 'running gateway';
  try {
    const door = await knock(dataDir);
    const alarms = await door.alarms().finally(() => door.close());
    const told = alarms.filter(({ code }) => !code.startsWith('NOT_COMMISSIONED'));
    if (told.length === 0) return [fine(check, 'no alarm')];
    return told.map(({ text, sinceMs, mend }) => {
      const since = `${dayName(sinceMs, zone, 'short')}, ${clockTime(sinceMs, zone)}`;
      return look(check, `${text.replace(/\.$/, '')} (since ${since})`, mend);
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what = `cannot be asked what is wrong (${code ?? message})`;
    return [look(check, what, 'run this as the user of the gateway, or again in a minute')];
  }
}
