import { toName, uniqueName } from '../init/name-services.ts';
import type { ProposedStore } from '../init/proposal.ts';
import type { ComposeMount } from './compose-app.ts';
import { pathInFolder, type ComposeFolder } from './compose-folder.ts';
import type { PlacedService } from './place-services.ts';
import type { Say } from './parse-compose-service.ts';

export interface ImportedStores {
  readonly stores: readonly ProposedStore[];
  /** Where each was mounted, in any of the services: values of config may point there. */
  readonly targets: readonly { readonly service: string; readonly target: string; readonly store: string }[];
}

/** What tools put back whenever it is gone. */
const rebuilt =
  /(?:^|\/)(?:node_modules|\.next|\.nuxt|\.cache|\.npm|\.pnpm-store|\.yarn|vendor|\.?venv|__pycache__|target|dist|build|tmp)\/?$/;
const dataNames =
  /^(?:.*[-_])?(?:uploads?|data|storage|media|files|attachments|userfiles|db|databases?|var|public-uploads|images|pictures|documents|backups?)$/i;

/** Volumes and mounted folders that hold what must survive. `sayFor` says something about a service. */
export function importStores(
  placed: readonly PlacedService[],
  folder: ComposeFolder,
  externalVolumes: readonly string[],
  sayFor: (service: string) => Say,
): ImportedStores {
  const stores = new Map<string, ProposedStore>();
  const targets: ImportedStores['targets'][number][] = [];
  for (const one of placed) {
    const say = sayFor(one.service.name);
    for (const mount of one.service.mounts) {
      const data = dataOf(mount, one, folder, say);
      if (data === null) continue;
      const store = stores.get(data.key) ?? newStore(data, mount, stores);
      if (!stores.has(data.key)) {
        stores.set(data.key, store);
        if (externalVolumes.includes(data.key)) {
          say(
            mount.line,
            'lost',
            `the volume ${store.name} was there before Compose; its files have to be copied into the store`,
          );
        }
      }
      targets.push({ service: one.service.name, target: mount.target, store: store.name });
    }
  }
  return { stores: [...stores.values()], targets };
}

interface Data {
  /** The same key, the same store. */
  readonly key: string;
  readonly name: string;
}

function newStore(data: Data, mount: ComposeMount, stores: ReadonlyMap<string, ProposedStore>): ProposedStore {
  const taken = new Set([...stores.values()].map((store) => store.name));
  const name = uniqueName(toName(data.name, 'data'), taken);
  return { name, folder: name, source: null, mountedAt: mount.target };
}

/** Null for what is no data; says what gets lost by that. */
function dataOf(mount: ComposeMount, one: PlacedService, folder: ComposeFolder, say: Say): Data | null {
  const { kind, source, target, line } = mount;
  if (kind === 'other' || rebuilt.test(target)) return null;
  if (source === null) {
    say(line, 'lost', 'an unnamed volume keeps nothing that the next container would find; name it if it should');
    return null;
  }
  if (kind === 'volume') return { key: source, name: source };
  if (source === one.codeMount) return null;
  const path = pathInFolder(folder, source);
  if (source.endsWith('docker.sock')) {
    say(line, 'lost', 'the socket of Docker is not handed to services');
    return null;
  }
  const last = (path ?? source).split('/').at(-1) ?? '';
  const isFile = /\.\w{1,6}$/.test(last);
  const isInCode = path !== null && (path === one.root || (!dataNames.test(last) && one.dockerfile !== null));
  if (path !== null && (isInCode || mount.isReadOnly || isFile)) {
    say(line, 'not-needed', 'what is mounted here lies in the folder of the app, so it is part of each release');
    return null;
  }
  if (path === null && (isFile || mount.isReadOnly)) {
    say(line, 'lost', 'what is mounted here lies outside of the app’s folder and is not handed to the service');
    return null;
  }
  say(line, 'changed', 'the mounted folder becomes a store of Lotse; copy what is in it there');
  return { key: path ?? source, name: last };
}
