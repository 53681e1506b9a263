/**
 * The page for people: the routes, the models, and a form that sends an inference. Made of the routes' table; what is said
 * of models comes from the server while the page is open. It needs nothing from elsewhere.
 */
import type { RouteAbout } from "./route.ts";

export function docsPage(routes: readonly RouteAbout[]): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Inference</title>
<style>${style}</style>
<main>
<h1>Inference</h1>
<p>The Open Inference Protocol over REST. The same for programs: <a href="/v2/openapi.json">openapi.json</a>.</p>
<section>
<h2>Try a model</h2>
<form id="try">
<label>Model <select id="model"></select></label>
<pre id="about"></pre>
<label>Request <textarea id="request" rows="12" spellcheck="false"></textarea></label>
<button>Send</button>
</form>
<pre id="answer"></pre>
</section>
<section>
<h2>Routes</h2>
<table>${routes.map(row).join("")}</table>
</section>
</main>
<script>${script}</script>
</html>
`;
}

function row({ verb, path, summary }: RouteAbout): string {
  return `<tr><td class="${verb}">${verb}</td><td><code>${escaped(path)}</code></td><td>${escaped(summary)}</td></tr>\n`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const style = `
:root { color-scheme: light dark; --line: #8884; --accent: #2f6feb; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; }
section { margin-top: 2rem; }
code, pre, textarea { font: 14px/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
label { display: block; margin-top: .75rem; }
select, textarea, button { font-size: inherit; border: 1px solid var(--line); border-radius: 6px; padding: .4rem; }
textarea { display: block; width: 100%; box-sizing: border-box; }
button { margin-top: .75rem; padding: .4rem 1.2rem; background: var(--accent); border: 0; color: #fff; cursor: pointer; }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .4rem .75rem .4rem 0; vertical-align: top; }
.GET, .POST { font-weight: 600; }
.POST { color: var(--accent); }
`;

/** Names of models and answers are only ever set as text. */
const script = `
const at = (id) => document.getElementById(id);
const path = (model) => "/v2/models/" + encodeURIComponent(model);
async function ask(url, body) {
  const answer = await fetch(url, body === undefined ? {} : { method: "POST", body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(answer.status + " " + text);
  return text;
}
const sample = { BOOL: true, BYTES: "text" };
function example({ name, datatype, shape }) {
  const sizes = shape.map((size) => size < 0 ? 1 : size);
  const count = sizes.reduce((product, size) => product * size, 1);
  return { name, datatype, shape: sizes, data: Array(Math.min(count, 4096)).fill(sample[datatype] ?? 0) };
}
async function show() {
  const about = JSON.parse(await ask(path(at("model").value)));
  const line = (what) => ({ name, datatype, shape }) => what + " " + name + ": " + datatype + " [" + shape.join(", ") + "]";
  at("about").textContent = [...about.inputs.map(line("takes")), ...about.outputs.map(line("gives"))].join("\\n");
  at("request").value = JSON.stringify({ inputs: about.inputs.map(example) }, null, 1);
}
const failed = (error) => { at("answer").textContent = error.message; };
at("model").onchange = () => show().catch(failed);
at("try").onsubmit = async (event) => {
  event.preventDefault();
  at("answer").textContent = "…";
  await ask(path(at("model").value) + "/infer", at("request").value)
    .then((text) => { at("answer").textContent = text; }, failed);
};
ask("/v2/repository/index", '{"ready":true}').then((text) => {
  const names = new Set(JSON.parse(text).map(({ name }) => name));
  at("model").replaceChildren(...[...names].map((name) => new Option(name, name)));
  if (names.size > 0) return show();
}).catch(failed);
`;
