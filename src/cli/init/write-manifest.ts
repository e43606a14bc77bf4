import { variableOf } from '../../core/variable-names.ts';
import type { Proposal, ProposedStore } from './proposal.ts';
import { configLines } from './write-config.ts';
import { serviceLines } from './write-services.ts';
import { flowScalar, oneLine, scalar } from './yaml-scalar.ts';

/** lotse.yaml with its reasons as comments. Pure; the text is valid for `parseManifest`. */
export function writeManifest(proposal: Proposal, options: { readonly hasStaging: boolean }): string {
  const sections = [
    head(proposal),
    ['services:', ...proposal.services.flatMap((service) => serviceLines(service, isContainer(proposal)))],
    jobLines(proposal),
    configLines(proposal),
    storeLines(proposal.stores),
    verifyLines(),
    environmentLines(proposal, options.hasStaging),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function head(proposal: Proposal): readonly string[] {
  const { processBecause } = proposal;
  const target = processBecause === null ? [] : [`target: process # not as containers: ${oneLine(processBecause)}`];
  return [
    '# How Lotse runs this app. `lotse plan production` shows what a rollout would do; every key is explained in',
    '# docs/reference/manifest.md.',
    `app: ${scalar(proposal.app)}`,
    ...target,
    ...builtLines(proposal),
  ];
}

function isContainer({ hasDockerfile, processBecause }: Proposal): boolean {
  return hasDockerfile && processBecause === null;
}

function builtLines(proposal: Proposal): readonly string[] {
  const { packageManager } = proposal;
  if (isContainer(proposal)) {
    return [
      '# Goes out as containers of the Dockerfile beside this file, because there is one. `target: process` is without.',
    ];
  }
  if (packageManager === null) return [];
  return [`# Built with ${packageManager}: its packages, then the build script of package.json where there is one.`];
}

function jobLines({ jobs }: Proposal): readonly string[] {
  if (jobs.length === 0) return [];
  const line = ({ name, run, root, comment }: Proposal['jobs'][number]): string => {
    const where = root === null ? '' : `, root: ${flowScalar(root)}`;
    return `  ${name}: { run: ${flowScalar(run)}${where} } # ${comment}`;
  };
  return ['jobs:', ...jobs.map(line)];
}

function storeLines(stores: readonly ProposedStore[]): readonly string[] {
  if (stores.length === 0) return [];
  const isGuessed = stores.some((store) => store.source !== null);
  const why = isGuessed
    ? '# The app seems to write beside its own code. A release is read-only and replaced by the next one, so Lotse makes'
    : '# Volumes of the compose file. A release is read-only and replaced by the next one, so Lotse makes';
  return [
    why,
    '# these folders outside of it, one per environment; let the code ask the variable for its place.',
    'stores:',
    ...stores.map(storeLine),
  ];
}

function storeLine({ name, folder, source, mountedAt }: ProposedStore): string {
  const variable = variableOf(name, 'DIR');
  const from = source === null ? '' : `seen in ${source}; `;
  const otherwise = mountedAt === null ? `, else ${folder}` : ` in place of ${oneLine(mountedAt)}`;
  return `  ${name}: { folder: ${flowScalar(folder)} } # ${from}read ${variable}${otherwise}`;
}

function verifyLines(): readonly string[] {
  return [
    '# The story of the app from end to end: any command; BASE_URL says where it answers, exit 0 is the evidence.',
    '# verify: { run: node test/story.js, within: 5m }',
  ];
}

function environmentLines(proposal: Proposal, hasStaging: boolean): readonly string[] {
  const { app, takesTurns } = proposal;
  const domain = proposal.domain ?? `${app}.example`;
  const strategy = takesTurns
    ? ['    strategy: recreate # old and new would want the same port, so they take turns: requests wait meanwhile']
    : ['    # strategy: { name: rolling, watch: 1h } #= blue-green, watched for 15m'];
  const domains = (name: string, domain: string) => `    domains: [${name}] # this machine; later: [${domain}]`;
  const staging = [
    '  staging:',
    domains(`staging.${app}.localhost`, `staging.${domain}`),
    ...(takesTurns ? strategy : []),
  ];
  return [
    'environments: # `dev` is always there: `lotse up dev` runs the working tree',
    ...(hasStaging ? staging : []),
    '  production:',
    ...(hasStaging ? ['    after: staging # only what staging has verified, the same digests'] : []),
    domains(`${app}.localhost`, domain),
    ...strategy,
    '    # gates: { approval: 1, checklist: go-live.md, hours: Mon-Thu 09:00-16:00 }',
  ];
}
