import { useState } from 'react';
import type { AgentDto, AgentTestedAnswer } from '../../../api/answers.gen.js';
import { useChange } from '../../../api/answers.js';
import { testAgent } from '../../../api/bots.js';
import { ChangeButton } from '../../../components/change-button.js';
import { ErrorNote } from '../../../components/error-note.js';
import { Field } from '../../../components/field.js';
import { StateTag } from '../../../components/state-tag.js';
import { formatMs, formatNumber } from '../../../i18n/format.js';
import { t } from '../../../i18n/language.js';

interface TestAgentProps {
  /** As it is typed now, saved or not. */
  readonly agent: AgentDto;
  /** The bot whose key is used if none is typed. */
  readonly botId?: string;
}

/** Asks the service a question. It stands in a form that does something else. */
export function TestAgent({ agent, botId }: TestAgentProps) {
  const { agents, bots } = t();
  const [question, setQuestion] = useState<string>(agents.aQuestion);
  const test = useChange(testAgent, []);
  const run = (): void => {
    if (!test.isPending) test.mutate({ ...(botId !== undefined && { botId }), agent, question });
  };
  return (
    <div className="form" role="group" aria-label={agents.test}>
      <Field
        label={agents.question}
        hint={agents.testText}
        value={question}
        onInput={setQuestion}
        onPressEnter={(event) => {
          event.preventDefault();
          run();
        }}
      />
      <div className="actions">
        <ChangeButton loading={test.isPending} disabled={question.trim() === ''} onClick={run}>
          {test.isPending ? agents.testing : agents.test}
        </ChangeButton>
      </div>
      <div role="status">
        {test.data !== undefined && <Tested asked={test.variables?.question ?? ''} of={test.data} />}
      </div>
      {test.error !== null && <ErrorNote error={test.error} titles={bots.problems} />}
    </div>
  );
}

interface TestedProps {
  readonly asked: string;
  readonly of: AgentTestedAnswer;
}

/** The parts of the answer as a customer would see them, or what to do. */
function Tested({ asked, of: { answered, result, parts, durationMs, tokens, fault } }: TestedProps) {
  const { accounts, agents } = t();
  const { what, remedy } = agents.results[result];
  return (
    <div className="form">
      <p>
        <StateTag tone={answered ? 'good' : 'bad'} text={what} />
      </p>
      <dl className="facts">
        <dt>{agents.duration}</dt>
        <dd>{formatMs(durationMs)}</dd>
        {tokens !== null && (
          <>
            <dt>{agents.tokens}</dt>
            <dd>{formatNumber(tokens)}</dd>
          </>
        )}
        {fault !== null && (
          <>
            <dt>{accounts.remedy}</dt>
            <dd>{remedy}</dd>
            <dt>{accounts.reason}</dt>
            <dd className="mono" lang="en">
              {fault}
            </dd>
          </>
        )}
      </dl>
      {answered && (
        <figure className="chat" aria-label={agents.answer}>
          <figcaption className="small muted">{agents.answer}</figcaption>
          <p className="bubble customer">{asked}</p>
          {[...parts.entries()].map(([at, part]) => (
            <p key={at} className="bubble">
              {part}
            </p>
          ))}
        </figure>
      )}
    </div>
  );
}
