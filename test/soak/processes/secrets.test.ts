import { execFile } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openBlackBox } from '../../../gateway/adapters/blackbox/files.ts';
import { signIn } from '../../../simulators/demo/doors.ts';
import { type ModelApi, startModelApi } from '../../../simulators/model-api/run.ts';
import { ROOT } from '../../hil/demo/started.ts';
import { OneSite, until } from './one-site.ts';

const MODEL_KEY = 'sk-ant-a-key-that-nobody-may-see-0123456789';
/** What a secret lives in: nobody else reads these. */
const HOME = /(\.key|\.secret|^key\.json|^server\.json)$/;

let place: OneSite;
let api: ModelApi;

beforeAll(async () => {
  api = await startModelApi([{ kind: 'text', text: 'I do not know.' }]);
  place = new OneSite();
  await place.start();
  // A model beside the rest: its key is one more secret, its prompts are one more way out.
  const { dir, process: gateway } = place.gateway();
  writeFileSync(join(dir, 'model.key'), MODEL_KEY, { mode: 0o600 });
  const advisor = `advisor: {model: m, keyFile: model.key, baseUrl: '${api.url}'}\n`;
  appendFileSync(join(dir, 'gateway.yaml'), advisor);
  gateway.stop();
  await gateway.exited;
  place.startGateway();
  await until(() => place.isRunning() && api.seen.length > 0, 240_000);
}, 400_000);

afterAll(async () => {
  await place?.end();
  await api?.close();
}, 60_000);

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile());
}

/** Pieces of a secret file that are in no other text by chance. */
function needlesOf(path: string): string[] {
  const text = readFileSync(path, 'utf8')
    .replace(/"(publicKey|keyId)":\s*"[^"]*"/g, '') // what everybody may know
    .trim();
  const words = text.includes('-----BEGIN')
    ? text.split('\n').filter((line) => !line.startsWith('-----'))
    : (text.match(/[A-Za-z0-9+/=_-]{12,}/g) ?? []);
  return words.filter((word) => word.length >= 12 && !/^[a-z]+$/.test(word));
}

/** A black box is compressed: what is in its blobs. */
const blackBoxText = (dir: string): string =>
  openBlackBox(dir)
    .flatMap(({ read }) => read()?.blobs ?? [])
    .map((blob) => Buffer.from(blob).toString('latin1'))
    .join('\n');

async function command(...args: string[]): Promise<string> {
  const words = [join(ROOT, 'bin/launch.mjs'), join(ROOT, 'gateway/main.ts'), ...args];
  const told = await promisify(execFile)(process.execPath, words, {
    maxBuffer: 64 * 1_048_576,
  }).catch((error: { stdout: string; stderr: string }) => error);
  return `${told.stdout}${told.stderr}`;
}

it('no secret of a run is in anything that it leaves behind but where it lives', async () => {
  const { dir, doors } = place.gateway();
  const signal = AbortSignal.timeout(20_000);
  const { base, headers } = await signIn(doors.ownUrls.at(-1) ?? '', signal);
  const session = headers.cookie.split('=').slice(1).join('=');
  const page = await (await fetch(`${base}healthz`, { headers, signal })).text();
  const files = filesBelow(place.run.dir);
  const homes = files.filter((path) => HOME.test(basename(path)));
  const secrets = new Map<string, string>([
    [session, 'session'],
    [MODEL_KEY, 'model key'],
    ...homes.flatMap((path) => needlesOf(path).map((word) => [word, path] as const)),
  ]);
  // Names of the site stand beside keys; the demo's pages link to each other, signed in once.
  const site = readFileSync(join(dir, 'site.yaml'), 'utf8');
  const links = doors.peerUrls.join(' ');
  for (const word of secrets.keys()) {
    if (site.includes(word) || links.includes(word)) secrets.delete(word);
  }
  expect(homes.length).toBeGreaterThanOrEqual(4);
  expect(secrets.size).toBeGreaterThanOrEqual(8);

  const places = new Map<string, string>();
  for (const path of files) {
    if (!homes.includes(path)) places.set(path, readFileSync(path, 'latin1'));
  }
  places.set('black box', blackBoxText(join(dir, 'data')));
  places.set('page', page);
  places.set('picture', JSON.stringify(place.seen()));
  places.set('prompts', JSON.stringify(api.seen.map(({ body }) => body)));
  for (const pid of [...place.pids(), place.cloud().pid]) {
    places.set(`arguments of ${pid}`, readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  }
  const said = {
    doctor: ['doctor', dir],
    audit: ['audit', 'show', dir],
    config: ['config', 'show', dir],
  };
  for (const [name, args] of Object.entries(said)) places.set(name, await command(...args));
  expect(places.get('prompts')?.length).toBeGreaterThan(500);
  expect(places.get('black box')?.length).toBeGreaterThan(10_000);

  const found: string[] = [];
  for (const [secret, home] of secrets) {
    for (const [where, text] of places) {
      if (text.includes(secret)) found.push(`${home}: ${secret.slice(0, 4)}... in ${where}`);
    }
  }
  expect(found).toEqual([]);
}, 200_000);
