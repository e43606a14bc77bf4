import { Component, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface BoundaryProps {
  readonly children: ReactNode;
}

/** A part of the page that fails takes only itself along. React knows this as a class only. */
export class Boundary extends Component<BoundaryProps, { readonly hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError(): { readonly hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ReactNode {
    return this.state.hasFailed ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const { t } = useTranslation();
  return (
    <div className="notice" data-tone="bad" role="alert">
      <p className="notice-title">{t('state.broken')}</p>
      <p>{t('state.internalHint')}</p>
    </div>
  );
}
