import { readFileSync } from 'node:fs';
import { endWithParent } from '../../gateway/adapters/process/parent.ts';
import { Fault } from '../../gateway/contracts/values/fault.ts';
import { IotBroker } from './broker.ts';
import type { Grant } from './rights.ts';

/**
 * What `edgewatt-sim iot-core --config FILE` reads (JSON). Passwords stay in the file, never in
 * argv.
 */
interface BrokerFile {
  readonly host?: string;
  readonly port: number;
  readonly grants: readonly Grant[];
}

function read(file: string): BrokerFile {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BrokerFile;
  } catch (error) {
    throw new Fault(`cannot be read (${(error as Error).message})`, file, 'name a JSON file');
  }
}

/** Runs until SIGTERM or, when it was started by a demo, until that is gone. */
export async function runBroker(file: string, withParent: boolean): Promise<void> {
  const config = read(file);
  const broker = new IotBroker({
    ...config,
    log: (text) => process.stdout.write(`${text}\n`),
  });
  try {
    const port = await broker.start();
    process.stdout.write(`listening on ${config.host ?? '127.0.0.1'}:${port}\n`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Fault(`cannot listen (${code})`, `port ${config.port}`, 'free it or name another');
  }
  const end = (): void => {
    const { byClient } = broker.stats();
    void broker.stop().then(() => {
      process.stdout.write(`${JSON.stringify({ published: byClient })}\n`);
      process.exit(0);
    });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, end);
  if (withParent) endWithParent(end);
}
