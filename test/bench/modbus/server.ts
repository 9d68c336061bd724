import { createServer } from 'node:net';

/**
 * Answers every read of holding registers with 7 times the address: the least work that a correct
 * server can do, so that the clients are what is measured. Prints its port.
 */
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    for (let at = 0; at + 12 <= bytes.length; at += 12) {
      const first = bytes.readUInt16BE(at + 8);
      const count = bytes.readUInt16BE(at + 10);
      const answer = Buffer.alloc(9 + 2 * count);
      bytes.copy(answer, 0, at, at + 8);
      answer.writeUInt16BE(3 + 2 * count, 4);
      answer[8] = 2 * count;
      for (let n = 0; n < count; n++) answer.writeUInt16BE(((first + n) * 7) & 0xffff, 9 + 2 * n);
      socket.write(answer);
    }
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address ? address.port : 0}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
