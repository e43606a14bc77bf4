import { z } from 'zod';
import { defaults } from '../defaults.ts';
import { key, requiredKey } from './key.ts';
import { command, domain, duration, mapping, oneOf } from './values.ts';

/** A path of the server, not of the app's folder. */
const pathExpected = 'a path of the server that begins with /, such as /etc/lotse/shop.pem';
const serverPath = z
  .string({ error: pathExpected })
  .regex(/^\/(?!(?:.*\/)?\.\.(?:\/|$))[^\\\n]{1,400}$/, { error: pathExpected });

const serverExpected = 'a name or address of a DNS server, with a port if it is not 53, such as ns1.shop.example';
const dnsServer = z
  .string({ error: serverExpected })
  .regex(/^(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/, { error: serverExpected });

const rfc2136 = mapping(
  {
    server: requiredKey(dnsServer, { description: 'The primary DNS server of the zone.', example: 'ns1.shop.example' }),
    zone: requiredKey(domain, { description: 'The zone that is changed.', example: 'shop.example' }),
    key: requiredKey(serverPath, {
      description: 'The file with the TSIG key, as `tsig-keygen` writes it.',
      example: '/etc/lotse/shop.tsig',
    }),
    ttl: key(duration, {
      description: 'How long the record may be kept by others.',
      example: '1m',
      default: defaults.dnsTtl,
    }),
  },
  'a mapping with `server`, `zone` and `key`',
);

const dns = mapping(
  {
    rfc2136: key(rfc2136, {
      description: 'By dynamic updates (RFC 2136) that a TSIG key signs.',
      example: { server: 'ns1.shop.example', zone: 'shop.example', key: '/etc/lotse/shop.tsig' },
      leftOut: '`script` says how',
    }),
    script: key(command, {
      description:
        'By a program of the server, called with `present` or `cleanup`, the record’s name and its value. It ends well once the record can be seen, or is gone.',
      example: '/etc/lotse/dns-record',
      leftOut: '`rfc2136` says how',
    }),
  },
  'a mapping with `rfc2136` or `script`',
).refine((written) => (written.rfc2136 === undefined) !== (written.script === undefined), {
  error: 'either `rfc2136` or `script`',
});

const tlsMapping = mapping(
  {
    certificate: key(serverPath, {
      description:
        'A file of the server with the certificate and what leads to its root (PEM). Read again when it changes.',
      example: '/etc/lotse/shop.pem',
      leftOut: 'certificates come by themselves',
    }),
    key: key(serverPath, {
      description: 'The file with the key of `certificate` (PEM).',
      example: '/etc/lotse/shop.key',
      leftOut: 'certificates come by themselves',
    }),
    wildcard: key(z.boolean({ error: 'true or false' }), {
      description: 'One certificate for each domain and all names right below it; this needs `dns`.',
      example: true,
      default: false,
    }),
    dns: key(dns, {
      description:
        'Shows the certificate authority by DNS records that the domains are yours, instead of by a request.',
      example: { script: '/etc/lotse/dns-record' },
      leftOut: 'a request on port 80 shows it',
    }),
    redirect: key(z.boolean({ error: 'true or false' }), {
      description: 'Whether plain requests are sent to TLS, once there is a certificate for every domain.',
      example: false,
      default: true,
    }),
    hsts: key(z.union([oneOf(['off']), duration], { error: 'off, or a duration such as 365d' }), {
      description:
        'How long browsers remember to come by TLS alone (Strict-Transport-Security). Never told for names such as shop.localhost.',
      example: '365d',
      leftOut: 'it grows: nothing on the first day, then 1d, 30d after a week, 365d after the first renewal',
    }),
  },
  'off, local, or a mapping',
).meta({ id: 'Tls', description: 'Where certificates come from, and what browsers are told.' });

export const tls = z.union([oneOf(['automatic', 'off', 'local']), tlsMapping], {
  error: 'automatic, off, local, or a mapping',
});

export type WrittenTls = z.output<typeof tls>;
