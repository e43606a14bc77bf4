import { z } from 'zod';
import type { TrustedProxy } from '../../core/routing-document.ts';
import { key, requiredKey } from './key.ts';
import { mapping } from './values.ts';

const expected = 'an IP address or a network such as 10.0.0.0/8';
const refused = 'this is neither an IP address nor a network such as 10.0.0.0/8 or fd00::/8';
const ipNetwork = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]);
const network = z
  .string({ error: expected })
  .refine((written) => ipNetwork.safeParse(written).success, { error: refused })
  .meta({
    id: 'Network',
    description: 'An IP address, or a network as address and length of its prefix.',
    samples: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'],
  });

const networks = z.array(network, { error: 'a list of networks' }).min(1, { error: 'at least one network' });

const detailed = mapping(
  {
    networks: requiredKey(networks, { description: 'Where the proxies are.', example: ['10.0.0.0/8'] }),
    proxy_protocol: key(z.boolean({ error: 'true or false' }), {
      description: 'They begin each connection with a header of the PROXY protocol, version 2.',
      example: true,
      default: false,
    }),
  },
  'a mapping with `networks`',
);

export const trustedProxies = z.union(
  [
    networks.transform((list) => list.map((each): TrustedProxy => ({ network: each, protocol: 'http' }))),
    detailed.transform(({ networks: list, proxy_protocol: isBare = false }) =>
      list.map((each): TrustedProxy => ({ network: each, protocol: isBare ? 'proxy-v2' : 'http' })),
    ),
  ],
  { error: 'a list of networks, or a mapping with `networks`' },
);
