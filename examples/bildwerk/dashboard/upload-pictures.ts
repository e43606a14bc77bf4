import { randomUUID } from 'node:crypto';
import { pictures } from '../model/picture.ts';
import { newPicture } from '../model/workflow.ts';
import type { PictureFiles } from '../pictures/picture-files.ts';
import type { SignedIn } from './app.ts';
import { HttpProblem } from './http/problem.ts';
import { readUpload } from './http/upload.ts';
import type { UploadedFile } from './http/upload.ts';
import type { Visit } from './http/visit.ts';

const limits = { mostFiles: 20, mostBytesPerFile: 15_000_000 };
const mostPicturesPerAccount = 300;

export type Refusal = { readonly name: string; readonly reason: string };
export type Uploads = { readonly accepted: readonly string[]; readonly refusals: readonly Refusal[] };
type Received = { readonly id: string; readonly name: string; readonly bytes: number };

/**
 * Takes the pictures of a multipart request; `accepted` are the ids. The files go to the store as they stream in; documents
 * are made when the whole request is there, so a worker never sees half an upload. If it breaks off, nothing stays.
 */
export async function uploadPictures({ app, request }: Visit, { accountId, account }: SignedIn): Promise<Uploads> {
  const { documents, files } = app.stores;
  const own = await pictures(documents).where('owner', '==', accountId).get();
  const results = await receiveAll(request, files, mostPicturesPerAccount - own.length);
  if (results.length === 0) throw new HttpProblem(422, 'There was no picture in this upload.');
  const received = results.filter((result) => 'id' in result);
  const { release } = app.environment;
  for (const { id, name, bytes } of received) {
    const upload = { owner: accountId, name, bytes, uploadedAt: Date.now(), release, marked: account.verification };
    await pictures(documents).doc(id).create(newPicture(upload));
    app.log.info('uploaded', { picture: id, bytes });
  }
  return { accepted: received.map(({ id }) => id), refusals: results.filter((result) => 'reason' in result) };
}

async function receiveAll(
  request: Visit['request'],
  files: PictureFiles,
  places: number,
): Promise<readonly (Received | Refusal)[]> {
  const begun: string[] = [];
  const take = async ({ name, content, isTooLarge }: UploadedFile): Promise<Received | Refusal> => {
    if (begun.length >= places) {
      content.resume();
      return { name, reason: `is one too many: an account has room for ${mostPicturesPerAccount} pictures.` };
    }
    const id = randomUUID();
    begun.push(id);
    const bytes = await files.receive(id, content);
    if (bytes > 0 && !isTooLarge()) return { id, name, bytes };
    await files.remove(id);
    return { name, reason: bytes === 0 ? 'is empty.' : `is larger than ${limits.mostBytesPerFile / 1_000_000} MB.` };
  };
  try {
    return await readUpload(request, limits, take);
  } catch (error) {
    for (const id of begun) await files.remove(id);
    throw error;
  }
}
