import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { configValues } from './config.ts';
import { gates } from './gates.ts';
import { key, requiredKey } from './key.ts';
import { serviceOverride } from './service.ts';
import { strategy } from './strategy.ts';
import {
  domain,
  domainExpected,
  mapping,
  nonEmptyText,
  oneOf,
  oneOrMore,
  record,
  reference,
  relativePath,
} from './values.ts';

export const targetNames = ['process', 'docker', 'kubernetes', 'cloud-run'] as const;

const data = mapping(
  {
    from: requiredKey(reference, { description: 'The environment whose data is copied.', example: 'production' }),
    mask: key(relativePath, {
      description: 'The file that says which fields are made unrecognizable.',
      example: 'masking.yaml',
      leftOut: 'nothing is masked',
    }),
  },
  'a mapping with `from`',
);
const server = z.string({ error: 'ssh://user@host' }).regex(/^ssh:\/\/[^\s/]+$/, { error: 'ssh://user@host' });
const network = z.string({ error: 'a network such as 10.0.0.0/8' }).regex(/^[0-9a-fA-F.:]+(?:\/\d{1,3})?$/, {
  error: 'a network such as 10.0.0.0/8',
});

export const environment = mapping(
  {
    after: key(reference, {
      description: 'The environment that must have verified a release first. This makes the order of promotion.',
      example: 'staging',
      leftOut: 'a release may come here first',
    }),
    domains: key(oneOrMore(domain, `${domainExpected}; or a list of them`), {
      description: 'The names it answers to. The first is the one that is checked from outside.',
      example: ['shop.example', 'www.shop.example'],
      leftOut: '`<app>.localhost` for production, `<environment>.<app>.localhost` for others, on this machine',
    }),
    config: key(configValues, {
      description: 'Values for this environment, of names that are declared under `config`.',
      example: { LOG_LEVEL: 'debug' },
      leftOut: 'the declared defaults',
    }),
    services: key(record(reference, serviceOverride, 'a mapping of services to what is different here'), {
      description: 'What is different about a service here.',
      example: { web: { instances: 4 } },
      leftOut: 'nothing',
    }),
    strategy: key(strategy, {
      description: 'How this environment moves to the next release.',
      example: { name: 'rolling', watch: '1h' },
      default: defaults.strategy,
    }),
    gates: key(gates, {
      description: 'What must hold before a rollout begins.',
      example: { approval: 1, checklist: 'go-live.md' },
      leftOut: 'only the gates that are always there',
    }),
    target: key(oneOf(targetNames), {
      description: 'Where it runs, when not where the app says.',
      example: 'process',
      leftOut: 'the app’s `target`',
    }),
    servers: key(z.array(server, { error: 'a list of ssh://user@host' }), {
      description: 'The machines it runs on.',
      example: ['ssh://lotse@de1.shop.example'],
      leftOut: 'the machine that Lotse runs on',
    }),
    data: key(data, {
      description: 'Where its data is copied from.',
      example: { from: 'production', mask: 'masking.yaml' },
      leftOut: 'its own data',
    }),
    trusted_proxies: key(z.array(network, { error: 'a list of networks' }), {
      description: 'Networks of proxies in front, whose word about the client’s address is believed.',
      example: ['10.0.0.0/8'],
      leftOut: 'none',
    }),
    prometheus: key(nonEmptyText('a URL').regex(/^https?:\/\/\S+$/, { error: 'a URL such as http://127.0.0.1:9090' }), {
      description: 'Where the queries of `signals` are asked.',
      example: 'http://127.0.0.1:9090',
      leftOut: 'no queries',
    }),
  },
  'a mapping that describes an environment; {} when the defaults suit it',
).meta({
  id: 'Environment',
  description: 'A place where the app runs, with domains, config, stores and gates of its own.',
});
