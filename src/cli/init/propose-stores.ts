import type { FolderFacts, SourceFile } from './folder-facts.ts';
import { toName, uniqueName } from './name-services.ts';
import type { ProposedStore } from './proposal.ts';

/** Names under which apps keep what their users gave them. */
const folderNames = 'uploads?|data|storage|media|files|attachments|userfiles|db|databases?|var';
const ignoredFolder = new RegExp(String.raw`^\.?/?(?:\*\*/)?((?:[\w.-]+/)*(?:${folderNames}))/?(?:\*{1,2})?$`);
const writtenFolder = new RegExp(String.raw`['"\x60](?:\./|/)?(${folderNames})(?:/[^'"\x60]*)?['"\x60]`, 'g');
const databaseFile = /['"`](?:file:)?(?:\.\/)?((?:[\w.-]+\/)*)([\w.-]+\.(?:sqlite3?|db))['"`]/;
/** A file that only reads from such a folder needs no store for it. */
const writes =
  /writeFile|createWriteStream|mkdir|multer|diskStorage|appendFile|copyFile|rename\(|open\([^)]*['"][wa]|new Database|DatabaseSync|sqlite3?|\.save\(/;

/** Folders that the app writes beside its own code, which a release could not keep. */
export function proposeStores(facts: FolderFacts): readonly ProposedStore[] {
  const sources = [...facts.sources, ...facts.members.flatMap((member) => member.sources)];
  const found = [...fromIgnored(facts.ignored), ...sources.flatMap(fromSource)];
  const stores: ProposedStore[] = [];
  const names = new Set<string>();
  for (const { folder, source } of found) {
    if (stores.some((store) => store.folder === folder)) continue;
    const name = uniqueName(toName(folder.split('/').at(-1) ?? folder, 'data'), names);
    names.add(name);
    stores.push({ name, folder, source, mountedAt: null });
  }
  return stores.slice(0, 5);
}

interface FoundFolder {
  readonly folder: string;
  readonly source: string;
}

function fromIgnored(ignored: readonly string[]): readonly FoundFolder[] {
  return ignored.flatMap((line) => {
    const folder = ignoredFolder.exec(line)?.[1];
    if (folder !== undefined) return [{ folder, source: '.gitignore' }];
    return /^\*?[\w.-]*\.(?:sqlite3?|db)$/.test(line) ? [{ folder: 'data', source: '.gitignore' }] : [];
  });
}

function fromSource(file: SourceFile): readonly FoundFolder[] {
  if (!writes.test(file.text)) return [];
  const folders = [...file.text.matchAll(writtenFolder)].map((found) => found[1] ?? '');
  const database = databaseFile.exec(file.text);
  const beside = database === null ? [] : [database[1]?.replace(/\/$/, '') || 'data'];
  return [...folders, ...beside]
    .filter((folder) => folder !== '' && !folder.startsWith('.'))
    .map((folder) => ({ folder, source: file.path }));
}
