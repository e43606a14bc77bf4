import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { configValues } from './config.ts';
import { gates } from './gates.ts';
import { key, requiredKey } from './key.ts';
import { serviceOverride } from './service.ts';
import { strategy } from './strategy.ts';
import { trustedProxies } from './trusted-proxies.ts';
import { tls } from './tls.ts';
import {
  domain,
  domainExpected,
  mapping,
  oneOf,
  oneOrMore,
  prometheusUrl,
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
const serverExpected = 'ssh://user@host or tcp://host:2376';
const server = z.string({ error: serverExpected }).regex(/^(?:ssh|tcp):\/\/\S+$/, { error: serverExpected });

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
    tls: key(tls, {
      description:
        'Where its certificates come from. `automatic`: names that the public can reach get theirs from the certificate authority (ACME), others such as shop.localhost from the development CA of this machine; both only where Lotse was started with a port for TLS. `local`: all from the development CA. `off`: none.',
      example: { wildcard: true, dns: { script: '/etc/lotse/dns-record' } },
      default: defaults.tls,
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
    servers: key(z.array(server, { error: `a list of ${serverExpected}` }), {
      description: 'The machines it runs on, each with a Docker engine.',
      example: ['ssh://lotse@de1.shop.example'],
      leftOut: 'the machine that Lotse runs on',
    }),
    data: key(data, {
      description: 'Where its data is copied from.',
      example: { from: 'production', mask: 'masking.yaml' },
      leftOut: 'its own data',
    }),
    trusted_proxies: key(trustedProxies, {
      description:
        'Networks of proxies in front, whose word about the client is believed: X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and Forwarded. A proxy that forwards bare connections speaks the PROXY protocol, version 2, instead: `{ networks: [10.0.0.0/8], proxy_protocol: true }`; then each of its connections to a front port must begin with that header. All environments of a machine share its front doors, and therefore also what they say here.',
      example: ['10.0.0.0/8'],
      leftOut: 'nobody is believed',
    }),
    prometheus: key(prometheusUrl, {
      description: 'Where the queries of `signals` are asked, when not where the app says.',
      example: 'http://127.0.0.1:9090',
      leftOut: 'the app’s `prometheus`',
    }),
  },
  'a mapping that describes an environment; {} when the defaults suit it',
).meta({
  id: 'Environment',
  description: 'A place where the app runs, with domains, config, stores and gates of its own.',
});
