import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { configValues } from './config.ts';
import { key, requiredKey } from './key.ts';
import {
  commands,
  duration,
  mapping,
  name,
  nonEmptyText,
  oneOf,
  oneOrMore,
  record,
  reference,
  relativePath,
  variable,
} from './values.ts';

const paths = oneOrMore(relativePath, 'a path inside the app’s folder, or a list of them');

const cache = mapping(
  {
    paths: requiredKey(paths, {
      description: 'Files and folders that are kept when the job has succeeded, and laid out for the next run.',
      example: ['node_modules'],
    }),
    key: requiredKey(paths, {
      description: 'Files whose content decides which cache fits; another content begins an empty one.',
      example: ['package-lock.json'],
    }),
  },
  'a mapping with `paths` and `key`',
).meta({ id: 'PipelineCache', description: 'What a job keeps for later runs, so that they need less time.' });

const reports = mapping(
  {
    junit: key(paths, {
      description: 'Reports of tests, as XML of JUnit. A failed test fails the job.',
      example: 'report.xml',
      leftOut: 'none',
    }),
    sarif: key(paths, {
      description: 'Reports of scans, as SARIF 2.1.0. They fail no job: `gates.scans` says what is too much where.',
      example: 'scan.sarif',
      leftOut: 'none',
    }),
  },
  'a mapping of junit, sarif',
).meta({
  id: 'PipelineReports',
  description: 'Files that are read as evidence about the release when the job is over. One that is missing fails it.',
});

const pipelineJob = mapping(
  {
    run: requiredKey(commands, {
      description:
        'The command, or a list of commands, one after the other until one fails. They run in a fresh copy of the source, which they may write to.',
      example: ['npm ci', 'npm test'],
    }),
    needs: key(oneOrMore(reference, 'the name of a job, or a list of them'), {
      description: 'Jobs that have to pass first. Their artifacts are laid out before it begins.',
      example: ['test'],
      leftOut: 'it begins with the run',
    }),
    root: key(relativePath, { description: 'The folder it runs in.', example: 'tools', default: defaults.root }),
    image: key(nonEmptyText('the name of an image'), {
      description: 'The image of the container it runs in.',
      example: 'node:24',
      leftOut: 'it runs on the machine of Lotse',
    }),
    within: key(duration, {
      description: 'It is ended, and has failed, when it takes longer.',
      example: '10m',
      default: defaults.pipelineWithin,
    }),
    config: key(configValues, {
      description: 'Variables of the job. Nothing of an environment is there, neither its config nor its secrets.',
      example: { NODE_ENV: 'test' },
      leftOut: 'none',
    }),
    secrets: key(z.array(variable, { error: 'a list of names' }), {
      description:
        'Secrets of builds that it gets as variables; values are given by `lotse secret set NAME build`. Secrets of environments are out of its reach.',
      example: ['NPM_TOKEN'],
      leftOut: 'none',
    }),
    cache: key(cache, {
      description: 'What it keeps for later runs.',
      example: { paths: ['node_modules'], key: ['package-lock.json'] },
      leftOut: 'nothing',
    }),
    artifacts: key(paths, {
      description: 'Files and folders that it hands on to the jobs that need it; they are kept with the run.',
      example: ['coverage'],
      leftOut: 'none',
    }),
    reports: key(reports, {
      description: 'Files that are read as evidence about the release.',
      example: { junit: 'report.xml' },
      leftOut: 'none',
    }),
  },
  'a mapping with `run`',
).meta({ id: 'PipelineJob', description: 'Commands that say whether a release may go out.' });

const concurrency = mapping(
  {
    group: key(oneOf(['branch', 'app']), {
      description: 'Which runs are in each other’s way: those of one branch, or all of the app.',
      example: 'app',
      default: defaults.concurrencyGroup,
    }),
    newer: requiredKey(oneOf(['cancels', 'waits']), {
      description: 'A newer run cancels those before it, or waits for them.',
      example: 'cancels',
    }),
  },
  'a mapping with `newer`',
).meta({ id: 'PipelineConcurrency', description: 'Which runs are in each other’s way, and which of them yields.' });

export const pipeline = mapping(
  {
    jobs: requiredKey(record(name, pipelineJob, 'a mapping of names to jobs'), {
      description: 'Jobs by name. Those that need nothing of each other run side by side.',
      example: { test: { run: 'npm test' } },
    }),
    concurrency: key(concurrency, {
      description: 'What happens when a run begins while others are under way.',
      example: { newer: 'cancels' },
      leftOut: 'they run side by side',
    }),
  },
  'a mapping with `jobs`',
).meta({
  id: 'Pipeline',
  description:
    'What is done with each release after its build and before it is deployed: tests, scans. It runs by itself, once for each release. No environment takes a release whose pipeline has not passed, unless a named person says why.',
});
