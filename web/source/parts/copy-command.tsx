import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

/** A command to type, with a button that copies it. */
export function CopyCommand({ command }: { readonly command: string }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(command);
    setCopied(true);
    setTimeout(() => setCopied(false), 2_000);
  };
  return (
    <span className="command">
      <code>{command}</code>
      <button type="button" className="tool" aria-label={`${t('copy.copy')}: ${command}`} onClick={() => void copy()}>
        {isCopied ? <Check aria-hidden="true" /> : <Copy aria-hidden="true" />}
      </button>
      <output className="only-read">{isCopied ? t('copy.copied') : ''}</output>
    </span>
  );
}
