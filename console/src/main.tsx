import { render } from 'preact';
import { Heading } from './heading.js';
import './main.css';

const app = document.getElementById('app');
if (app !== null) render(<Heading />, app);
