import 'uplot/dist/uPlot.min.css';
import './style/base.css';
import './style/bar.css';
import './style/cards.css';
import './style/alerts.css';
import './style/silences.css';
import { render } from 'preact';
import { readAddress } from './page/address';
import { App } from './page/app';
import { Session } from './session';
import { applyTheme } from './theme';

function open(): WebSocket {
	const url = new URL('api/v1/stream', document.baseURI);
	url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
	return new WebSocket(url, 'monitord.v1.json');
}

const page = document.getElementById('page');
if (page) {
	applyTheme();
	const address = readAddress(location.hash);
	const session = new Session(open, address.range);
	if (address.still) session.zoom(address.still.from, address.still.to);
	render(<App session={session} />, page);
	session.start();
	addEventListener('online', () => session.wake());
	document.addEventListener('visibilitychange', () => {
		if (!document.hidden) session.wake();
	});
}
