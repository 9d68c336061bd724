import { render } from 'preact';
import { App } from './app.tsx';
import { startAnnouncing } from './state/announce.ts';
import { connect } from './state/feed.ts';
import { startTheme } from './state/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/cards.css';

startTheme();
startAnnouncing();
const page = document.getElementById('page');
if (page !== null) render(<App />, page);
connect();
