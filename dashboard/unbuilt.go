package dashboard

// unbuilt stands in for the page in a binary that was compiled without it.
const unbuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>monitord: the page is not in this binary</title>
<h1>The page is not in this binary</h1>
<p>monitord is running, and its <a href="api/v1/query?query=up">API</a> and stream work.
The page was not there when this binary was compiled. To build both:</p>
<pre>make build</pre>
<p>then start <code>bin/monitord run</code>. It needs Node 20.19 or newer and npm.</p>
</html>
`
