"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const at = id => document.getElementById(id);
// Everything is put in as text.
const make = (tag, text, kind) => {
  const element = document.createElement(tag);
  if (text !== undefined && text !== null) element.textContent = text;
  if (kind) element.className = kind;
  return element;
};
const put = (parent, ...children) => { children.forEach(child => parent.append(child)); return parent; };

at("verdict").textContent = data.verdict;
at("coverage").textContent = data.held_back ? data.coverage + "; " + data.held_back : data.coverage;
at("inputs").textContent = data.inputs.join(", ");
for (const row of data.rules) {
  const button = make("button", row.rule);
  button.type = "button";
  button.title = row.summary;
  button.addEventListener("click", () => { at("rule").value = row.rule; filter(); at("findings").scrollIntoView(); });
  const more = row.repeats ? " (+" + row.repeats + " of the same causes)" : "";
  put(at("rules").tBodies[0], put(make("tr"), put(make("td"), button, make("div", row.summary, "dim")),
    make("td", row.severity, row.severity), make("td", row.count + more, "number"), make("td", row.cost || "")));
}
const most = Math.max(0, ...data.rules.map(row => row.octets));
for (const row of data.rules.filter(row => row.octets).sort((a, b) => b.octets - a.octets)) {
  const bar = make("i");
  bar.style.width = (100 * row.octets / most) + "%";
  put(at("bars"), put(make("div", null, "bar"), make("span", row.rule), put(make("span"), bar),
    make("span", row.octets.toLocaleString("en") + " octets, " + row.round_trips + " round trips")));
}
if (!most) at("saving").hidden = true;
for (const one of data.cases) {
  const said = one.found.length ? one.found.length + " of " + one.rules + " rules about it found something: " + one.found.join(", ")
    : "nothing found by the " + one.rules + " rules about it";
  put(at("cases"), put(make("li"), make("span", one.name + ": "), make("span", said, one.found.length ? "warning" : "dim")));
}
data.remarks.forEach(remark => put(at("remarks"), make("li", remark)));
if (!data.remarks.length) at("remarks-section").hidden = true;

const fields = ["rule", "severity", "side", "session", "user"];
for (const field of fields) {
  const select = at(field);
  const counts = new Map();
  for (const finding of data.findings) {
    const value = finding[field];
    if (value) counts.set(value, (counts.get(value) || 0) + 1);
  }
  select.append(new Option("all", ""));
  [...counts.keys()].sort().forEach(value => select.append(new Option(value + " (" + counts.get(value) + ")", value)));
  select.addEventListener("change", filter);
}
at("search").addEventListener("input", filter);
at("filters").addEventListener("submit", event => event.preventDefault());

const words = data.findings.map(f => [f.rule, f.message, f.session, f.user, f.place, f.help].join("\n").toLowerCase());
const PAGE = 100;
let wanted = [];
let told = 0;

function filter() {
  const chosen = fields.map(field => [field, at(field).value]).filter(([, value]) => value);
  const search = at("search").value.trim().toLowerCase();
  wanted = [];
  data.findings.forEach((finding, i) => {
    if (chosen.every(([field, value]) => finding[field] === value) && words[i].includes(search)) wanted.push(i);
  });
  at("findings").replaceChildren();
  told = 0;
  more();
}

function more() {
  const part = wanted.slice(told, told + PAGE);
  at("findings").append(...part.map(draw));
  told += part.length;
  at("count").textContent = wanted.length + " of " + data.findings.length + " findings" +
    (told < wanted.length ? ", the first " + told + " shown" : "");
  at("more").hidden = told >= wanted.length;
}
at("more").addEventListener("click", more);

function draw(i) {
  const finding = data.findings[i];
  const details = make("details");
  const head = put(make("summary"), make("span", finding.severity + " ", finding.severity), make("span", finding.rule, "rule"),
    make("span", " " + finding.message + " "), make("span", finding.place, "dim"));
  details.append(head);
  // The body is made when it is first looked at.
  details.addEventListener("toggle", () => { if (details.open && details.children.length === 1) details.append(body(finding)); });
  return details;
}

function body(finding) {
  const body = make("div", null, "body");
  put(body, make("p", "Help: " + finding.help));
  const cost = finding.cost ? ", cost " + finding.cost : "";
  const again = finding.repeats ? ", and " + finding.repeats + " more of the same cause" : "";
  put(body, make("p", "Fault of " + finding.side + cost + again + "; basis " + finding.basis));
  const whence = [finding.session && "session " + finding.session, finding.user && "user " + finding.user, ...finding.whence];
  put(body, make("p", whence.filter(Boolean).join(", "), "dim"));
  const ladder = make("div", null, "ladder");
  ladder.setAttribute("role", "table");
  for (const rung of finding.ladder) {
    put(ladder, make("span", rung.time, "dim"), make("span", rung.frame, "dim"),
      make("span", rung.up ? rung.title + " ──▶" : "◀── " + rung.title, rung.up ? "arrow up" : "arrow down"), make("span", rung.label));
  }
  body.append(ladder, excerpt(finding));
  if (finding.filter) put(body, put(make("p"), make("span", "Wireshark: ", "dim"), make("code", finding.filter)));
  return body;
}

function excerpt(finding) {
  const pre = make("pre");
  let from = 0;
  for (const [start, end, said] of finding.labels) {
    if (start < from) continue;
    pre.append(finding.excerpt.slice(from, start), make("mark", finding.excerpt.slice(start, end)));
    if (said) pre.append(make("span", "  ◂ " + said, "said"));
    from = end;
  }
  pre.append(finding.excerpt.slice(from));
  return pre;
}

document.addEventListener("keydown", event => {
  if (event.target.matches("input, select") || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "/") { event.preventDefault(); at("search").focus(); return; }
  if (event.key !== "j" && event.key !== "k") return;
  const all = [...at("findings").querySelectorAll("summary")];
  const here = all.indexOf(document.activeElement);
  if (event.key === "j" && here === all.length - 1 && told < wanted.length) { more(); all.push(...at("findings").querySelectorAll("summary")); }
  const next = event.key === "j" ? here + 1 : Math.max(here - 1, 0);
  const target = at("findings").querySelectorAll("summary")[next];
  if (target) target.focus();
});
filter();
