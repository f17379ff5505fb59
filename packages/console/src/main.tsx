import { createRoot } from 'react-dom/client';
import { App } from './app.js';
// Its listener has to be there before the router's, whichever page needs it later.
import './components/leave-question.js';
import { startClock } from './state/now.js';
import 'virtual:antd.css';
import './styles.css';

startClock();
const root = document.getElementById('app');
if (root !== null) createRoot(root).render(<App />);
