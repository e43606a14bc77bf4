/**
 * A web service that tells what it was told: its release and the fields of the request. Below `/assets` it has one file,
 * named after its release.
 */
export const tellingApp = `
import { createServer } from 'node:http';
const release = process.env.LOTSE_RELEASE;
createServer((request, response) => {
  if (request.url === '/up') return response.end('up');
  const isAsset = request.url.startsWith('/assets/');
  if (isAsset && request.url !== '/assets/' + release + '.js') return response.writeHead(404).end('not in ' + release);
  response.end(isAsset ? 'file of ' + release : JSON.stringify({ release, fields: request.headers }));
}).listen(Number(process.env.PORT), '127.0.0.1');
`;
