import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { BusboyFileStream, BusboyHeaders } from '@fastify/busboy';
import { HttpProblem } from './problem.ts';

export type UploadLimits = { readonly mostFiles: number; readonly mostBytesPerFile: number };
export type UploadedFile = { readonly name: string; readonly content: Readable; readonly isTooLarge: () => boolean };

/**
 * Reads a multipart/form-data request (RFC 7578) as it streams in; nothing is held in memory. `take` gets each file and must
 * read its content to the end; a file over the limit is cut there, and `isTooLarge` says so afterwards.
 * Resolves to what `take` resolved to, in order. Throws 400, 413 or 415, or what `take` threw; then each content fails.
 */
export async function readUpload<R>(
  request: IncomingMessage,
  limits: UploadLimits,
  take: (file: UploadedFile) => Promise<R>,
): Promise<readonly R[]> {
  const parser = openParser(request, limits);
  const contents: BusboyFileStream[] = [];
  const results: Promise<R>[] = [];
  const failed = Promise.withResolvers<never>();
  let tooMany = false;
  parser.on('file', (_field, content, filename) => {
    content.on('error', () => {}); // told by `take`
    contents.push(content);
    // A form without a chosen file sends one without a name.
    if (!filename) return void content.resume();
    const result = take({ name: readableName(filename), content, isTooLarge: () => content.truncated });
    result.catch(failed.reject);
    results.push(result);
  });
  parser.on('filesLimit', () => (tooMany = true));
  try {
    await Promise.race([parsed(request, parser), failed.promise]);
    const taken = await Promise.all(results);
    if (tooMany) throw new HttpProblem(413, `At most ${limits.mostFiles} pictures at a time, please.`);
    return taken;
  } finally {
    request.unpipe(parser);
    request.resume(); // what is still coming is not wanted, but the answer must find its way
    for (const content of contents) if (!content.readableEnded) content.destroy(new Error('the upload broke off'));
    await Promise.allSettled(results);
  }
}

async function parsed(request: IncomingMessage, parser: InstanceType<typeof Busboy>): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const brokeOff = (reason: string) => reject(new HttpProblem(400, `The upload broke off: ${reason}.`));
  parser.once('finish', () => resolve());
  parser.once('error', (error) => brokeOff(error instanceof Error ? error.message : String(error)));
  request.once('error', (error) => brokeOff(error.message));
  request.once('close', () => (request.complete ? undefined : brokeOff('the connection closed')));
  request.pipe(parser);
  await promise;
}

function openParser(
  { headers }: IncomingMessage,
  { mostFiles, mostBytesPerFile }: UploadLimits,
): InstanceType<typeof Busboy> {
  if (Number(headers['content-length'] ?? 0) > mostFiles * mostBytesPerFile + 100_000) {
    throw new HttpProblem(413, 'This upload is too large.');
  }
  const type = headers['content-type'] ?? '';
  if (!/^multipart\/form-data\b/.test(type)) throw new HttpProblem(415, 'Pictures come as multipart/form-data.');
  const busboyHeaders: BusboyHeaders = { ...headers, 'content-type': type };
  try {
    const limits = {
      files: mostFiles,
      fileSize: mostBytesPerFile,
      fields: 20,
      fieldSize: 1_000,
      parts: mostFiles + 20,
    };
    return new Busboy({ headers: busboyHeaders, limits });
  } catch {
    throw new HttpProblem(400, 'This upload cannot be read: its boundary is missing.');
  }
}

function readableName(filename: string): string {
  // oxlint-disable-next-line no-control-regex -- removing them is the point
  const name = filename.replace(/[\u0000-\u001f\u007f]/g, ' ').trim();
  return name.length > 120 ? `${name.slice(0, 100)}…${name.slice(-15)}` : name;
}
