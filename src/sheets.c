/* SPDX-License-Identifier: Apache-2.0 */
#include "sheets.h"

#include <stddef.h>

/* The colours keep a contrast of 4.5:1 for text and 3:1 for what marks a control (WCAG 2.1 AA), light and
 * dark. Nothing moves once it stands: the logo has its height before it is decoded. */
const char rcidp_sheet_base[] =
    ":root{color-scheme:light dark;--page:#eef2f8;--card:#fff;--text:#182033;--soft:#4c5870;--line:#d5dce8;"
    "--main:#0a5bb5;--over:#084a94;--on:#fff;--off:#dfe5ee;--link:#0a5bb5;--good:#0f6b3a;--warn:#8a5200;"
    "--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--page:#10141d;--card:#1a2030;--text:#eaeef6;--soft:#adb8cb;"
    "--line:#323c52;--main:#8abdff;--over:#aed1ff;--on:#0b1a30;--off:#2c3548;--link:#8abdff;--good:#7fd6a3;"
    "--warn:#f3c06b;--bad:#ffa79f}}"
    "*{box-sizing:border-box}"
    "body{margin:0;min-height:100vh;display:flex;flex-direction:column;align-items:center;justify-content:"
    "center;"
    "padding:1rem;background:var(--page);color:var(--text);overflow-wrap:anywhere;"
    "font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif}"
    "header,main{width:100%;max-width:27rem}"
    "header{margin:0 0 1.25rem;font-weight:600;text-align:center}"
    "header img{display:block;width:100%;height:3rem;object-fit:contain}"
    "main{padding:2rem 1.75rem;background:var(--card);border:1px solid var(--line);"
    "border-radius:1rem;box-shadow:0 .5rem 2rem rgba(10,20,45,.09)}"
    "h1{margin:0 0 .6rem;font-size:1.5rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}"
    "p{margin:0 0 1.25rem}p:last-child{margin:0}.soft{color:var(--soft)}"
    "ul{margin:0;padding:0;list-style:none}li+li{margin-top:.75rem}"
    "a{color:var(--link)}"
    "button,.button,li>a{display:block;width:100%;min-height:3rem;padding:.7rem 1.1rem;border-radius:.65rem;"
    "font:inherit;font-weight:600;cursor:pointer}"
    "button,.button{border:1px solid transparent;background:var(--main);color:var(--on);text-align:center;"
    "text-decoration:none}"
    "button:hover,.button:hover{background:var(--over)}"
    "button:disabled{background:var(--off);color:var(--soft);cursor:default}"
    "li>a{border:1px solid var(--line);text-decoration:none}li>a:hover{border-color:currentColor}"
    ":focus-visible{outline:3px solid var(--link);outline-offset:3px}"
    "@media(max-width:30rem){body{padding:.75rem}main{padding:1.5rem 1.25rem}h1{font-size:1.3rem}}";

/* The portal: tiles, as many in a row as there is room for. */
static const char portal_sheet[] =
    "body{justify-content:flex-start;padding-top:clamp(1rem,6vh,4rem)}header,main{max-width:54rem}"
    "main{background:none;border:0;box-shadow:none;padding:0}"
    "main>p.soft{margin:0 0 1.75rem}main>p:last-child{margin:2rem 0 0}"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,1fr));gap:1rem}"
    ".tiles li{margin:0;display:grid}"
    ".tiles a{display:flex;align-items:center;gap:1rem;padding:1.1rem 1.25rem;min-height:5.5rem;"
    "background:var(--card);color:var(--text);border-radius:1rem;box-shadow:0 .15rem .5rem "
    "rgba(10,20,45,.06)}"
    ".tiles a:hover{border-color:var(--link);box-shadow:0 .4rem 1.2rem rgba(10,20,45,.13)}"
    ".tiles img,.tiles i{flex:none;width:2.75rem;height:2.75rem;border-radius:.7rem;object-fit:contain}"
    ".tiles i{display:grid;place-items:center;background:var(--main);color:var(--on);font-style:normal;"
    "font-size:1.25rem}"
    ".tiles small{display:block;font-size:.85rem;font-weight:400;color:var(--soft)}"
    "@media(max-width:30rem){.tiles{gap:.75rem}.tiles a{min-height:4.5rem;padding:.85rem 1rem}}";

