import type { AgentForm } from '../../registry/bots/agent.dto.js';
import { COZE } from './coze.js';
import { DIFY } from './dify.js';
import { FASTGPT } from './fastgpt.js';
import type { Form } from './form.js';
import { OPENAI } from './openai.js';

export const FORMS: Readonly<Record<AgentForm, Form>> = {
  openai: OPENAI,
  fastgpt: FASTGPT,
  dify: DIFY,
  coze: COZE,
};
