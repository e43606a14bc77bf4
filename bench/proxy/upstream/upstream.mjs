// The upstream for machines without a C compiler: the same answers as upstream.c, on Node's sockets, which costs about
// three times as much. `node upstream.mjs PORT`.
import { createServer } from 'node:net';

/** @param {number} bytes @param {string} [more] */
const answer = (bytes, more = '') =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${bytes}\r\n${more}\r\n${'x'.repeat(bytes)}`,
  );
const small = answer(1024);
const large = answer(65536);

createServer({ noDelay: true }, (socket) => {
  let rest = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (bytes) => {
    rest += bytes.latin1Slice(0, bytes.length);
    for (let end = rest.indexOf('\r\n\r\n'); end >= 0; end = rest.indexOf('\r\n\r\n')) {
      const head = rest.slice(0, end);
      rest = rest.slice(end + 4);
      if (head.includes(' /1k ')) socket.write(small);
      else if (head.includes(' /64k ')) socket.write(large);
      else socket.write(answer(1024, `x-load: ${/\r\nx-load: *([^\r]*)/i.exec(head)?.[1] ?? ''}\r\n`));
    }
  });
}).listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 2048 });
