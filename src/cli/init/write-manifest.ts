import { stringify } from 'yaml';
import { variableOf } from '../../core/variable-names.ts';
import type { Proposal, ProposedService, ProposedStore } from './proposal.ts';

/** lotse.yaml with its reasons as comments. Pure; the text is valid for `parseManifest`. */
export function writeManifest(proposal: Proposal, options: { readonly hasStaging: boolean }): string {
  const sections = [
    head(proposal),
    ['services:', ...proposal.services.flatMap(serviceLines)],
    jobLines(proposal),
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
  const target = proposal.hasDockerfile
    ? ['target: process # the Dockerfile beside it is not used: the docker target is not built yet']
    : [];
  const built =
    proposal.packageManager === null
      ? []
      : [
          `# Built with ${proposal.packageManager}: its packages, then the build script of package.json where there is one.`,
        ];
  return [
    '# How Lotse runs this app. `lotse plan production` shows what a rollout would do; every key is explained in',
    '# docs/reference/manifest.md.',
    `app: ${proposal.app}`,
    ...target,
    ...built,
  ];
}

function serviceLines(service: ProposedService): readonly string[] {
  const lines = [`  ${service.name}:`];
  const add = (key: string, value: string, comment: string): void => {
    lines.push(`    ${key}: ${value}${comment === '' ? '' : ` # ${comment}`}`);
  };
  if (service.root !== null) add('root', scalar(service.root), '');
  add('run', scalar(service.run), service.runComment);
  if (service.port === null) {
    lines.push('    # no port: a worker');
    return lines;
  }
  add('port', `${service.port}`, service.portComment);
  if (service.path !== null) add('path', service.path, 'which requests it gets; change it to what it really answers');
  if (service.ready === null) {
    lines.push('    # ready: /up # left out: ready once the port accepts connections');
  } else {
    const { path, file } = service.ready;
    lines.push(`    # ready: ${path} # seen in ${file}; left out: ready once the port accepts connections`);
  }
  return lines;
}

function jobLines({ jobs }: Proposal): readonly string[] {
  if (jobs.length === 0) return [];
  return ['jobs:', ...jobs.map((job) => `  ${job.name}: { run: ${flowScalar(job.run)} } # ${job.comment}`)];
}

function storeLines(stores: readonly ProposedStore[]): readonly string[] {
  if (stores.length === 0) return [];
  return [
    '# The app seems to write beside its own code. A release is read-only and replaced by the next one, so Lotse makes',
    '# these folders outside of it, one per environment; let the code ask the variable for its place.',
    'stores:',
    ...stores.map((store) => {
      const variable = variableOf(store.name, 'DIR');
      return `  ${store.name}: { folder: ${flowScalar(store.folder)} } # seen in ${store.source}; read ${variable}, else ${store.folder}`;
    }),
  ];
}

function verifyLines(): readonly string[] {
  return [
    '# The story of the app from end to end: any command; BASE_URL says where it answers, exit 0 is the evidence.',
    '# verify: { run: node test/story.js, within: 5m }',
  ];
}

function environmentLines({ app, takesTurns }: Proposal, hasStaging: boolean): readonly string[] {
  const strategy = takesTurns
    ? ['    strategy: recreate # old and new would want the same port, so they take turns: requests wait meanwhile']
    : ['    # strategy: { name: rolling, watch: 1h } #= blue-green, watched for 15m'];
  const domains = (name: string, domain: string) => `    domains: [${name}] # this machine; later: [${domain}]`;
  const staging = [
    '  staging:',
    domains(`staging.${app}.localhost`, `staging.${app}.example`),
    ...(takesTurns ? strategy : []),
  ];
  return [
    'environments: # `dev` is always there: `lotse up dev` runs the working tree',
    ...(hasStaging ? staging : []),
    '  production:',
    ...(hasStaging ? ['    after: staging # only what staging has verified, the same digests'] : []),
    domains(`${app}.localhost`, `${app}.example`),
    ...strategy,
    '    # gates: { approval: 1, checklist: go-live.md, hours: Mon-Thu 09:00-16:00 }',
  ];
}

/** One line, with quotes where YAML needs them. */
function scalar(text: string): string {
  return stringify(text, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd();
}

/** The same between braces, where a comma or a brace would mean something. */
function flowScalar(text: string): string {
  return /[,{}[\]]/.test(text) ? JSON.stringify(text) : scalar(text);
}
