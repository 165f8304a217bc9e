"""The style of a report's page: light, dark, narrow and on paper."""

from __future__ import annotations

STYLE = """
:root{--paper:#f5f6f8;--card:#fff;--ink:#161b26;--soft:#566072;--line:#e1e4ea;--rate:#2563eb;
--limit:#c2410c;--deleted:#15803d;--deleted_unconfirmed:#0d9488;--already_gone:#64748b;
--rejected:#b45309;--failed:#c81e1e;--unknown:#7c3aed;--not_sent:#94a3b8;--protected:#1d4ed8;
--pending:#cbd5e1;--good:#dcfce7;--good-ink:#14532d;--warn:#fef3c7;--warn-ink:#713f12}
@media (prefers-color-scheme:dark){:root{--paper:#0e1117;--card:#171b24;--ink:#e8ebf1;
--soft:#9aa4b6;--line:#2a303d;--rate:#6ea0ff;--limit:#ff9a5c;--deleted:#3fb968;
--deleted_unconfirmed:#2dd4bf;--already_gone:#8b98ad;--rejected:#f0a93b;--failed:#f8716f;
--unknown:#a78bfa;--not_sent:#64748b;--protected:#7aa2ff;--pending:#3b4454;--good:#123822;
--good-ink:#a7f0c0;--warn:#3d2f0c;--warn-ink:#fbdf8f}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 24px;max-width:1080px;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;
-webkit-text-size-adjust:100%}
h1{margin:0;font-size:30px;line-height:1.2;overflow-wrap:anywhere}
h2{margin:0 0 14px;font-size:18px}
p{margin:0 0 8px}
.kind{margin:0 0 4px;color:var(--soft);font-size:13px;letter-spacing:.08em;
text-transform:uppercase}
.when{margin:12px 0 24px;color:var(--soft)}
.pill{display:inline-block;margin-right:6px;padding:2px 12px;border-radius:99px;font-weight:600;
font-size:14px}
.pill.all{background:var(--good);color:var(--good-ink)}
.pill.left{background:var(--warn);color:var(--warn-ink)}
section,.figure{background:var(--card);border:1px solid var(--line);border-radius:12px}
section{margin:0 0 20px;padding:20px 24px}
.figures{display:grid;grid-template-columns:1.5fr repeat(4,1fr);gap:14px;margin:0 0 20px}
.figure{padding:14px 18px}
.figure dt{color:var(--soft);font-size:14px}
.figure dd{margin:0}
.number{font-size:30px;font-weight:650;line-height:1.25;letter-spacing:-.01em;
font-variant-numeric:tabular-nums}
.note,.figure .note{color:var(--soft);font-size:14px}
.whole{display:flex;gap:2px;height:16px;margin:0 0 14px;border-radius:8px;overflow:hidden}
.part{min-width:3px;flex-basis:0}
table+.note{margin-top:12px}
table{width:100%;border-collapse:collapse;font-size:15px}
th,td{padding:7px 12px 7px 0;border-top:1px solid var(--line);text-align:left;
vertical-align:top}
thead th{border-top:0;color:var(--soft);font-size:13px;font-weight:500}
tbody th{font-weight:500;white-space:nowrap}
.state{white-space:nowrap}
td.count,th.count{text-align:right;padding-right:20px;font-variant-numeric:tabular-nums;
white-space:nowrap}
.meaning{color:var(--soft)}
.link{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:13px;
overflow-wrap:anywhere;min-width:9em}
td{overflow-wrap:anywhere}
.swatch{display:inline-block;width:11px;height:11px;margin-right:8px;border-radius:3px}
.legend{color:var(--soft);font-size:14px}
.line{display:inline-block;width:22px;margin:0 8px 4px 18px;border-top:3px dashed var(--limit)}
figure{margin:0 0 8px}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{fill:var(--soft);font-size:14px;font-variant-numeric:tabular-nums}
.grid,.axis{fill:none;stroke:var(--line)}
.axis{stroke:var(--soft)}
path.area{fill:var(--rate);opacity:.16}
path.rate{fill:none;stroke:var(--rate);stroke-width:2;stroke-linejoin:round}
path.limit{fill:none;stroke:var(--limit);stroke-width:2.5;stroke-dasharray:7 5}
rect.refused{fill:var(--failed)}
rect.took{fill:var(--rate)}
rect.took:hover,rect.refused:hover{opacity:.75}
.tip{fill:transparent}
.tip:hover{fill:var(--soft);opacity:.18}
summary{margin:18px 0 10px;cursor:pointer;font-weight:600}
footer{color:var(--soft);font-size:13px}
.swatch.rate{background:var(--rate)}
@media (max-width:860px){.figures{grid-template-columns:1fr 1fr}
.figure:first-child{grid-column:1/-1}}
@media (max-width:620px){body{padding:20px 12px}section{padding:16px 14px}h1{font-size:24px}
.number{font-size:25px}.figure{padding:12px 14px}svg text{font-size:25px}svg .odd{display:none}
table{font-size:14px}.meaning{display:none}td.count,th.count{padding-right:12px}}
@media print{:root{--paper:#fff}body{padding:0;max-width:none;zoom:.7}
.figures{grid-template-columns:1.5fr repeat(4,1fr)}.figure:first-child{grid-column:auto}
section,.figure{break-inside:avoid}section:last-of-type{break-inside:auto}
tr{break-inside:avoid}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
""" + "".join(
    f".{state}.swatch,.{state}.part{{background:var(--{state})}}"
    for state in (
        "deleted",
        "deleted_unconfirmed",
        "already_gone",
        "rejected",
        "failed",
        "unknown",
        "not_sent",
        "protected",
        "pending",
    )
)
