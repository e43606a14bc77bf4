import type { DockerfileFacts } from '../init/folder-facts.ts';
import { parseDockerfile } from '../init/parse-folder-files.ts';
import type { ComposeApp, ComposeService } from './compose-app.ts';
import { below, pathInFolder, type ComposeFolder } from './compose-folder.ts';
import { isRuntimeImage, knownImage, type KnownImage } from './well-known-images.ts';

/** A service whose code lies in the folder of the app. */
export interface PlacedService {
  readonly service: ComposeService;
  /** `.` or `apps/web`. */
  readonly root: string;
  readonly dockerfile: DockerfileFacts | null;
  /** Where that lies: `Dockerfile`, `web/Dockerfile`; null: nowhere, or in the compose file itself. */
  readonly dockerfilePath: string | null;
  /** Of the Dockerfile's stages not the last one. */
  readonly isOtherStage: boolean;
  /** The bind mount that brings the code, in place of a build. */
  readonly codeMount: string | null;
}

export type Placement =
  | { readonly kind: 'app'; readonly placed: PlacedService }
  /** Something that people know by its image. */
  | { readonly kind: 'known'; readonly service: ComposeService; readonly image: KnownImage }
  | { readonly kind: 'not-here'; readonly service: ComposeService; readonly line: number; readonly why: string };

/** Where the code of each service lies, or why it is none of this folder's. Pure. */
export function placeServices(app: ComposeApp, folder: ComposeFolder): readonly Placement[] {
  const builtImages = new Map(
    app.services.flatMap((each) => (each.build === null || each.image === null ? [] : [[each.image, each]])),
  );
  return app.services.map((service): Placement => {
    const builder = service.build === null ? builtImages.get(service.image ?? '') : service;
    if (builder !== undefined && builder.build !== null) return placeBuilt(service, builder, folder);
    const image = service.image ?? '';
    const mounted = isRuntimeImage(image) ? placeMounted(service, folder) : null;
    if (mounted !== null) return mounted;
    const known = knownImage(image);
    if (known !== null) return { kind: 'known', service, image: known };
    const why =
      image === ''
        ? 'it has neither `build` nor `image`'
        : `the image ${shownImage(image)} is not built from this folder, and Lotse runs what it builds; let Compose go on running it`;
    return { kind: 'not-here', service, line: service.imageLine, why };
  });
}

function placeBuilt(service: ComposeService, { build }: ComposeService, folder: ComposeFolder): Placement {
  const written = build?.context ?? '.';
  const line = build?.line ?? service.line;
  const root = pathInFolder(folder, written);
  if (root === null) {
    const why = `what it is built from lies outside of this folder; \`lotse init\` in the folder that holds both finds it`;
    return { kind: 'not-here', service, line, why };
  }
  const path = below(root, build?.dockerfile ?? 'Dockerfile').replace(/^\.\//, '');
  const inline = build?.inline ?? null;
  const text = inline ?? folder.readText(path);
  const dockerfile = text === null ? null : parseDockerfile(text);
  const known = dockerfile?.image == null ? null : knownImage(dockerfile.image);
  const isDatabase = known?.role === 'database' || known?.role === 'tool';
  if (known !== null && isDatabase) return { kind: 'known', service, image: known };
  const dockerfilePath = inline === null && text !== null ? path : null;
  const built = { dockerfile, dockerfilePath, isOtherStage: build?.target != null, codeMount: null };
  return { kind: 'app', placed: { service, root: rootIn(service, root, dockerfile), ...built } };
}

/** `working_dir` below the folder into which the Dockerfile puts the app is a folder of the app. */
function rootIn({ workingDir }: ComposeService, root: string, dockerfile: DockerfileFacts | null): string {
  const workdir = dockerfile?.workdir ?? null;
  if (workingDir === null || workdir === null || !workingDir.startsWith(`${workdir}/`)) return root;
  const inside = workingDir.slice(workdir.length + 1).replace(/\/+$/, '');
  return /^(?!\.\.)[\w.@/-]+$/.test(inside) && !inside.includes('..') ? below(root, inside) : root;
}

/** `image: node:24`, `volumes: [.:/app]`, `working_dir: /app`: the code is mounted into a language. */
function placeMounted(service: ComposeService, folder: ComposeFolder): Placement | null {
  const code = service.mounts.find(({ kind, target }) => {
    return kind === 'bind' && (service.workingDir === null || `${service.workingDir}/`.startsWith(`${target}/`));
  });
  if (code?.source == null || (service.command === null && service.entrypoint === null)) return null;
  const source = pathInFolder(folder, code.source);
  if (source === null) return null;
  const inside = (service.workingDir ?? code.target).slice(code.target.length).replace(/^\/+|\/+$/g, '');
  const root = /^(?!\.\.)[\w.@/-]+$/.test(inside) && !inside.includes('..') ? below(source, inside) : source;
  const mounted = { dockerfile: null, dockerfilePath: null, isOtherStage: false, codeMount: code.source };
  return { kind: 'app', placed: { service, root, ...mounted } };
}

/** A name of an image says nothing that is secret, but it may be long. */
function shownImage(image: string): string {
  return JSON.stringify(image.slice(0, 80)).slice(1, -1);
}
