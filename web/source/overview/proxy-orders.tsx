import { OctagonAlert } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { EnvironmentViewModel } from '../../../src/capabilities/releases/releases-api.ts';
import { CodeText } from '../parts/code-text.tsx';
import { Moment } from '../parts/moment.tsx';

type Order = EnvironmentViewModel['proxyOrders'][number];

interface ProxyOrdersProps {
  readonly environment: string;
  readonly orders: readonly Order[];
}

/** While a person's order at the proxy is in force, users get something else than all the rest of the page says. */
export function ProxyOrders({ environment, orders }: ProxyOrdersProps) {
  const { t } = useTranslation();
  if (orders.length === 0) return null;
  return (
    <div className="proxy-orders" role="alert">
      {orders.map((order) => (
        <p key={`${order.kind}/${order.at}`}>
          <OctagonAlert aria-hidden="true" />
          <span>
            <b>
              {order.revision === null
                ? t('overview.order.maintenance')
                : t('overview.order.switch', { revision: order.revision })}
            </b>{' '}
            {t('overview.order.by', { by: order.by })} <Moment at={order.at} />
            {order.reason === null ? null : `: ${order.reason}`}{' '}
            <span className="quiet">
              <CodeText text={t('overview.order.clear', { command: undoing(order.kind, environment) })} />
            </span>
          </span>
        </p>
      ))}
    </div>
  );
}

function undoing(kind: Order['kind'], environment: string): string {
  return kind === 'maintenance'
    ? `lotse proxy maintenance ${environment} off`
    : `lotse proxy switch ${environment} --clear`;
}
