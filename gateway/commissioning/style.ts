/** Style of the printed record: one column, A4, the pages' colours; dark on a dark screen only. */
export const STYLE = `
:root{--bg:#f3f2ed;--surface:#fff;--line:#e5e3db;--line-2:#c8c5ba;--ink:#15202b;--ink-2:#46525e;
--ink-3:#606b76;--sun:#eaaa1f;--battery:#00936f;--grid:#2a62b9;--load:#3a444f;--alarm:#c43e18}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0c1116;--surface:#141b22;--line:#232d37;
--line-2:#3c4955;--ink:#eaeff3;--ink-2:#b3bec8;--ink-3:#8c99a5;--sun:#f3b93c;--battery:#2bbf97;
--grid:#6e9ff0;--load:#cbd4dc;--alarm:#ff7c55}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:400 14px/20px Inter,system-ui,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:820px;margin:0 auto;padding:24px}
h1{font:600 28px/34px Inter,system-ui,sans-serif;margin:4px 0 8px;text-wrap:balance}
h2{font:600 20px/26px Inter,system-ui,sans-serif;margin:24px 0 8px}
h3{font:600 15px/20px Inter,system-ui,sans-serif;margin:16px 0 8px}
p{margin:0 0 8px}
.note,figcaption span{color:var(--ink-3);font-size:12px;line-height:16px;font-weight:400}
.wide+.note{margin-top:12px}
section{background:var(--surface);border:1px solid var(--line);border-radius:16px;
padding:16px;margin:16px 0}
section>:first-child{margin-top:0}
dl{display:grid;grid-template-columns:minmax(110px,max-content) 1fr;gap:4px 16px;margin:0}
dt{color:var(--ink-3)}
dd{margin:0;overflow-wrap:anywhere}
ul.findings{list-style:none;margin:0;padding:0}
ul.findings li{display:grid;grid-template-columns:16px 92px 1fr;gap:0 8px;padding:8px 0;
border-top:1px solid var(--line);break-inside:avoid}
ul.findings li:first-child{border-top:0}
ul.findings svg{width:12px;height:12px;margin-top:4px}
ul.findings .word{color:var(--ink-2)}
ul.findings .figures{grid-column:3;color:var(--ink-3);font-size:12px;line-height:16px}
li.wrong .word,li.wrong .what{font-weight:600}
li.wrong .word,li.wrong svg{color:var(--alarm)}
.plots{display:grid;gap:12px}
.plot{margin:0;break-inside:avoid}
.plot svg{display:block;width:100%;height:auto}
.plot text{font:400 11px/1 Inter,system-ui,sans-serif;fill:var(--ink-3)}
.plot path{fill:none;vector-effect:non-scaling-stroke}
.tick{stroke:var(--line);stroke-width:1}
.asked{stroke:var(--ink-3);stroke-width:1.5;stroke-dasharray:4 3}
.seen{stroke:var(--load);stroke-width:1.5}
.seen.grid{stroke:var(--grid)}.seen.battery{stroke:var(--battery)}.seen.pv{stroke:var(--sun)}
table{border-collapse:collapse;width:100%;font-size:13px;line-height:18px}
.wide{overflow-x:auto}
th,td{text-align:left;padding:4px 12px 4px 0;border-top:1px solid var(--line);vertical-align:top}
thead th{border-top:0;color:var(--ink-3);font-weight:400}
.wide td{white-space:nowrap}
td.n,th.n{text-align:right;white-space:nowrap}
.sign{display:grid;grid-template-columns:1fr 1fr;gap:40px;margin-top:40px}
.sign div{border-top:1px solid var(--line-2);padding-top:4px}
code{font:400 12px/16px ui-monospace,monospace;overflow-wrap:anywhere}
@media (max-width:640px){main{padding:16px 12px}h1{font-size:24px;line-height:30px}
body{font-size:15px}ul.findings li{grid-template-columns:16px 1fr}
ul.findings .what,ul.findings .figures{grid-column:2}.plot text{font-size:20px}}
@page{size:A4;margin:14mm}
@media print{body{background:#fff;font-size:11pt;line-height:15pt}main{max-width:none;padding:0}
section{border:0;border-top:1px solid var(--line-2);border-radius:0;padding:12px 0;margin:0}
h1{font-size:20pt;line-height:24pt}h2{font-size:14pt;break-after:avoid}h3{break-after:avoid}
tr{break-inside:avoid}}
`;
