/** What `modbus-serial` does not type: its ports, which take and give whole RTU frames. */
declare module 'modbus-serial/ports/*' {
  import type { EventEmitter } from 'node:events';

  export default class FramePort extends EventEmitter {
    constructor(where: string, options: Readonly<Record<string, unknown>>);
    open(done: (error?: Error | null) => void): void;
    close(done: () => void): void;
    write(frame: Uint8Array): void;
    readonly isOpen: boolean;
  }
}
