import { LotseError } from '../../core/errors.ts';
import type { FolderFacts } from './folder-facts.ts';
import { toName } from './name-services.ts';
import type { Proposal } from './proposal.ts';
import { proposeJobs, proposeServices } from './propose-services.ts';
import { proposeStores } from './propose-stores.ts';

/** Pure. Throws `bad-input` when nothing says how the app is started. */
export function propose(facts: FolderFacts): Proposal {
  const { services, takesTurns } = proposeServices(facts);
  if (services.length === 0) throw nothingStarts(facts);
  return {
    app: toName(facts.packageFile?.name ?? facts.folderName, 'app'),
    hasDockerfile: facts.dockerfile !== null,
    packageManager: facts.packageFile === null ? null : (facts.lockfile ?? 'npm'),
    services,
    jobs: proposeJobs(facts),
    stores: proposeStores(facts),
    takesTurns,
    remarks: remarksOn(facts),
  };
}

function remarksOn(facts: FolderFacts): readonly string[] {
  const remarks: string[] = [];
  if (facts.dockerfile !== null) {
    remarks.push('There is a Dockerfile. The docker target is not built yet, so the file says `target: process`.');
  }
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
