import { createServer, isIP, type Socket } from 'node:net';
import type { DayView, LiveView } from '../../contracts/values/view.ts';
import { listenFault } from './listen-fault.ts';
import type { Page, PageOptions } from './server.ts';

/** While the server is loaded, a second at most. */
const WAITING_MAX = 64;

/**
 * The page's port, and behind it the page's server once somebody comes: most gateways have nobody
 * look at them for weeks, and the server is a tenth of the agent's memory. The listening socket is
 * handed over; who came first waits, unread, while it is loaded.
 */
export function createFront(options: PageOptions): Page {
  const front = createServer({ pauseOnConnect: true });
  front.maxConnections = WAITING_MAX;
  const waiting = new Set<Socket>();
  let opened: Promise<Page> | undefined;
  let page: Page | undefined;
  let last: { live?: LiveView; day?: DayView } = {};

  const open = async (): Promise<Page> => {
    const { createPage } = await import('./server.ts');
    const found = createPage(options);
    await found.start(front);
    if (last.live) found.live(last.live);
    if (last.day) found.day(last.day);
    last = {};
    page = found;
    return found;
  };
  front.on('connection', (socket) => {
    waiting.add(socket);
    const leave = (): void => {
      socket.destroy();
    };
    socket.once('error', leave);
    opened ??= open();
    void opened
      .then((found) => {
        socket.off('error', leave);
        found.take(socket);
      }, leave)
      .finally(() => waiting.delete(socket));
  });

  return {
    get routes() {
      return page?.routes ?? [];
    },
    take: (socket) => front.emit('connection', socket),
    start: () =>
      new Promise((resolve, reject) => {
        const { host, port, tls } = options;
        front.once('error', (error) => reject(listenFault(error, host, port)));
        front.listen({ host, port }, () => {
          const address = front.address();
          const own = typeof address === 'object' ? (address?.port ?? port) : port;
          const name = isIP(host) === 6 ? `[${host}]` : host;
          resolve(`${tls === undefined ? 'http' : 'https'}://${name}:${own}/`);
        });
      }),
    live(view) {
      if (page) page.live(view);
      else last.live = view;
    },
    day(view) {
      if (page) page.day(view);
      else last.day = view;
    },
    async stop() {
      const found = await opened?.catch(() => undefined);
      for (const socket of waiting) socket.destroy();
      await found?.stop();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
