import type { Documents } from '../documents/documents.ts';
import { openSqliteDocuments } from '../documents/sqlite/sqlite-documents.ts';
import { PictureFiles } from '../pictures/picture-files.ts';
import type { Environment } from './environment.ts';
import { pictureIndexes } from './picture.ts';

export type Stores = { readonly documents: Documents; readonly files: PictureFiles };

/** Opens both stores of this environment. The one place that names the drivers. */
export async function openStores(environment: Environment): Promise<Stores> {
  const files = await PictureFiles.open(environment.picturesDir);
  const indexes = [...pictureIndexes, 'account', 'expiresAt'];
  return { documents: await openSqliteDocuments({ folder: environment.documentsDir, indexes }), files };
}
