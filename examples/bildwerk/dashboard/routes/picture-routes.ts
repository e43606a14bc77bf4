import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { DocumentSnapshot } from '../../documents/documents.ts';
import { pictures } from '../../model/picture.ts';
import type { Picture } from '../../model/picture.ts';
import { HttpProblem } from '../http/problem.ts';
import { redirect, sendJson, sendPage, wantsJson } from '../http/reply.ts';
import type { Route } from '../http/router.ts';
import { parameter, requireSignedIn } from '../http/visit.ts';
import type { Visit } from '../http/visit.ts';
import { galleryPage } from '../pages/gallery.ts';
import { layout } from '../pages/layout.ts';
import { picturePage } from '../pages/picture-page.ts';
import { uploadPictures } from '../upload-pictures.ts';
import type { Refusal } from '../upload-pictures.ts';

export const pictureRoutes: readonly Route[] = [
  { method: 'GET', path: '/pictures', answer: (visit) => showGallery(visit, []) },
  { method: 'POST', path: '/pictures', answer: upload },
  { method: 'GET', path: '/pictures/:id', answer: showPicture },
  { method: 'GET', path: '/pictures/:id/:file', answer: sendFile },
  { method: 'POST', path: '/pictures/:id/delete', answer: deletePicture },
];

async function showGallery(visit: Visit, refusals: readonly Refusal[], status = 200): Promise<void> {
  const { accountId } = requireSignedIn(visit);
  const own = pictures(visit.app.stores.documents).where('owner', '==', accountId);
  const newestFirst = await own.orderBy('uploadedAt', 'desc').get();
  if (wantsJson(visit)) sendJson(visit, { pictures: newestFirst.map(({ id, data }) => ({ id, ...data })) });
  else sendPage(visit, layout(visit, 'Pictures', galleryPage(newestFirst, refusals)), status);
}

/** 201 when at least one picture was taken, else 422; data: `{ accepted: [id], refusals: [{ name, reason }] }`. */
async function upload(visit: Visit): Promise<void> {
  const { accepted, refusals } = await uploadPictures(visit, requireSignedIn(visit));
  if (wantsJson(visit)) sendJson(visit, { accepted, refusals }, accepted.length > 0 ? 201 : 422);
  else if (refusals.length > 0) await showGallery(visit, refusals, 422);
  else redirect(visit, '/pictures');
}

async function showPicture(visit: Visit): Promise<void> {
  const { id, data } = await ownPicture(visit);
  if (wantsJson(visit)) sendJson(visit, { id, ...data });
  else sendPage(visit, layout(visit, data.name, picturePage(id, data)));
}

async function deletePicture(visit: Visit): Promise<void> {
  const { id } = await ownPicture(visit);
  const { documents, files } = visit.app.stores;
  // The document first: a worker that finishes now sees that the picture is gone, and leaves no files behind.
  await pictures(documents).doc(id).delete();
  await files.remove(id);
  visit.app.log.info('deleted', { picture: id });
  if (wantsJson(visit)) sendJson(visit, { deleted: id });
  else redirect(visit, '/pictures');
}

/** One of the published sizes, or `original`. */
async function sendFile(visit: Visit): Promise<void> {
  const { id, data } = await ownPicture(visit);
  const { files } = visit.app.stores;
  const name = parameter(visit, 'file');
  if (name === 'original' && data.kind !== null) return stream(visit, files.original(id), data.kind.mime);
  const known = data.sizes.some(({ file }) => file === name);
  if (!known || data.state !== 'finished') throw new HttpProblem(404, 'There is no such file.');
  await stream(visit, files.published(id, name), 'image/webp');
}

async function stream({ request, response }: Visit, path: string, type: string): Promise<void> {
  const { size } = await stat(path);
  response.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'cache-control': 'private, max-age=3600',
    'content-security-policy': "default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') return void response.end();
  await pipeline(createReadStream(path), response);
}

/** Somebody else's picture is answered like one that never was. */
async function ownPicture(visit: Visit): Promise<DocumentSnapshot<Picture>> {
  const { accountId } = requireSignedIn(visit);
  const found = await pictures(visit.app.stores.documents).doc(parameter(visit, 'id')).get();
  if (found?.data.owner === accountId) return found;
  throw new HttpProblem(404, 'There is no such picture.');
}
