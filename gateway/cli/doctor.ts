import { join } from 'node:path';
import { wireLoads } from '../compose-wire.ts';
import { codeFiles } from '../config/codes.ts';
import { admit, type DeviceStand } from '../config/commissioning.ts';
import { type GatewayFile, loadGateway } from '../config/gateway-file.ts';
import { parseSite, readText } from '../config/load.ts';
import { runningFiles } from '../config/own-files.ts';
import { profilesBeside } from '../config/profiles.ts';
import { readStand, runningSite } from '../config/running-site.ts';
import { slowResponses } from '../config/slow-response.ts';
import { Fault } from '../contracts/values/fault.ts';
import type { Site } from '../contracts/values/site.ts';
import { brokerCheckOf } from '../processes/broker.ts';
import { alarmFindings } from './doctor-alarms.ts';
import {
  bad,
  busFinding,
  certificateFinding,
  clockFinding,
  connects,
  type Finding,
  fine,
  folderFinding,
  lockFinding,
  look,
  portTaken,
  rootsFinding,
  secretFinding,
  slowFinding,
  wayFinding,
  wireFinding,
} from './doctor-checks.ts';

const LOOPBACK = /^(127\.|localhost$|::1$)/;
const SIGN = { fine: 'ok  ', look: 'look', bad: 'BAD ' } as const;

const faultFinding = (check: string, error: unknown): Finding => {
  if (!(error instanceof Fault)) throw error;
  return bad(check, error.message, 'mend the file, then run edgewatt doctor again');
};

function siteFindings(file: GatewayFile): { site: Site | undefined; findings: Finding[] } {
  try {
    const { site, complaints } = parseSite(readText(file.siteFile), profilesBeside(file.siteFile));
    const findings = complaints.map(({ line, path, what, mend }) =>
      bad('site.yaml', `line ${line}, ${path}: ${what}`, mend),
    );
    if (site === undefined) return { site, findings };
    findings.push(fine('site.yaml', `${site.name}, ${site.devices.length} devices`));
    const running = documentFinding(file);
    if (running.finding !== undefined) findings.push(running.finding);
    findings.push(...provenFindings(file, running.site ?? site));
    for (const [device, path] of codeFiles(file.siteFile, running.site ?? site)) {
      findings.push(secretFinding(`code of ${device}`, path));
    }
    return { site: running.site ?? site, findings };
  } catch (error) {
    return { site: undefined, findings: [faultFinding('site.yaml', error)] };
  }
}

/** What still has to be proven, and what is not controlled although it is. */
function provenFindings(file: GatewayFile, site: Site): Finding[] {
  const { stands, site: measured } = admit(file, site, profilesBeside(file.siteFile));
  const slow = slowResponses(measured).map(slowFinding);
  const check = 'commissioning';
  const findings = stands.flatMap((stand): Finding[] => {
    const mend = `edgewatt devices commission ${file.siteFile} --device ${stand.device}`;
    if (stand.refused !== '') {
      return [bad(check, `${stand.device} is not controlled`, stand.refused)];
    }
    if (stand.open.length === 0) return [];
    return [look(check, `${stand.device}: ${openText(stand, site)}`, mend)];
  });
  if (findings.length > 0) return [...findings, ...slow];
  return [fine(check, 'every device that is controlled is proven'), ...slow];
}

/** Why it counts as not proven, and what follows. */
function openText({ device, kept, open }: DeviceStand, site: Site): string {
  const allowed = site.control.unprovenAllowed.includes(device);
  const then = allowed ? 'controlled by name all the same' : 'not controlled';
  const why = kept.state === 'unfit' ? `its record counts as none (${kept.why})` : 'not proven';
  return `${open.join(', ')} ${why}, ${then}`;
}

/** Where the fleet's document counts in place of the local file, or was left. */
function documentFinding(file: GatewayFile): { site?: Site; finding?: Finding } {
  const { failed } = readStand(file);
  const { site, sequence } = runningSite(file);
  const check = 'site document';
  if (sequence > 0) {
    const trial = readStand(file).trial === null ? '' : ', on trial';
    return { site, finding: fine(check, `document ${sequence} of the fleet counts${trial}`) };
  }
  if (failed === null) return {};
  const what = `document ${failed.sequence} was left: ${failed.why}`;
  return { finding: look(check, what, 'the local file counts; tell the fleet') };
}