/* The test page: wide, and dense. A verdict is a word and a colour, never a colour alone. */
static const char test_sheet[] =
    "body{justify-content:flex-start}header,main{max-width:56rem}"
    "h2{margin:2rem 0 .75rem;font-size:1.1rem;line-height:1.3}"
    ".sum{padding:.6rem .9rem;border-left:.3rem solid;font-weight:600}"
    ".good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.unknown{color:var(--soft)}"
    ".row{display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;align-items:center}.row .button{width:auto}"
    ".checks li{display:grid;grid-template-columns:7.5rem 1fr;padding:.45rem 0;margin:0;border-top:1px solid "
    "var(--line)}"
    ".checks strong{font-weight:400;color:var(--text)}.checks p{grid-column:2;margin:.15rem 0 .3rem;"
    "color:var(--text)}.checks .warn strong,.checks .bad strong{font-weight:600}"
    "dl{display:grid;grid-template-columns:minmax(9rem,15rem) 1fr;margin:0}"
    "dt,dd{margin:0;padding:.45rem 0;border-top:1px solid "
    "var(--line)}dt{padding-right:1rem;color:var(--soft)}"
    "dd>*{display:block}code,pre,time{font:.9rem/1.5 ui-monospace,'SF Mono',Consolas,Menlo,monospace;"
    "unicode-bidi:isolate}small{font-size:.85rem;color:var(--soft)}small span{display:block}"
    "pre{margin:0;padding:1rem;overflow:auto;max-height:36rem;border:1px solid "
    "var(--line);border-radius:.65rem;"
    "background:var(--page);overflow-wrap:normal;font-size:.8rem}"
    "@media(max-width:40rem){dl,.checks li{display:block}dd{padding-top:0;border:0}.row .button{width:100%}}";

const char *const rcidp_sheets[RCIDP_SHEETS] = {
    [RCIDP_SHEET_NONE] = NULL,
    [RCIDP_SHEET_PORTAL] = portal_sheet,
    [RCIDP_SHEET_TEST] = test_sheet,
};

/* It posts at once only where the page was navigated to: by Back, Forward or Reload the user may press the
 * button. A post from within the still loading page also replaces it in the history, so that Back mostly
 * passes it by. A page that comes back frozen (pageshow) holds a Response that was used: fetch another. */
static const char post[] =
    "(function(){'use strict';"
    "var form=document.forms[0],button=form.querySelector('button'),line=document.getElementById('progress'),"
    "arrived=performance.getEntriesByType('navigation')[0];"
    "function busy(){button.disabled=true;line.textContent=line.dataset.busy}"
    "form.addEventListener('submit',busy);"
    "addEventListener('pageshow',function(event){if(event.persisted)location.reload()});"
    "if(arrived&&arrived.type==='navigate'){busy();form.submit()}"
    "})()";

/* Times in the reader's own zone, and a word if this device's clock is off by more than a minute. */
static const char test_script[] =
    "(function(){'use strict';"
    "var clock=document.getElementById('clock'),"
    "off=Math.round((Date.now()-Date.parse(clock.dataset.now))/1000);"
    "document.querySelectorAll('time').forEach(function(time){"
    "var local=document.createElement('small');"
    "local.textContent=new Date(time.dateTime).toLocaleString(document.documentElement.lang,"
    "{dateStyle:'medium',timeStyle:'long'});time.after(local)});"
    "if(Math.abs(off)>60){clock.lastElementChild.textContent=off;clock.hidden=false}"
    "})()";

const char *const rcidp_scripts[RCIDP_SCRIPTS] = {
    [RCIDP_SCRIPT_POST] = post,
    [RCIDP_SCRIPT_TEST] = test_script,
};
