import { effect } from '@preact/signals';
import { render } from 'preact';
import { App } from './app.js';
import './main.css';
import { connect } from './server.js';
import { isChinese, t } from './words.js';

effect(() => {
  document.documentElement.lang = isChinese.value ? 'zh-CN' : 'en';
  document.title = t('title');
});
connect();
const app = document.getElementById('app');
if (app !== null) render(<App />, app);
