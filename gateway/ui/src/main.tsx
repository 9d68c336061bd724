import { render } from 'preact';
import { App } from './app.tsx';
import { Login } from './login.tsx';
import { door, mayLook } from './login-state.ts';
import { startAnnouncing } from './state/announce.ts';
import { connect } from './state/feed.ts';
import { startTheme } from './state/theme.ts';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/cards.css';
import './styles/flow.css';
import './styles/now.css';
import './styles/strip.css';
import './styles/money.css';
import './styles/lists.css';
import './login.css';

startTheme();
startAnnouncing();
/** Until the gateway has said whether this browser may look, the empty frame stands. */
function Entrance() {
  return door.value === 'password' || door.value === 'claim' ? <Login /> : <App />;
}

const page = document.getElementById('page');
if (page !== null) render(<Entrance />, page);
connect(mayLook);
