import { randomUUID } from 'node:crypto';
import { pictures } from '../model/picture.ts';
import { newPicture } from '../model/workflow.ts';
import type { SignedIn } from './app.ts';
import { HttpProblem } from './http/problem.ts';
import { readUpload } from './http/upload.ts';
import type { UploadedFile } from './http/upload.ts';
import type { Visit } from './http/visit.ts';

const limits = { mostFiles: 20, mostBytesPerFile: 15_000_000 };
const mostPicturesPerAccount = 300;

export type Refusal = { readonly name: string; readonly reason: string };
export type Uploads = { readonly accepted: readonly string[]; readonly refusals: readonly Refusal[] };

/**
 * Takes the pictures of a multipart request. One file after another goes to the store, and only when it is complete is
 * there a document, so a worker never sees half an upload. `accepted` are the ids.
 */
export async function uploadPictures({ app, request }: Visit, { accountId, account }: SignedIn): Promise<Uploads> {
  const { documents, files } = app.stores;
  const there = (await pictures(documents).where('owner', '==', accountId).get()).length;
  let places = mostPicturesPerAccount - there;

  const take = async ({ name, content, isTooLarge }: UploadedFile): Promise<string | Refusal> => {
    if (places-- <= 0) {
      content.resume();
      return { name, reason: `is one too many: an account has room for ${mostPicturesPerAccount} pictures.` };
    }
    const id = randomUUID();
    const bytes = await files.receive(id, content);
    if (isTooLarge() || bytes === 0) {
      await files.remove(id);
      return { name, reason: bytes === 0 ? 'is empty.' : `is larger than ${limits.mostBytesPerFile / 1_000_000} MB.` };
    }
    const { release } = app.environment;
    const upload = { owner: accountId, name, bytes, uploadedAt: Date.now(), release, marked: account.verification };
    await pictures(documents).doc(id).create(newPicture(upload));
    app.log.info('uploaded', { picture: id, bytes });
    return id;
  };

  const results = await readUpload(request, limits, take);
  if (results.length === 0) throw new HttpProblem(422, 'There was no picture in this upload.');
  return {
    accepted: results.filter((result) => typeof result === 'string'),
    refusals: results.filter((result) => typeof result !== 'string'),
  };
}
