import { render } from 'preact';
import { App } from './app.js';
import { startClock } from './data/now.js';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/choices.css';
import './styles/shell.css';
import './styles/states.css';
import './styles/table.css';
import './styles/dialog.css';
import './styles/overview.css';
import './styles/details.css';
import './styles/steps.css';

startClock();
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
