import { Fault } from '../../contracts/values/fault.ts';

/** Why a port does not open, in one line; what has no remedy stays as it is. */
export function listenFault(error: unknown, host: string, port: number): unknown {
  const where = `${host}:${port}`;
  switch ((error as { code?: string }).code) {
    case 'EADDRINUSE': {
      const mend = 'stop that program or set another page.port in gateway.yaml';
      return new Fault('port is taken by another program', where, mend);
    }
    case 'EACCES':
      return new Fault('port is not allowed', where, 'set a page.port from 1024 in gateway.yaml');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new Fault('this machine has no such address', where, 'set page.host in gateway.yaml');
    default:
      return error;
  }
}
