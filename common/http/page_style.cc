#include "common/http/page_style.h"

namespace derp::http {

std::string_view PageStyle() {
  return R"css(
:root{--bg:#fff;--card:#f6f7f9;--fg:#14181d;--mut:#4f5965;--line:#c9d0d8;--ok:#0b6b52;--warn:#8a4b00;--fail:#b00020;--unk:#5b6570;--band:#0b6b5233}
@media(prefers-color-scheme:dark){:root{--bg:#0f1317;--card:#171d23;--fg:#e7ecf1;--mut:#a3afbb;--line:#38424d;--ok:#5fd0ad;--warn:#f2b24a;--fail:#ff8a8a;--unk:#9aa6b2;--band:#5fd0ad33}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1rem;background:var(--bg);color:var(--fg);font:16px/1.45 system-ui,sans-serif}
h1{font-size:1.35rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.4rem 0 .5rem}a{color:inherit}
code,.m{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
.mut{color:var(--mut);font-size:.86rem}
.ok{color:var(--ok);fill:var(--ok)}.warn{color:var(--warn);fill:var(--warn)}.fail{color:var(--fail);fill:var(--fail)}.unk,.skip{color:var(--unk);fill:var(--unk)}
.b{display:inline-block;white-space:nowrap;font-size:.8rem;border:1.5px solid;border-radius:4px;padding:0 .4em}
.b.fail{background:var(--fail);color:var(--bg);border-color:var(--fail)}.b.skip,.b.unk{border-style:dashed}
.verdict{border-left:6px solid var(--unk);background:var(--card);padding:.6rem 1rem;overflow-wrap:anywhere}
.verdict.ok{border-color:var(--ok)}.verdict.warn{border-left-style:double;border-color:var(--warn)}.verdict.fail{border-color:var(--fail)}
.verdict.ok,.verdict.warn,.verdict.fail,.verdict.unk{color:var(--fg)}
.f{border:1px solid var(--line);border-left:6px solid var(--fail);border-radius:4px;padding:.5rem .8rem;margin:.5rem 0;overflow-wrap:anywhere}
.f.w{border-left:6px double var(--warn)}.f.i{border-left:6px dotted var(--unk)}
dl{display:grid;grid-template-columns:6.8rem 1fr;gap:.1rem .8rem;margin:.3rem 0 0}dt{color:var(--mut)}dd{margin:0;overflow-wrap:anywhere}
details{border-top:1px solid var(--line)}details>:not(summary){margin-left:1.7rem}
summary{cursor:pointer;padding:.35rem 0}
.row{display:grid;grid-template-columns:1.1rem 7.2rem minmax(6rem,13rem) 1fr 4.6rem 5rem 7.4rem;gap:.6rem;align-items:center}
.row::before{content:"▸"}details[open]>.row::before{content:"▾"}.head{margin:0;padding:.2rem 0}.head::before{content:""}.row>span{overflow-wrap:anywhere}.row>.num{overflow-wrap:normal}
:focus-visible{outline:3px solid var(--fg);outline-offset:2px}
.node{margin-top:.9rem;margin-bottom:.2rem}.log{border:0}.log pre{margin:.2rem 0;padding:.4rem .6rem;background:var(--card);white-space:pre-wrap}.log summary{font-size:.86rem}
figure{margin:.5rem 0 1rem}figcaption{max-width:36rem}.lat{width:100%;max-width:36rem;display:block;overflow:visible}.lat text{font-size:16px;fill:var(--mut)}
.grid{stroke:var(--line);stroke-width:1;fill:none}.band{fill:var(--band)}.med{fill:none;stroke:var(--ok);stroke-width:2.5}.gap{fill:none;stroke:var(--unk);stroke-dasharray:5 5}.dead{fill:var(--fail);stroke:none}
.prober{border:2px dashed var(--unk);border-radius:4px;padding:0 .8rem;margin-top:1rem}
.strip{width:100%;height:20px;display:block}.strip path{fill:none}.s0{stroke:var(--unk);stroke-dasharray:2 2;stroke-width:1;vector-effect:non-scaling-stroke}.s1{stroke:var(--ok);stroke-width:8}.s2{stroke:var(--warn);stroke-width:14}.s3{stroke:var(--fail);stroke-width:20}
.st{display:flex;flex-wrap:wrap;gap:.25rem;padding:0;margin-top:.3rem;margin-bottom:.3rem;list-style:none;font-size:.8rem}
.st li{border:1px solid;border-radius:3px;padding:0 .35em;overflow-wrap:anywhere}.st .fail{background:var(--fail);color:var(--bg)}.st .skip{border-style:dashed}.st li b{margin-right:.3em}.st .fam{border-color:transparent;padding:0;min-width:2.4em}
table{border-collapse:collapse;font-size:.86rem;margin:.4rem 0}caption{text-align:left}
th,td{border:1px solid var(--line);padding:.2rem .5rem;text-align:center}th{font-weight:600}td.self{color:var(--mut)}.l{text-align:left}
.wide{overflow-x:auto}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.6rem,1fr));gap:.3rem;padding:0;list-style:none}
.tiles a{display:block;border:1px solid var(--line);border-radius:4px;padding:.15rem .4rem;text-decoration:none;overflow-wrap:anywhere}
.tiles .fail{border:2px solid}.tiles .warn{border:2px dashed}.num{text-align:right;font-variant-numeric:tabular-nums}
@media(max-width:40rem){.row{grid-template-columns:1rem 6.8rem 1fr auto}.row .h{grid-column:1/-1;order:9}.row .r,.row .a,.head,.t{display:none}dl{grid-template-columns:1fr}dt{margin-top:.2rem}details>:not(summary){margin-left:0}.lat text{font-size:22px}}
.cols{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(26rem,100%),1fr));gap:0 2.5rem}.facts{grid-template-columns:fit-content(9.6rem) 1fr}.facts dt{margin:0;min-width:7.4rem;overflow-wrap:anywhere}
)css";
}

}  // namespace derp::http
