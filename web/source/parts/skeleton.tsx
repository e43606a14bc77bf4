import { useTranslation } from 'react-i18next';

/** Grey lines where something will stand; nothing for those who asked for less motion moves. */
export function Skeleton({ lines }: { readonly lines: number }) {
  const { t } = useTranslation();
  return (
    <div className="skeleton">
      <output className="only-read">{t('state.loading')}</output>
      {Array.from({ length: lines }, (_, index) => (
        <span key={index} className="skeleton-line" data-third={index % 3} />
      ))}
    </div>
  );
}
