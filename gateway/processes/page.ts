import { isIP } from 'node:net';
import { join } from 'node:path';
import { ensurePageBuilt } from '../adapters/page/build.ts';
import { openDoors } from '../adapters/page/doors.ts';
import { createFront } from '../adapters/page/front.ts';
import type { Page, PageOptions } from '../adapters/page/server.ts';
import { type GatewayFile, loadDemoDoors } from '../config/gateway-file.ts';
import { readText } from '../config/load.ts';
import type { AuditLog, Log } from '../ports.ts';
import { auditedDoors } from './audit.ts';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|::1)$/;

/** A name may stand for several addresses: there the server itself listens, on each of them. */
async function pageOf(options: PageOptions): Promise<Page> {
  if (isIP(options.host) !== 0) return createFront(options);
  const { createPage } = await import('../adapters/page/server.ts');
  return createPage(options);
}

/**
 * The page behind its doors. One that cannot open must not cost the site its planner: it is said,
 * and the agent goes on.
 */
export async function openPage(
  file: GatewayFile,
  log: Log,
  audit: AuditLog | undefined,
  override: PageOptions['override'],
): Promise<Page | undefined> {
  const { host, port, hosts, tls } = file.page;
  try {
    const doors = await openDoors({
      file: join(file.dataDir, 'doors.json'),
      onNewCode: (code) => log.info(`the page has no password yet; its claim code is ${code}`),
      ...loadDemoDoors(file),
    });
    const page = await pageOf({
      doors: auditedDoors(doors, audit),
      host,
      port,
      hosts,
      override,
      tls: tls && { cert: readText(tls.certFile), key: readText(tls.keyFile) },
      assetsDir: ensurePageBuilt(),
    });
    const url = await page.start();
    log.info('the page is open', { url });
    if (tls === undefined && !LOOPBACK.test(host)) {
      log.warn('the page speaks HTTP beyond this machine: passwords can be read; set page.tls');
    }
    return page;
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}
