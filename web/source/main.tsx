import '@fontsource-variable/sofia-sans/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/overview.css';
import './styles/fairway.css';
import './styles/rollout.css';
import './styles/judge.css';
import './styles/lists.css';
import './styles/dialog.css';
import './styles/settings.css';
import './styles/running.css';
import './styles/logs.css';
import './styles/palette.css';
import './styles/access.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import { I18nextProvider } from 'react-i18next';
import { ActionProvider } from './actions/action-provider.tsx';
import { createQueryClient } from './api/query-client.ts';
import { startLanguage } from './language/start-language.ts';
import { App } from './shell/app.tsx';
import { Boundary } from './shell/boundary.tsx';
import { LiveProvider } from './shell/live-provider.tsx';
import { applyTheme, storedTheme } from './shell/theme.ts';

async function start(root: HTMLElement): Promise<void> {
  applyTheme(storedTheme());
  const language = await startLanguage();
  const queries = createQueryClient();
  createRoot(root).render(
    <I18nextProvider i18n={language}>
      <Boundary>
        <QueryClientProvider client={queries}>
          <LiveProvider>
            <ActionProvider>
              <App />
            </ActionProvider>
          </LiveProvider>
        </QueryClientProvider>
      </Boundary>
    </I18nextProvider>,
  );
}

const root = document.getElementById('root');
if (root !== null) void start(root);
