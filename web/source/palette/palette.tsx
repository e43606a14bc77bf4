import { CornerDownLeft } from 'lucide-react';
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { findCommands, type PaletteCommand } from './find-commands.ts';
import { useCommands } from './use-commands.ts';

interface PaletteProps {
  readonly app: string | null;
  readonly onClose: () => void;
}

/** A field and a list below it: ARIA's combobox with a list box that is always open. */
export function Palette({ app, onClose }: PaletteProps) {
  const { t } = useTranslation();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const found = findCommands(useCommands(app), typed);
  const at = Math.min(chosen, Math.max(0, found.length - 1));
  useEffect(() => dialog.current?.showModal(), []);
  const run = (command: PaletteCommand | undefined) => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const pressed = (event: KeyboardEvent) => {
    const next = moveOf(event.key, at, found.length);
    if (event.key === 'Enter') run(found[at]);
    else if (next === null) return;
    else setChosen(next);
    event.preventDefault();
  };
  return (
    <dialog ref={dialog} className="dialog palette" aria-label={t('palette.open')} onClose={onClose}>
      <input
        type="text"
        role="combobox"
        className="palette-field"
        aria-label={t('palette.placeholder')}
        placeholder={t('palette.placeholder')}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found.length === 0 ? undefined : `${id}-${at}`}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={pressed}
      />
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/prefer-tag-over-role -- a select cannot be filtered */}
      <ul id={`${id}-list`} role="listbox" aria-label={t('palette.results')} className="palette-list">
        {found.map((command, index) => (
          <Option
            key={command.id}
            id={`${id}-${index}`}
            command={command}
            isChosen={index === at}
            onHover={() => setChosen(index)}
            onRun={() => run(command)}
          />
        ))}
      </ul>
      <p className="palette-hint quiet" role={found.length === 0 ? 'status' : undefined}>
        {found.length === 0 ? t('palette.none') : t('palette.hint')}
      </p>
    </dialog>
  );
}

function moveOf(key: string, at: number, count: number): number | null {
  switch (key) {
    case 'ArrowDown':
      return count === 0 ? 0 : (at + 1) % count;
    case 'ArrowUp':
      return count === 0 ? 0 : (at + count - 1) % count;
    case 'PageDown':
      return Math.min(count - 1, at + 8);
    case 'PageUp':
      return Math.max(0, at - 8);
    default:
      return null;
  }
}

interface OptionProps {
  readonly id: string;
  readonly command: PaletteCommand;
  readonly isChosen: boolean;
  readonly onHover: () => void;
  readonly onRun: () => void;
}

function Option({ id, command, isChosen, onHover, onRun }: OptionProps) {
  const { t } = useTranslation();
  const { icon: Icon, label, detail, group } = command;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isChosen) row.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/prefer-tag-over-role -- the field above has the keys
    <li ref={row} id={id} role="option" aria-selected={isChosen} onPointerMove={onHover} onClick={onRun}>
      <Icon aria-hidden="true" />
      <span className="palette-label">{label}</span>
      {detail === undefined ? null : <span className="quiet palette-detail">{detail}</span>}
      <span className="palette-kind">{isChosen ? <CornerDownLeft aria-hidden="true" /> : t(`palette.${group}`)}</span>
    </li>
  );
}
