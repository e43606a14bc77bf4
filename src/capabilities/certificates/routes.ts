import { X509Certificate } from 'node:crypto';
import { route, type Route } from '../../api/route.ts';
import type { CertificateSources } from '../../ports/certificates/certificates.ts';
import type { CertificateKeeper } from './certificate-keeper.ts';
import { certificateView } from './certificate-view.ts';
import * as api from './certificates-api.ts';

export interface CertificateRouteParts {
  readonly keeper: CertificateKeeper;
  readonly sources: CertificateSources;
  readonly tlsPort: number | null;
  readonly now: () => number;
}

const routes = api.certificateRoutes;

export function routesOfCertificates({ keeper, sources, tlsPort, now }: CertificateRouteParts): readonly Route[] {
  return [
    route({
      at: routes.listCertificates,
      summary: 'Certificates, how long they last, and what keeps the next one away',
      role: 'viewer',
      binding: 'by-handler',
      answer: api.certificateList,
      handle: ({ sees }) => {
        const seen = keeper.certificates().filter(({ wanted }) => sees(wanted));
        return { tlsPort, certificates: seen.map((each) => certificateView(each, now())) };
      },
    }),
    route({
      at: routes.renewCertificate,
      summary: 'Asks for the next certificate now; the list says how it goes',
      role: 'operator',
      binding: 'by-handler',
      status: 202,
      answer: api.certificate,
      handle({ params, actor, refuseOutside }) {
        const wanted = keeper.find(params.name);
        refuseOutside(wanted);
        keeper.renew(wanted, actor);
        return certificateView(keeper.present(wanted), now());
      },
    }),
    route({
      at: routes.getDevelopmentRoot,
      summary: 'The root of the development CA, for those who want to trust it',
      role: 'viewer',
      binding: 'by-handler',
      answer: api.developmentRoot,
      async handle() {
        const { certificatePem, file } = await sources.localRoot();
        const root = new X509Certificate(certificatePem);
        const fingerprint = root.fingerprint256.replaceAll(':', '').toLowerCase();
        return { certificatePem, file, fingerprint, validUntil: Date.parse(root.validTo) };
      },
    }),
  ];
}
