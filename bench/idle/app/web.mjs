// Answers everything, and is asked nothing but whether it is ready.
import { createServer } from 'node:http';

const server = createServer((_request, response) => response.end('ok\n'));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' });
