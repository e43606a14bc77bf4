import { useTranslation } from 'react-i18next';
import { Moment } from '../parts/moment.tsx';
import { usePersonName } from '../parts/use-person-name.ts';
import type { Difference } from './compare-rows.ts';

interface DifferenceTableProps {
  readonly title: string;
  readonly from: string;
  readonly to: string;
  readonly rows: readonly Difference[];
  /** Instead of a table without lines. */
  readonly none: string;
}

/** What is not the same on both sides, and who made it so. */
export function DifferenceTable({ title, from, to, rows, none }: DifferenceTableProps) {
  const { t } = useTranslation();
  const nameOf = usePersonName();
  return (
    <section className="differences">
      <h2 className="label">{title}</h2>
      {rows.length === 0 ? (
        <p className="quiet">{none}</p>
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so keys must reach it
        <section className="table-scroll" aria-label={title} tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t('differ.what')}</th>
                <th scope="col">{from}</th>
                <th scope="col">{to}</th>
                <th scope="col">{t('differ.changed')}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map(({ what, changed, ...sides }) => (
                <tr key={what}>
                  <th scope="row">
                    <code>{what}</code>
                  </th>
                  <Side text={sides.from} />
                  <Side text={sides.to} />
                  <td className="quiet">
                    {changed === null ? null : (
                      <>
                        {changed.by === null ? null : `${nameOf(changed.by)}, `}
                        <Moment at={changed.at} />
                        {changed.reason === null ? null : `: ${changed.reason}`}
                      </>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  );
}

function Side({ text }: { readonly text: string | null }) {
  const { t } = useTranslation();
  return <td>{text === null ? <span className="quiet">{t('differ.absent')}</span> : <code>{text}</code>}</td>;
}