async function pageFindings(file: GatewayFile, isRunning: boolean, nowMs: number) {
  const { host, port, tls } = file.page;
  const place = `${host}:${port}`;
  const findings: Finding[] = [];
  if (isRunning) {
    const why = await connects(host === '0.0.0.0' ? '127.0.0.1' : host, port);
    const mend = 'its log says why the page did not open';
    findings.push(
      why === undefined ? fine('page', `${place} answers`) : bad('page', `${place}: ${why}`, mend),
    );
  } else {
    const taken = port === 0 ? undefined : await portTaken(host, port);
    const mend = 'stop what uses it, or set another page.port';
    findings.push(
      taken === undefined
        ? fine('page', `${place} is free`)
        : bad('page', `${place}: ${taken}`, mend),
    );
  }
  if (tls !== undefined) {
    findings.push(certificateFinding('page certificate', tls.certFile, nowMs));
    findings.push(secretFinding('page key', tls.keyFile));
  } else if (!LOOPBACK.test(host)) {
    const mend = 'set page.tls, or leave page.host at 127.0.0.1 and use a tunnel';
    findings.push(look('page', 'it is open to the network without TLS', mend));
  }
  return findings;
}

async function brokerFindings({ broker }: GatewayFile, nowMs: number): Promise<Finding[]> {
  if (broker === undefined) {
    return [
      look('broker', 'none is named: the site runs on its own', 'add broker: to gateway.yaml'),
    ];
  }
  const findings: Finding[] = [];
  try {
    findings.push(await wayFinding(broker.url, brokerCheckOf(broker), nowMs));
  } catch (error) {
    findings.push(faultFinding('broker', error)); // a file that is not there
  }
  const { caFile, certFile } = broker;
  if (caFile !== undefined) findings.push(rootsFinding('broker certificate', caFile, nowMs));
  if (certFile !== undefined) {
    findings.push(certificateFinding('broker certificate', certFile, nowMs));
  }
  for (const file of [broker.passwordFile, broker.keyFile]) {
    if (file !== undefined) findings.push(secretFinding('broker secret', file));
  }
  return findings;
}

/** Where the gateway does not run the files as they stand; nothing where it does. */
function leftFindings(dir: string): Finding[] {
  try {
    const { left } = runningFiles(dir);
    const mend = 'mend the file: once it is changed it is tried again at the next start';
    return left === undefined ? [] : [bad('files', left, mend)];
  } catch (error) {
    if (error instanceof Fault) return []; // said of gateway.yaml
    throw error;
  }
}

async function examine(dir: string): Promise<Finding[]> {
  let file: GatewayFile;
  try {
    file = loadGateway(dir);
  } catch (error) {
    return [faultFinding('gateway.yaml', error), ...leftFindings(dir)];
  }
  const nowMs = Date.now();
  const { isRunning, ...lock } = lockFinding(file.dataDir);
  const { site, findings } = siteFindings(file);
  return [
    fine('gateway.yaml', join(file.dir, 'gateway.yaml')),
    ...leftFindings(dir),
    ...findings,
    lock,
    folderFinding(file.dataDir),
    clockFinding(nowMs),
    ...(await pageFindings(file, isRunning, nowMs)),
    ...(await Promise.all((site?.buses ?? []).map(busFinding))),
    ...(site === undefined ? [] : wireLoads(site, profilesBeside(file.siteFile)).map(wireFinding)),
    ...(await brokerFindings(file, nowMs)),
    ...(isRunning ? await alarmFindings(file.dataDir, site?.place.timeZone ?? 'UTC') : []),
  ];
}

/** What is wrong here and how to mend it. @returns exit code: 1 when something is bad */
export async function doctor(dir: string, json: boolean): Promise<number> {
  const findings = await examine(dir);
  const isBad = findings.some(({ state }) => state === 'bad');
  if (json) {
    process.stdout.write(`${JSON.stringify({ ok: !isBad, findings })}\n`);
    return isBad ? 1 : 0;
  }
  for (const { check, state, what, mend } of findings) {
    process.stdout.write(`${SIGN[state]} ${check}: ${what}\n`);
    if (mend !== undefined) process.stdout.write(`     ${mend}\n`);
  }
  return isBad ? 1 : 0;
}
