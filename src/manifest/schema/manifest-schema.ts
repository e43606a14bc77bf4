import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { configDeclarations, configValues } from './config.ts';
import { environment, targetNames } from './environment.ts';
import { job, verify } from './job.ts';
import { key, requiredKey } from './key.ts';
import { notify } from './notify.ts';
import { pipeline } from './pipeline.ts';
import { service } from './service.ts';
import { store } from './store.ts';
import {
  command,
  duration,
  mapping,
  name,
  nonEmptyText,
  oneOf,
  prometheusUrl,
  record,
  registryHost,
  size,
  variable,
} from './values.ts';

const registry = mapping(
  {
    user: requiredKey(nonEmptyText('the name that the registry knows'), {
      description: 'Who logs in.',
      example: 'shop-bot',
    }),
    password: requiredKey(variable, {
      description:
        'Name of the secret with the password or token; its value is given by `lotse secret set NAME build`. Steps of the build do not see it.',
      example: 'GHCR_TOKEN',
    }),
  },
  'a mapping with user and password',
).meta({ id: 'Registry', description: 'How to log in to a registry of images.' });

const build = mapping(
  {
    run: key(command, {
      description: 'The command that builds, after the packages are installed.',
      example: 'npm run build',
      leftOut: 'found: the lockfile says how packages are installed, package.json whether there is a build script',
    }),
    config: key(configValues, {
      description:
        'Variables while building. Nothing else is handed in, so that the same commit builds the same artifact.',
      example: { NODE_ENV: 'production' },
      leftOut: 'none',
    }),
    within: key(duration, {
      description: 'The build is ended, and has failed, when it takes longer.',
      example: '5m',
      default: defaults.buildWithin,
    }),
    memory: key(size, {
      description: 'The most memory the build may use.',
      example: '4 GB',
      default: defaults.buildMemory,
    }),
    secrets: key(z.array(variable, { error: 'a list of names' }), {
      description:
        'Names of secrets that are there while building only; values are given by `lotse secret set NAME build`.',
      example: ['NPM_TOKEN'],
      leftOut: 'none',
    }),
    registries: key(record(registryHost, registry, 'a mapping of registries to their logins'), {
      description: 'Logins of private registries, by host, for the images that a Dockerfile names.',
      example: { 'ghcr.io': { user: 'shop-bot', password: 'GHCR_TOKEN' } },
      leftOut: 'none',
    }),
  },
  'a mapping',
).meta({ id: 'Build', description: 'How an artifact is made. It is built once and is the same in every environment.' });

const namesTo = (what: string) => `a mapping of names to ${what}`;

/**
 * The whole of lotse.yaml: validator, source of the JSON Schema and of the reference. It holds for one value at a time;
 * what must hold between values is checked in `normalize/`. Keys that are not built yet are in it, and refused by
 * `not-built-yet.ts`.
 */
export const manifestSchema = mapping(
  {
    app: requiredKey(name, { description: 'The name of the app.', example: 'shop' }),
    timezone: key(nonEmptyText('a timezone such as Europe/Berlin'), {
      description: 'The timezone of hours and schedules, by its IANA name.',
      example: 'Europe/Berlin',
      default: defaults.timezone,
    }),
    target: key(oneOf(targetNames), {
      description: 'Where the app runs.',
      example: 'process',
      leftOut: 'docker if there is a Dockerfile, else process',
    }),
    build: key(build, {
      description: 'How an artifact is made.',
      example: { within: '5m' },
      leftOut: 'what to build is found',
    }),
    services: requiredKey(record(name, service, namesTo('services')), {
      description: 'The long-running parts, by name.',
      example: { web: { run: 'node server.ts', port: 3000 } },
    }),
    jobs: key(record(name, job, namesTo('jobs')), {
      description: 'Commands that end, by name.',
      example: { reindex: { run: 'node jobs/reindex.ts' } },
      leftOut: 'none',
    }),
    config: key(configDeclarations, {
      description: 'Values for every service, by name: a plain value, or a declaration with a type.',
      example: { LOG_LEVEL: 'info', MAIL_FROM: { type: 'email' } },
      leftOut: 'none',
    }),
    secrets: key(z.array(variable, { error: 'a list of names' }), {
      description: 'Names of secrets only; values are given by `lotse secret set`.',
      example: ['SESSION_KEY', 'SMTP_URL'],
      leftOut: 'none',
    }),
    stores: key(record(name, store, namesTo('stores')), {
      description: 'Where the app keeps what must survive, by name.',
      example: { pictures: { folder: 'pictures' } },
      leftOut: 'none',
    }),
    verify: key(verify, {
      description: 'The app’s own end-to-end story. It runs before a release gets traffic and again after it.',
      example: { run: 'node test/story.ts', within: '5m' },
      leftOut: 'readiness is the only evidence',
    }),
    pipeline: key(pipeline, {
      description: 'What is done with each release before it is deployed: tests, scans.',
      example: { jobs: { test: { run: ['npm ci', 'npm test'] } } },
      leftOut: 'nothing is run before a deploy',
    }),
    prometheus: key(prometheusUrl, {
      description: 'The Prometheus (or what answers as one) that the queries of `signals` are asked of.',
      example: 'http://127.0.0.1:9090',
      leftOut: 'no queries',
    }),
    notify: key(notify, {
      description: 'Who is told when a person is needed, or a release is live.',
      example: { mail: 'team@shop.example' },
      leftOut: 'nobody',
    }),
    environments: key(record(name, environment, namesTo('environments')), {
      description: 'Where the app runs, by name. `dev` is always there: the working tree, restarted on change.',
      example: { production: { domains: ['shop.example'] } },
      leftOut: '`dev` only',
    }),
  },
  'a mapping that begins with `app: NAME`',
).meta({ title: 'lotse.yaml', description: 'What an app is and where it runs.' });

/** The file after reading: durations in ms, sizes in bytes, percentages as shares, commands as argument vectors. */
export type WrittenManifest = z.output<typeof manifestSchema>;
