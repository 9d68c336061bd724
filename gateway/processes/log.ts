import pino from 'pino';
import type { LogLevel } from '../contracts/settings.ts';
import type { Log } from '../ports.ts';

const KEPT = 200;

/** A process's log: one JSON line an event on stderr, and the newest lines for a diagnosis. */
export interface ProcessLog extends Log {
  readonly newest: readonly string[];
  /** @param forMs real milliseconds until `info` is back */
  level(level: LogLevel, forMs: number): void;
}

export function createLog(process: string): ProcessLog {
  const newest: string[] = [];
  const disk = pino.destination({ fd: 2, sync: false });
  const write = (line: string): void => {
    newest.push(line.trimEnd());
    if (newest.length > KEPT) newest.shift();
    disk.write(line);
  };
  const logger = pino({ base: { process } }, { write });
  let back: NodeJS.Timeout | undefined;
  return {
    newest,
    info: (text, fields = {}) => logger.info(fields, text),
    warn: (text, fields = {}) => logger.warn(fields, text),
    error: (text, fields = {}) => logger.error(fields, text),
    level: (level, forMs) => {
      clearTimeout(back);
      logger.level = level;
      back = setTimeout(() => {
        logger.level = 'info';
      }, forMs).unref();
    },
  };
}
