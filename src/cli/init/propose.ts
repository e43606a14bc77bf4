import { LotseError } from '../../core/errors.ts';
import type { ComposeImage } from '../compose/compose-image.ts';
import { importCompose, nothingToCarry, type ComposeImport } from '../compose/import-compose.ts';
import type { FolderFacts } from './folder-facts.ts';
import { toName } from './name-services.ts';
import type { ImageService } from './find-image-service.ts';
import type { Proposal } from './proposal.ts';
import { proposeJobs, proposeServices } from './propose-services.ts';
import { proposeStores } from './propose-stores.ts';

/**
 * Pure. A compose file goes first: it says most. One that only brings databases is noted, and what else lies there says
 * how the app is started. Throws `bad-input` when nothing does.
 */
export function propose(facts: FolderFacts): Proposal {
  const compose = facts.compose === null ? null : importCompose(facts.compose);
  const carries = compose !== null && compose.services.length > 0;
  const own = carries ? null : proposeServices(facts);
  const { services, takesTurns } = own ?? compose ?? { services: [], takesTurns: false };
  if (services.length === 0) throw facts.compose === null ? nothingStarts(facts) : nothingToCarry(facts.compose.file);
  const image = own?.image ?? compose?.image ?? null;
  const processBecause = facts.dockerfile === null ? null : whyProcess(image);
  return {
    app: toName((carries ? compose.name : null) ?? facts.packageFile?.name ?? facts.folderName, 'app'),
    hasDockerfile: facts.dockerfile !== null,
    processBecause,
    composeFile: facts.compose?.file ?? null,
    packageManager: facts.packageFile === null ? null : (facts.lockfile ?? 'npm'),
    services,
    jobs: carries ? compose.jobs : proposeJobs(facts),
    stores: carries ? compose.stores : proposeStores(facts),
    config: compose?.config ?? [],
    secrets: compose?.secrets ?? [],
    domain: compose?.domain ?? null,
    takesTurns,
    remarks: [
      ...dockerRemarks(facts, processBecause),
      ...otherDockerfiles(facts, image),
      ...remarksOn(facts),
      ...secretRemarks(compose),
    ],
    notes: compose?.notes ?? [],
  };
}

/** Null: as containers of the Dockerfile beside lotse.yaml. */
function whyProcess(image: ImageService | ComposeImage | null): string | null {
  if (image === null) return 'no service of the compose file is built from it';
  return image.kind === 'image' ? null : image.because;
}

function dockerRemarks({ dockerfile }: FolderFacts, processBecause: string | null): readonly string[] {
  if (dockerfile === null) return [];
  if (processBecause === null) {
    return [
      'There is a Dockerfile: it goes out as containers. That takes a Docker engine on this machine, 20.10 or newer.',
    ];
  }
  return [
    `There is a Dockerfile, and the file says \`target: process\`: ${processBecause}. \`target: docker\` makes containers of it.`,
  ];
}

/** Dockerfiles that an app of Lotse has no use for, where none lies beside lotse.yaml. */
function otherDockerfiles({ dockerfile }: FolderFacts, image: ImageService | ComposeImage | null): readonly string[] {
  if (dockerfile !== null || image?.kind !== 'process') return [];
  return [`Nothing goes out as containers: ${image.because}. Services run as processes of this machine.`];
}

function secretRemarks(compose: ComposeImport | null): readonly string[] {
  const [first] = compose?.secrets ?? [];
  if (compose === null || first === undefined) return [];
  return [
    `No value of a secret was copied. Give each environment its own before the first deploy of ${compose.secrets.join(', ')}: \`lotse secret set ${first} production\`.`,
  ];
}

function remarksOn(facts: FolderFacts): readonly string[] {
  const remarks: string[] = [];
  if (facts.packageFile !== null && facts.lockfile === null && facts.workspaceAbove === null) {
    remarks.push('There is no lockfile: two builds may get different packages. `npm install` writes one; commit it.');
  }
  if (facts.workspaceAbove !== null) {
    remarks.push(
      `Its lockfile belongs to the workspace in ${facts.workspaceAbove}. If it uses packages of that workspace, run \`lotse init\` there.`,
    );
  }
  return remarks;
}

function nothingStarts(facts: FolderFacts): LotseError {
  const hint =
    facts.packageFile === null
      ? 'A package.json with a start script, a Procfile (`web: python server.py`) or a Dockerfile with CMD would.'
      : 'Add a start script to package.json, or a Procfile such as `web: node server.js`.';
  return new LotseError('bad-input', `Nothing in ${facts.folderName} says how the app is started`, { hint });
}
