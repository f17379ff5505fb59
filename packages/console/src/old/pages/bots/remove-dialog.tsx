import type { BotAnswer } from '../../api/answers.gen.js';
import { removeBot } from '../../api/bots.js';
import { ConfirmDialog } from '../../components/confirm-dialog.js';
import { tell } from '../../data/notices.js';
import { t } from '../../i18n/language.js';

interface RemoveDialogProps {
  readonly bot: BotAnswer;
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

export function RemoveDialog({ bot, onRemoved, onClose }: RemoveDialogProps) {
  const { bots } = t();
  const remove = async (): Promise<void> => {
    await removeBot(bot.id);
    tell(bots.removed(bot.name));
    onRemoved();
  };
  return (
    <ConfirmDialog
      title={bots.removeAsk(bot.name)}
      text={bots.removeWhat}
      run={bots.removeRun}
      isDangerous
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
