import type { ReactNode } from 'react';

interface PageHeadProps {
  readonly title: string;
  readonly intro: string;
  /** The one thing that people come here to do. */
  readonly children?: ReactNode;
}

export function PageHead({ title, intro, children }: PageHeadProps) {
  return (
    <header className="page-head access-head">
      <div>
        <h1>{title}</h1>
        <p className="quiet">{intro}</p>
      </div>
      {children}
    </header>
  );
}
