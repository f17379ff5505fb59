import { PauseOutlined, PlayCircleOutlined } from '@ant-design/icons';
import { useChange } from '../../api/answers.js';
import { changeBot } from '../../api/bots.js';
import type { BotAnswer } from '../../api/answers.gen.js';
import { ChangeButton } from '../../components/change-button.js';
import { ErrorNote } from '../../components/error-note.js';
import { useTell } from '../../components/tell.js';
import { t } from '../../i18n/language.js';

/** One click: paused, nothing is sent and everything waits; resumed, all of that goes out. */
export function PauseButton({ bot }: { readonly bot: BotAnswer }) {
  const { bots } = t();
  const tell = useTell();
  const { id, name, paused = false } = bot;
  const change = useChange(
    () => changeBot(id, { paused: !paused }),
    ['/api/v1/bots', '/api/v1/accounts', '/api/v1/status'],
  );
  return (
    <>
      <ChangeButton
        type={paused ? 'primary' : 'default'}
        icon={paused ? <PlayCircleOutlined aria-hidden /> : <PauseOutlined aria-hidden />}
        loading={change.isPending}
        title={paused ? bots.resumeText : bots.pauseText}
        onClick={() =>
          change.mutate(undefined, { onSuccess: () => tell(paused ? bots.resumed(name) : bots.paused(name)) })
        }
      >
        {paused ? bots.resume : bots.pause}
      </ChangeButton>
      {change.error !== null && <ErrorNote error={change.error} titles={bots.problems} />}
    </>
  );
}
