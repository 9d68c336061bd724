/**
 * Ends this process so that it starts again: by the service that runs it, which does what stands
 * before a start as well, and otherwise in its own place, under its own number.
 */
export function startAgain(): void {
  const { NOTIFY_SOCKET, EDGEWATT_MARKS } = process.env;
  const isService = NOTIFY_SOCKET !== undefined || EDGEWATT_MARKS !== undefined;
  if (!isService && process.execve !== undefined) {
    const args = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
    process.execve(process.execPath, args, process.env as Record<string, string>);
  }
  process.exit(0);
}
