import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { configDeclarations, configValues } from './config.ts';
import { key } from './key.ts';
import {
  command,
  duration,
  mapping,
  numberAbove,
  oneOf,
  pathPrefix,
  relativePath,
  requestPath,
  size,
  stickiness,
  wholeNumber,
} from './values.ts';

const port = wholeNumber(1, 65_535, 'a port from 1 to 65535');
const instances = wholeNumber(1, 1000, 'a whole number from 1 to 1000');
const cpu = numberAbove(0, 1024, 'a number of cores such as 0.5 or 2');

const instancesDoc = { description: 'How many copies run.', example: 2, default: defaults.instances };
const memoryDoc = {
  description:
    'The most memory one copy may use. The preflight adds it up to know whether old and new fit side by side.',
  example: '512 MB',
  leftOut: 'no limit, and “fits side by side” is not proven',
};
const cpuDoc = { description: 'The most processor cores one copy may use.', example: 0.5, leftOut: 'no limit' };
const drainDoc = {
  description: 'How long a copy may finish what it has begun: after SIGTERM it gets this long, then SIGKILL.',
  example: '30s',
};

export const service = mapping(
  {
    run: key(command, {
      description: 'The command that starts one copy.',
      example: 'node server.ts',
      leftOut: `the image’s CMD, else \`${defaults.run}\``,
    }),
    port: key(port, {
      description:
        'With a port it is a web service: requests reach it. Without one it is a worker. Each copy is told where to listen by the variable PORT.',
      example: 3000,
      leftOut: 'a worker',
    }),
    path: key(pathPrefix, {
      description: 'Which requests it gets: those whose path begins so. The longest prefix wins. Web services only.',
      example: '/api',
      default: defaults.path,
    }),
    ready: key(requestPath, {
      description: 'May a copy get requests? Yes once this path answers 2xx or 3xx. Web services only.',
      example: '/up',
      leftOut: 'the HEALTHCHECK of its image, else the port accepts connections',
    }),
    live: key(requestPath, {
      description: 'Must a copy be restarted? Yes when this path keeps failing. Web services only.',
      example: '/livez',
      leftOut: 'a copy is restarted when its process ends',
    }),
    drain: key(duration, { ...drainDoc, default: defaults.drain }),
    instances: key(instances, instancesDoc),
    memory: key(size, memoryDoc),
    cpu: key(cpu, cpuDoc),
    stickiness: key(stickiness, {
      description:
        'What keeps a visitor on one release while two are serving. `cookie`: a cookie that Lotse sets. `header NAME`: the value of a request header, such as the account of an API client (without it, the address). `address`: the client’s IP address. `none`: every request is for itself. Web services only.',
      example: 'header x-account',
      default: defaults.stickiness,
    }),
    claim: key(z.boolean({ error: 'true or false' }), {
      description:
        'The worker reads from the file LOTSE_CLAIM_FILE which work it may take (`none`, `marked`, `all`), so that old and new take turns without a stop. Workers only.',
      example: true,
      default: false,
    }),
    root: key(relativePath, {
      description: 'The folder it runs in.',
      example: './apps/web',
      default: defaults.root,
    }),
    config: key(configDeclarations, {
      description: 'Config of this service alone, as under the top-level `config`.',
      example: { POOL_SIZE: 5 },
      leftOut: 'the app’s config',
    }),
    assets: key(pathPrefix, {
      description: 'Files of the releases before stay reachable below this path, for pages that are still open.',
      example: '/assets',
      leftOut: 'only the running release’s files',
    }),
    static: key(relativePath, {
      description: 'A folder of files that is served without a process of its own.',
      example: 'dist',
      leftOut: 'the service answers itself',
    }),
    secrets_as: key(oneOf(['variables', 'files']), {
      description: 'Secrets as variables, or as files whose paths stand in `NAME_FILE`.',
      example: 'files',
      default: 'variables',
    }),
  },
  'a mapping that describes a service; {} when the defaults suit it',
).meta({
  id: 'Service',
  description: 'A long-running part of the app. With a port: a web service; without: a worker.',
});

export const serviceOverride = mapping(
  {
    instances: key(instances, { ...instancesDoc, example: 4, leftOut: 'as the service says' }),
    memory: key(size, { ...memoryDoc, leftOut: 'as the service says' }),
    cpu: key(cpu, { ...cpuDoc, leftOut: 'as the service says' }),
    drain: key(duration, { ...drainDoc, leftOut: 'as the service says' }),
    config: key(configValues, {
      description: 'Values for this service in this environment. The narrowest value wins.',
      example: { LOG_LEVEL: 'debug' },
      leftOut: 'the environment’s config',
    }),
    run: key(command, {
      description: 'Another command, in `dev` only: elsewhere a release is the same in every environment.',
      example: 'node --watch server.ts',
      leftOut: 'as the service says',
    }),
  },
  'a mapping of what is different here',
).meta({ id: 'ServiceOverride', description: 'What is different about one service in one environment.' });
