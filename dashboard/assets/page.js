var Et={view:"overview",v:"",q:"",set:"",ou:"",account:"",region:"",group:"",when:"after",by:"ou",as:"matrix",zoom:"",cell:"",action:"",sort:""},$=["v","q","set",
"ou","account","region","group"],f=Ke(),ve=[];function Ke(){let e={...Et};for(let[t,n]of new URLSearchParams(location.hash.slice(1)))t in e&&(e[t]=n);return e}function Ge(e){
let t=new URLSearchParams;for(let[n,o]of Object.entries(e))o!==Et[n]&&t.set(n,o);return"#"+t.toString()}function w(e){let t={...f,...e},n=["view","cell","v","se\
t","ou","group","account"].some(o=>t[o]!==f[o]);try{history[n?"pushState":"replaceState"](null,"",Ge(t))}catch{}Ye(t)}function Ye(e){let t=new Set(Object.keys(e).
filter(n=>e[n]!==f[n]));if(t.size!==0){f=e;for(let n of ve)n(t)}}window.addEventListener("popstate",()=>Ye(Ke()));window.addEventListener("hashchange",()=>Ye(Ke()));
var Z=()=>new Set(f.v.split(",").filter(Boolean));function Ct(e){let t=Z();t.delete(e)||t.add(e),w({v:[...t].join(",")})}var Ie=()=>Object.fromEntries($.map(e=>[
e,""]));var Lt=2,Je=4,i,Se,Q=new Map;function Ze(e,t){i=e,Se=t}function Qe(e){Q=e}async function Xe(e){let t=atob(e.trim().replaceAll("-","+").replaceAll("_","/")),n=new Uint8Array(
t.length);for(let s=0;s<n.length;s++)n[s]=t.charCodeAt(s);let o=new ReadableStream({start(s){s.enqueue(n),s.close()}});return JSON.parse(await new Response(o.pipeThrough(
new DecompressionStream("gzip"))).text())}function xe(e){if(e.v)return Int32Array.from(e.v);let t=e.r||[],n=0;for(let s=1;s<t.length;s+=2)n+=t[s];let o=new Int32Array(
n);for(let s=0,r=0;s<t.length;s+=2)o.fill(t[s],r,r+=t[s+1]);return o}function Mt(e){for(let[t,n]of Object.entries(e))n===null?e[t]=new Int32Array(0):typeof n=="\
object"&&(e[t]=xe(n));return e}function et(e){Mt(e.cells),Mt(e.decisions);for(let t of e.groups)t.cells=xe(t.cells);for(let t of e.actions)t.accounts=xe(t.accounts),
t.regions=xe(t.regions);return e}function tt(e){let t=xe(e.cells);return new Map(Array.from(t,(n,o)=>[n,e.stories[o]]))}var T=e=>i.verdicts[i.cells.verdict[e]],
B=e=>i.verdicts[i.cells.before[e]],D=e=>i.stackSets[i.cells.set[e]],E=e=>i.accounts[i.cells.account[e]],R=e=>i.regions[i.cells.region[e]],j=e=>i.texts[i.cells.reason[e]],
N=e=>e.name||e.id,z=e=>E(e).ou>=0?E(e).ou:i.cells.ou[e];function F(e){let t=[];for(let n=e;n>=0&&t.length<20;n=i.ous[n].parent)(i.ous[n].parent>=0||n===e)&&t.unshift(
i.ous[n].name||i.ous[n].id);return t.join(" / ")||"No organizational unit"}function Oe(e){let t=2166136261;for(let n of i.texts[e.class]+"|"+i.texts[e.reason])t=
Math.imul(t^(n.codePointAt(0)||0),16777619)>>>0;return t.toString(36)}var He=()=>i.groups.find(e=>Oe(e)===f.group),X=e=>D(e).name+"@"+E(e).id+"/"+R(e);function At(e){
for(let t=0;t<i.cells.count;t++)if(e.endsWith(E(t).id+"/"+R(t))&&X(t)===e)return t;return-1}performance.mark("setmend:start");var Rn="http://www.w3.org/2000/svg",Nn=/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
function L(e){return String(e).replace(Nn,t=>"⟨U+"+t.charCodeAt(0).toString(16).toUpperCase().padStart(4,"0")+"⟩")}function Tt(e,t){for(let[n,o]of Object.entries(
t||{}))if(!(o==null||o===!1))if(n.startsWith("on"))e.addEventListener(n.slice(2),o);else if(n==="style")for(let[s,r]of Object.entries(o))e.style.setProperty(s,String(
r));else{if(n==="href"&&!/^(https:\/\/|#|data:image\/)/.test(o))continue;e.setAttribute(n,o===!0?"":L(o))}}function Dt(e,t){for(let n of t.flat(20))n==null||n===
!1||e.append(n instanceof Node?n:L(n))}function a(e,t,...n){let o=document.createElement(e);return Tt(o,t||null),Dt(o,n),o}function b(e,t,...n){let o=document.createElementNS(
Rn,e);return Tt(o,t||null),Dt(o,n),o}var nt=[];function Rt(){nt=[]}function Nt(){for(let e of nt)e()}function le(e,t){let n=a("div",e),o=0,s=()=>{let r=getComputedStyle(
n),c=n.clientWidth-parseFloat(r.paddingLeft)-parseFloat(r.paddingRight);!(c>0)||c===o||(o=c,n.replaceChildren(t(c)))};return nt.push(s),new ResizeObserver(s).observe(
n),n}function S(e){let t=document.getElementById(e);if(!t)throw new Error("the page has no #"+e);return t}var In=new Intl.NumberFormat("en"),m=e=>In.format(e),y=(e,t,n)=>m(
e)+" "+(e===1?t:n||t+"s");var It={healthy:{name:"healthy",label:"Healthy",meaning:"current, and checked to be in sync",path:"M3.5 8.5 L6.8 11.5 L12.5 4.8"},notChecked:{name:"notChecked",
label:"Not checked",meaning:"current, but its drift is unknown or too old to trust",path:"M5.4 5.8 A2.7 2.7 0 1 1 8 8.6 V9.8 M8 12.6 V12.7"},outdated:{name:"out\
dated",label:"Outdated",meaning:"behind its stack set, without a failure of its own",path:"M8 3.6 V8.3 L11.2 10.4 M13 8 A5 5 0 1 1 11.5 4.4"},drifted:{name:"dri\
fted",label:"Drifted",meaning:"live resources differ from the template",path:"M3 6 H13 M3 10 H13 M10.6 3 L5.4 13"},missing:{name:"missing",label:"Missing",meaning:"\
must be there and is not",path:"M8 3 V13 M3 8 H13"},orphan:{name:"orphan",label:"Orphan",meaning:"is there and must not be",path:"M3 8 H13"},failed:{name:"faile\
d",label:"Failed",meaning:"its last operation failed",path:"M4 4 L12 12 M12 4 L4 12"},inoperable:{name:"inoperable",label:"Inoperable",meaning:"a deletion or an\
 import failed; StackSets has given up on it",path:"M8 3 V9 M8 12.6 V12.7"},blocked:{name:"blocked",label:"Blocked",meaning:"something outside the cell forbids \
acting on it",path:"M12.8 8 A4.8 4.8 0 1 1 3.2 8 A4.8 4.8 0 1 1 12.8 8 M4.6 11.4 L11.4 4.6"},quarantined:{name:"quarantined",label:"Quarantined",meaning:"given \
up after repeated heals; a person is needed",path:"M5.5 3.5 V12.5 M10.5 3.5 V12.5"},removed:{name:"removed",label:"Removed",meaning:"was there and must not be; \
this run took it away",path:"M7.9 8 H8.1"}},I=["quarantined","blocked","inoperable","failed","orphan","missing","drifted","outdated","notChecked","healthy"];function k(e){
return It[e]||{name:"notChecked",label:e||"Unknown",meaning:"a verdict that this page does not know",path:It.notChecked.path}}function H(e,t=16){let n=k(e);return b(
"svg",{class:"glyph v-"+n.name,viewBox:"0 0 16 16",width:t,height:t,"aria-hidden":"true"},b("rect",{x:.75,y:.75,width:14.5,height:14.5,rx:3.5}),b("path",{d:n.path}))}
function ee(e){return a("span",{class:"pill"},H(e,14),k(e).label)}function pe(e){let t=I.filter(s=>e[s]>0).reverse(),n=t.map(s=>m(e[s])+" "+k(s).label.toLowerCase()).
join(", ")||"nothing",o=a("span",{class:"bar",role:"img","aria-label":n,title:n});for(let s of t)o.append(a("span",{class:"v-"+k(s).name,style:{"flex-grow":e[s]}}));
return o}function M(e){return I.reduce((t,n)=>n==="healthy"||n==="notChecked"?t:t+(e[n]||0),0)}var ot={of:null,texts:new Map};function Hn(){return ot.of!==Q&&(ot={of:Q,texts:new Map([...Q].map(([e,t])=>[e,JSON.stringify([t.drift,t.steps]).toLowerCase()]))}),
ot.texts}function Ht(){Ce.model=null}var Ce={key:"",model:null,selection:{mask:new Uint8Array(0),hits:[]}};function _(){let e=[f.when,...$.map(t=>f[t])].join("\0");
return(Ce.key!==e||Ce.model!==i)&&(Ce={key:e,model:i,selection:Wn()}),Ce.selection}var te=()=>$.some(e=>f[e]!==""),me=e=>e.toLowerCase().split(/\s+/).filter(Boolean),
Ee=(e,t)=>Uint8Array.from(e,n=>n.toLowerCase().includes(t)?1:0);function Pn(e){let t=i.cells,n=Ee(i.stackSets.map(d=>d.name+" "+(d.description||"")),e),o=Ee(i.ous.
map((d,h)=>F(h)+" "+i.ous[h].id),e),s=Uint8Array.from(i.accounts,d=>(d.id+" "+(d.name||"")+" "+d.state).toLowerCase().includes(e)||d.ou>=0&&o[d.ou]?1:0),r=Ee(i.
regions,e),c=Ee(i.verdicts.map(d=>d+" "+k(d).label),e),l=Ee(i.texts,e),u=Hn();return d=>!!(n[t.set[d]]||s[t.account[d]]||r[t.region[d]]||c[t.verdict[d]]||l[t.reason[d]]||
l[t.hint[d]]||l[t.because[d]]||l[t.class[d]]||(t.flags[d]&Lt)!==0&&u.get(d)?.includes(e))}function _n(){let e=i.cells,t=f.q?me(f.q).map(Pn):[];if(f.set&&t.push(
n=>D(n).name===f.set),f.account&&t.push(n=>E(n).id===f.account),f.region&&t.push(n=>R(n)===f.region),f.ou){let n=Uint8Array.from(i.ous,(o,s)=>Un(s,f.ou)?1:0);t.
push(o=>z(o)>=0&&n[z(o)]===1)}if(f.v){let n=Z(),o=Uint8Array.from(i.verdicts,r=>n.has(r)?1:0),s=f.when==="before"?e.before:e.verdict;t.push(r=>o[s[r]]===1)}if(f.
group){let n=new Set(He()?.cells||[]);t.push(o=>n.has(o))}return t}function Un(e,t){for(let n=e;n>=0;n=i.ous[n].parent)if(i.ous[n].id===t)return!0;return!1}function Wn(){
let e=new Uint8Array(i.cells.count).fill(1),t=[],n=_n();for(let o=0;o<e.length;o++){for(let s of n)if(!s(o)){e[o]=0;break}e[o]&&t.push(o)}return{mask:e,hits:t}}function O(e){let t=e?Date.parse(e):NaN;return t>0?t:NaN}function A(e){return isNaN(e)?"–":new Date(e).toISOString().slice(0,19).replace("T"," ")+" UTC"}var Me=e=>isNaN(
e)?"–":new Date(e).toISOString().slice(11,19);function P(e){if(isNaN(e))return"–";let t=Math.max(0,Math.round(e));return t<60?t+" s":t<3600?Math.floor(t/60)+
" min"+(t%60&&t<600?" "+t%60+" s":""):t<172800?Math.floor(t/3600)+" h"+(t%3600>=60?" "+Math.floor(t%3600/60)+" min":""):Math.floor(t/86400)+" days"}var st=()=>Math.
max(Date.now(),i&&O(i.dataAt)||0);function Pt(e){if(isNaN(e))return"never";let t=(st()-e)/1e3;return t<5?"just now":P(t)+" ago"}function ne(e,t=!1){let n=t?Pt(e).
replace(/^(\d+ (?:h|min)) .* ago$/,"$1 ago"):Pt(e);return a("time",{title:A(e),datetime:isNaN(e)?null:new Date(e).toISOString()},n)}var qn={healed:e=>"took "+e+" and left nothing wrong",attention:e=>"took "+e+" and left work for a person",stopped:e=>"was stopped after "+e,failed:e=>"failed a\
fter "+e},Fn={good:"healthy",unsure:"notChecked",busy:"outdated",attention:"inoperable",bad:"failed"};function at(){let{started:e,ended:t,virtualSeconds:n}=i.run;
return n>0?n:(O(t)-O(e))/1e3}function Vn(){let{id:e,engine:t,result:n,stage:o}=i.run;if(t==="read")return["A fresh reading; nothing was healed"];let s=qn[n],r=P(
at());return["Run ",a("span",{class:"code"},e)," ",s?s(r):"is under way"+(o?", in "+o:"")]}function rt(){let{headline:e,dataAt:t,api:n,overrides:o,actions:s}=i,
r=O(t);S("banner").className="banner "+e.tone,S("banner-mark").replaceChildren(H(Fn[e.tone]||"notChecked",40)),S("headline").textContent=L(e.text),S("headline-d\
etail").textContent=L(e.detail||""),S("run-line").replaceChildren(...[a("span",{class:Date.now()-r>864e5?"old":null},"Data ",a("strong",null,ne(r))),a("span",null,
Vn()),a("span",null,y(s.length,"operation")),a("span",null,y(n.calls,"API call"),n.throttled?", "+m(n.throttled)+" throttled":""),o.saved?a("span",{class:o.lost?
"old":null},o.lost?y(o.lost,"override")+" lost":y(o.restored,"override")+" restored"):null].filter(c=>c!==null)),S("fleet-bar").replaceChildren(pe(i.after))}function lt(){
let e=Z();S("cards").replaceChildren(...I.map(t=>jn(t,e.has(t))))}function jn(e,t){let n=i.after[e]||0,o=i.before[e]||0,s=k(e),r=document.activeElement?.id==="c\
ard-"+e,c=a("button",{type:"button",id:"card-"+e,class:"card v-"+e+(n===0?" zero":""),"aria-pressed":String(t),title:s.label+": "+s.meaning,onclick:()=>Ct(e)},a(
"span",{class:"card-label"},H(e,16),s.label),a("span",{class:"card-number"},m(n)),a("span",{class:"card-before"},n===o?"unchanged":"was "+m(o)));return r&&queueMicrotask(
()=>c.focus()),c}function Pe(){let e=S("filters");if(e.hidden=!te(),e.hidden)return;let t={v:"Verdict",q:"Text",set:"Stack set",ou:"OU",account:"Account",region:"\
Region",group:"Reason"},n=$.filter(s=>f[s]).map(s=>a("button",{type:"button",class:"chip",onclick:()=>w({[s]:""})},a("span",{class:"muted"},t[s],": "),$n(s),a("\
span",{"aria-hidden":"true"}," ✕"),a("span",{class:"hidden"}," (remove)"))),{hits:o}=_();e.replaceChildren(a("span",{role:"status"},a("strong",null,m(o.length)),
" of ",y(i.cells.count,"cell")," match"),...n,a("button",{type:"button",class:"link",onclick:()=>w(Ie())},"Clear all"))}function $n(e){return e==="v"?[...Z()].map(
t=>k(t).label).join(", "):e==="group"?i.texts[He()?.reason??0]||"–":e==="ou"?i.ous.find(t=>t.id===f.ou)?.name||f.ou:e==="account"?i.accounts.find(t=>t.id===f.
account)?.name||f.account:f[e]}function Bn(e){if(typeof e=="number")return String(e);let t=String(e??"");return/^[=+\-@\t\r]/.test(t)&&(t="'"+t),/[",\n\r]/.test(t)?'"'+t.replaceAll('"','""')+
'"':t}function zn(e,t){return[e,...t].map(n=>n.map(Bn).join(",")).join(`\r
`)+`\r
`}function Kn(e,t){return JSON.stringify(t.map(n=>Object.fromEntries(e.map((o,s)=>[o,n[s]]))),null,1)+`
`}function _t(e,t,n){let o=document.createElement("a");o.href=URL.createObjectURL(new Blob([n],{type:t})),o.download=e,o.click(),setTimeout(()=>URL.revokeObjectURL(
o.href),1e4)}function ge(e,t){let n=o=>()=>{let{header:s,rows:r}=t();o==="csv"?_t(e+".csv","text/csv;charset=utf-8",zn(s,r)):_t(e+".json","application/json",Kn(
s,r))};return a("span",{class:"exports"},a("button",{type:"button",class:"quiet",onclick:n("csv"),"aria-label":"Export "+e+" as CSV"},"CSV"),a("button",{type:"b\
utton",class:"quiet",onclick:n("json"),"aria-label":"Export "+e+" as JSON"},"JSON"))}function Ut(e){if(!/^\s*[[{]/.test(e))return e;try{return JSON.stringify(JSON.parse(e),null,2)}catch{return e}}function Wt(e,t){let n=0,o=0,s=Math.min(e.length,
t.length);for(;n<s&&e[n]===t[n];)n++;for(;o<s-n&&e[e.length-1-o]===t[t.length-1-o];)o++;return[e.slice(0,n),a("mark",null,e.slice(n,e.length-o)),e.slice(e.length-
o)]}function Gn(e,t){let n=t.length+1,o=new Uint16Array((e.length+1)*n);for(let l=e.length-1;l>=0;l--)for(let u=t.length-1;u>=0;u--)o[l*n+u]=e[l]===t[u]?o[(l+1)*
n+u+1]+1:Math.max(o[(l+1)*n+u],o[l*n+u+1]);let s=[],r=0,c=0;for(;r<e.length||c<t.length;)r<e.length&&c<t.length&&e[r]===t[c]?s.push([" ",(c++,e[r++])]):c>=t.length||
r<e.length&&o[(r+1)*n+c]>=o[r*n+c+1]?s.push(["-",e[r++]]):s.push(["+",t[c++]]);return s}var qt=400;function Yn(e){let t=Ut(e.expected),n=Ut(e.actual),o=t.split(
`
`),s=n.split(`
`);return e.type==="ADD"||!e.expected?s.map(r=>ie("+",r)):e.type==="REMOVE"||!e.actual?o.map(r=>ie("-",r)):o.length===1&&s.length===1?[ie("-",...Wt(t,n)),ie("+",
...Wt(n,t))]:o.length>qt||s.length>qt?[...o.map(r=>ie("-",r)),...s.map(r=>ie("+",r))]:Gn(o,s).map(([r,c])=>ie(r,c))}function ie(e,...t){let n={"-":"removed","+":"\
added"," ":"same"}[e];return a("div",{class:"line "+n},a("span",{class:"sign"},e===" "?" ":e),a("span",null,t))}var Jn={MODIFIED:"modified",DELETED:"deleted",IN_SYNC:"\
in sync",NOT_CHECKED:"not checked"};function Ft(e){let t=e.differences||[];return a("section",{class:"resource"},a("h4",null,e.logicalId,a("span",{class:"tag"},
Jn[e.status]||e.status)),a("p",{class:"muted small"},e.resourceType,e.physicalId?" · "+e.physicalId:""),e.status==="DELETED"&&a("p",null,"The resource is gone \
from the account."),t.map(n=>a("figure",{class:"diff"},a("figcaption",null,n.path),a("div",{class:"lines"},Yn(n)))),t.length>0&&a("p",{class:"muted small"},"− t\
he template's value, + the live one"))}function Zn(e){return e.startsWith("cn-")?e+".console.amazonaws.cn":e.startsWith("us-gov-")?e+".console.amazonaws-us-gov.com":e+".console.aws.amazon.com"}function Vt(e,t){
return/^[a-z]{2}(-[a-z0-9]+)+$/.test(e)?"https://"+Zn(e)+"/cloudformation/home?region="+e+"#"+t:""}function jt(e){if(!i.links.console)return"";let t=e.id?"/stac\
ksets/"+encodeURIComponent(e.id)+"/stacks":"/stacksets?filteringText="+encodeURIComponent(e.name);return Vt(i.links.home,t)}function $t(e){let{console:t,portal:n,
role:o}=i.links;if(!t)return"";let s=Vt(R(e),"/stacks?filteringText="+encodeURIComponent("StackSet-"+D(e).name+"-"));return!s||!n||!o?s:n.replace(/\/$/,"")+"/#/\
console?account_id="+E(e).id+"&role_name="+encodeURIComponent(o)+"&destination="+encodeURIComponent(s)}function it(e,...t){return e?a("a",{class:"outside",href:e,
target:"_blank",rel:"noopener noreferrer"},t,a("span",{"aria-hidden":"true"}," ↗"),a("span",{class:"hidden"}," (opens the AWS console)")):null}var _e=null;function oe(e){_e=document.activeElement,w({cell:X(e)})}function Ue(){w({cell:""}),_e instanceof HTMLElement&&_e.isConnected&&_e.focus()}var Qn=/^(?:(.*?)\s*AWS says: )?(?:ResourceLogicalId:([^,]*), ?ResourceType:([^,]*), ?ResourceStatusReason:)?(.*)$/s;
function Bt(e){let[,t="",n,o,s]=Qn.exec(e)||[];return s?{ours:t,where:n?n+" · "+o:"",why:s}:{ours:"",where:"",why:e}}var ct=e=>Bt(e).why;function Le(e,t=!0){let{
ours:n,where:o,why:s}=Bt(e);return a("span",{class:"reason"},s,o&&a("span",{class:"muted small where"},o),t&&n&&a("span",{class:"muted small where"},n))}var Xn=e=>({
must:"must be there",may:"may be there",mustNot:"must not be there"})[e]||"is there",K=(e,...t)=>a("div",{class:"fact"},a("dt",null,e),a("dd",null,t));function eo(e){
let t=D(e),n=E(e);return a("header",null,a("div",{class:"story-top"},ee(T(e)),B(e)!==T(e)&&a("span",{class:"muted small"},"was ",k(B(e)).label.toLowerCase()," b\
efore this run"),a("button",{type:"button",class:"icon","aria-label":"Close",title:"Close (Esc)",onclick:Ue},"✕")),a("h2",{id:"story-title",tabindex:-1},t.name),
a("p",{class:"muted"},N(n),n.name?a("span",{class:"code"}," ",n.id):null," · ",R(e)),a("p",{class:"links"},it($t(e),"Stack in ",N(n)),it(jt(t),"Stack set")))}function to(e){
let t=i.cells,n=i.texts,o=D(e),s=E(e);return a("dl",null,K("Why",Le(j(e)||"No reason was recorded."),n[t.class[e]]&&a("span",{class:"tag"},n[t.class[e]])),K("Sh\
ould it be there?","It ",Xn(n[t.desire[e]]),n[t.because[e]]?": "+n[t.because[e]].replace(/\.$/,""):"","."),K("Where",F(z(e))),K("Account",(s.state||"state unkno\
wn").toLowerCase().replaceAll("_"," ")),n[t.state[e]]?K("In AWS",a("span",{class:"code"},n[t.state[e]])):null,K("Last drift check of the set",ne(O(o.lastDriftCheck))))}
function no(e){let t=i.actions.find(n=>n.id===e.action);return a("li",{class:"step "+(e.remedy==="quarantine"?"bad":G(e.outcome))},a("div",null,a("strong",null,
e.remedy)," ",a("span",{class:"outcome"},e.outcome),e.class&&a("span",{class:"tag"},e.class),a("div",{class:"muted small"},A(O(e.at)))),e.reason&&a("div",{class:"\
small"},Le(e.reason)),t&&a("button",{type:"button",class:"link small",onclick:()=>w({view:"run",action:t.id})},"Show the operation"))}function G(e){return/^(succeeded|healed|restored|done)/i.
test(e)?"ok":/^(fail|denied|lost|quarantin|error)/i.test(e)?"bad":/^(run|start|plan|wait|queue)/i.test(e)?"busy":"partly"}function oo(e){if(!e||!(e.remedy||e.pinned||
e.checked))return null;let t=O(e.notBefore);return a("dl",null,e.remedy?K("Next",e.remedy,isNaN(t)?"":", not before "+A(t)):null,e.pinned?K("It cannot be redepl\
oyed",e.pinned):null,e.checked?K("Its drift was checked",ne(O(e.checked))):null)}function so(e,t){let n=t?.drift||[],o=t?.steps||[];return a("div",null,t?.quarantined&&
a("p",{class:"callout"},"Quarantined since ",A(O(t.quarantined)),"."),oo(t),n.length>0&&a("section",null,a("h3",null,T(e)==="drifted"?"What differs":"What diffe\
red"),n.map(Ft)),o.length>0&&a("section",null,a("h3",null,"What was tried"),a("ol",{class:"steps"},o.map(no))),t?.heals?a("p",{class:"muted small"},"Healed ",y(
t.heals,"time")," within the quarantine window."):null,(i.cells.flags[e]&Je)!==0&&a("p",{class:"muted"},"What differed and was tried is left out of this page to\
 keep it small; report.json has it."),o.length+n.length===0&&(i.cells.flags[e]&Je)===0&&a("p",{class:"muted small"},"Nothing was tried on it in this run."),ao(e))}
function ao(e){let t=i.decisions,n=i.cells,o=[];for(let s=0;s<t.count;s++)t.set[s]===n.set[e]&&t.account[s]===n.account[e]&&t.region[s]===n.region[e]&&o.push(a(
"li",null,a("span",{class:"code muted"},Me(t.start+t.time[s]))," ",a("strong",null,i.texts[t.action[s]])," ",i.texts[t.outcome[s]],a("div",{class:"small"},Le(i.
texts[t.reason[s]]))));return o.length>0&&a("section",null,a("h3",null,"Decisions"),a("ol",{class:"plain"},o))}async function ut(e=!1){let t=S("story"),n=f.cell?
At(f.cell):-1;if(document.body.classList.toggle("telling",f.cell!==""),t.hidden=f.cell==="",t.hidden)return;if(n<0){t.replaceChildren(a("header",null,a("button",
{type:"button",class:"icon","aria-label":"Close",onclick:Ue},"✕"),a("h2",{id:"story-title",tabindex:-1},"Not in this report"),a("p",null,"There is no ",f.cell,
" here.")));return}let o=i.texts[i.cells.hint[n]],s=a("div",{class:"rest"});t.replaceChildren(eo(n),o?a("p",{class:"callout"},a("strong",null,"What to do: "),o):
"",to(n),s),e||(t.scrollTop=0,S("story-title").focus({preventScroll:!0}));let r=(await Se).get(n);f.cell===X(n)&&s.replaceChildren(so(n,r))}var ce=14,ht=8,C=e=>O(e.started),ue=e=>isNaN(O(e.ended))?Math.max(C(e),O(i.dataAt)||0):O(e.ended);function ro(e){let t=[];return e.slice().sort((n,o)=>C(n)-C(o)).
map(n=>{let o=t.findIndex(s=>s<=C(n));return o<0&&(o=t.length),t[o]=ue(n),{action:n,level:o}})}function lo(e){let t=new Map([]);for(let n of e)t.set(n.stackSet,
[...t.get(n.stackSet)||[],n]);return[...t.entries()].sort(([,n],[,o])=>Math.min(...n.map(C))-Math.min(...o.map(C)))}function zt(e){let t=i.actions.filter(h=>!isNaN(
C(h))),n=Math.min(240,e*.28),o=28,s=Math.min(...t.map(C)),r=Math.max(...t.map(ue),s+1e3),c=h=>n+(h-s)/(r-s)*(e-n-12),l=b("svg",{class:"timeline",width:e,role:"g\
roup","aria-label":"Operations over time"}),u=new Map,d=o;for(let[h,p]of lo(t)){let g=ro(p),v=Math.max(...g.map(x=>x.level+1))*(ce+3)+ht;l.append(b("line",{class:"\
grid",x1:0,x2:e,y1:d+v,y2:d+v}),b("text",{class:"lane",x:4,y:d+ht/2+ce-3},dt(i.stackSets[h].name,Math.floor(n/7))));for(let{action:x,level:q}of g)u.set(x.id,{action:x,
start:c(C(x)),end:Math.max(c(C(x))+4,c(ue(x))),y:d+ht/2+q*(ce+3)});d+=v}io(l,s,r,c,d),co(l,u);for(let h of u.values())l.append(ho(h));return uo(l),l.setAttribute(
"height",String(d+6)),l.setAttribute("viewBox","0 0 "+e+" "+(d+6)),l}var dt=(e,t)=>e.length>t?e.slice(0,t-1)+"…":e;function io(e,t,n,o,s){let r=[1,5,10,30,60,
120,300,600,1200,1800,3600,7200,14400,43200,86400].map(l=>l*1e3),c=r.find(l=>(n-t)/l<=8)||r[r.length-1];for(let l=t;l<=n;l+=c)e.append(b("line",{class:"grid",x1:o(
l),x2:o(l),y1:20,y2:s}),o(l)<o(n)-40&&b("text",{class:"tick",x:o(l)+3,y:14},"+"+P((l-t)/1e3))||"")}function co(e,t){let n=[];for(let o of t.values())for(let s of o.
action.after||[]){let r=t.get(s);if(!r)continue;let c=f.action===s||f.action===o.action.id,l=r.end,u=o.start,d=r.y+ce/2,h=o.y+ce/2,p=Math.max(12,(u-l)/2),g=b("p\
ath",{class:"wait"+(c?" chosen":""),d:`M${l} ${d} C${l+p} ${d} ${u-p} ${h} ${u} ${h}`});c?n.push(g):e.append(g)}e.append(...n)}function uo(e){let t=[...e.querySelectorAll(
".op")],n=o=>t.forEach(s=>s.setAttribute("tabindex",s===o?"0":"-1"));n(t.find(o=>o.classList.contains("chosen"))||t[0]),e.addEventListener("keydown",o=>{let s={
ArrowRight:1,ArrowDown:1,ArrowLeft:-1,ArrowUp:-1}[o.key],r=s&&t[t.indexOf(document.activeElement)+s];r&&(o.preventDefault(),n(r),r.focus())})}function ho({action:e,
start:t,end:n,y:o}){let s=e.action.toLowerCase().replaceAll("_"," ")+" "+m(e.cells),r=`${s} of ${i.stackSets[e.stackSet].name}: ${e.outcome}, ${P((ue(e)-C(e))/1e3)}`,
c=()=>w({action:f.action===e.id?"":e.id}),l=b("g",{class:"op "+G(e.outcome)+(f.action===e.id?" chosen":""),role:"button","aria-pressed":String(f.action===e.id),
"aria-label":r,"data-action":e.id,onclick:c,onkeydown:u=>{(u.key==="Enter"||u.key===" ")&&(u.preventDefault(),c())}},b("title",null,r),b("rect",{x:t,y:o,width:n-
t,height:ce,rx:3}));return n-t>s.length*6.4&&l.append(b("text",{x:t+5,y:o+ce-3.5},s)),l}var se=200,we=46,ft=76,fo=16,po=6;function mo(){let e=new Map(i.stackSets.map((o,s)=>[o.name,s])),t=[],n=[];return i.stackSets.forEach((o,s)=>{for(let r of o.dependsOn||
[])e.has(r)&&t.push([e.get(r),s]);for(let r of o.antiDependsOn||[]){let c=e.get(r);c!==void 0&&!n.some(([l,u])=>l===c&&u===s)&&n.push([s,c])}}),{needs:t,conflicts:n}}
function go(e,t){let n=new Map(e.flatMap((c,l)=>c.map(u=>[u,l]))),o=e.map(c=>c.map(l=>({x:0,y:0,height:we,set:l,from:[]}))),s=new Map(o.flat().map(c=>[c.set,c])),
r=[];for(let[c,l]of t){let u=s.get(c),d=s.get(l);if(!u||!d)continue;let h=[u];for(let p=(n.get(c)??0)+1;p<(n.get(l)??0);p++){let g={x:0,y:0,height:po,set:-1,from:[
h[h.length-1]]};o[p].push(g),h.push(g)}d.from.push(h[h.length-1]),r.push([...h,d])}return o.forEach(wo),{boxes:s,ways:r,height:Math.max(...o.map(c=>Math.max(...c.
map(l=>l.y+l.height))))}}function wo(e,t){let n=r=>r.from.length?r.from.reduce((c,l)=>c+l.y+l.height/2,0)/r.from.length:1e6,o=new Map(e.map(r=>[r,n(r)])),s=34;for(let r of e.
sort((c,l)=>(o.get(c)??0)-(o.get(l)??0)||c.set-l.set))r.x=10+t*(se+ft),r.y=s,s+=r.height+fo}function Kt(){let{needs:e,conflicts:t}=mo(),n=new Set([...e,...t].flat()),
o=i.levels.map(l=>l.filter(u=>n.has(u))),s=[...n].filter(l=>!o.some(u=>u.includes(l)));s.length&&o.push(s);let r=o.filter(l=>l.length>0),c=i.stackSets.map((l,u)=>u).
filter(l=>!n.has(l));return a("section",{class:"panel","aria-labelledby":"graph-title"},a("div",{class:"panel-head"},a("h2",{id:"graph-title"},"Dependencies"),a(
"span",{class:"muted"},y(e.length,"dependency","dependencies"),", ",y(t.length,"conflict"),", ",y(r.length,"level")),ge("dependencies",()=>({header:["from","rel\
ation","to"],rows:[...e.map(([l,u])=>[i.stackSets[u].name,"dependsOn",i.stackSets[l].name]),...t.map(([l,u])=>[i.stackSets[l].name,"antiDependsOn",i.stackSets[u].
name])]}))),n.size>0?a("div",{class:"graph-box",tabindex:0,role:"region","aria-label":"Dependency graph, scrollable"},bo(r,e,t)):a("p",{class:"none"},"No stack \
set depends on another, and none conflict."),n.size>0&&a("p",{class:"muted small pad"},a("span",{class:"key need"})," is created before, and deleted after, what\
 it points to   ",a("span",{class:"key conflict"})," never share a target"),c.length>0&&a("div",{class:"pad"},a("h3",null,"On their own"),a("ul",{class:"cells"},
c.map(l=>a("li",null,a("button",{type:"button",class:"cell-link",onclick:()=>w({view:"fleet",set:i.stackSets[l].name})},i.stackSets[l].name))))))}function bo(e,t,n){
let{boxes:o,ways:s,height:r}=go(e,t),c=e.length*(se+ft),l=r+16,u=b("svg",{class:"graph",width:c,height:l,viewBox:`0 0 ${c} ${l}`,role:"group","aria-label":"Depe\
ndencies between stack sets"});e.forEach((d,h)=>u.append(b("text",{class:"level",x:10+h*(se+ft),y:18},"Level "+h)));for(let d of s)u.append(yo(d));for(let[d,h]of n){
let p=o.get(d),g=o.get(h);p&&g&&u.append(ko(p,g))}for(let d of o.values())u.append(vo(d,t));return u}function yo(e){let t="",n=0,o=0;e.forEach((r,c)=>{let l=r.x-
(c===e.length-1?7:0),u=r.y+r.height/2,d=Math.max(30,(l-n)/2);c>0&&(t+=`C${n+d} ${o} ${l-d} ${u} ${l} ${u} `),n=r.x+se,o=u,c<e.length-1&&(t+=(c===0?"M":"L")+`${n}\
 ${o} `)});let s=e[e.length-1];return b("g",{class:"need"},b("path",{d:t}),b("path",{class:"tip-mark",d:`M${s.x-7} ${o-4} l7 4 l-7 4 z`}))}function ko(e,t){if(e.
x===t.x){let s=e.y+we/2,r=t.y+we/2,c=e.x+se;return b("path",{class:"conflict",d:`M${c} ${s} C${c+40} ${s} ${c+40} ${r} ${c} ${r}`})}let[n,o]=e.x<t.x?[e,t]:[t,e];
return b("path",{class:"conflict",d:`M${n.x+se} ${n.y+we-8} L${o.x} ${o.y+we-8}`})}function vo({set:e,x:t,y:n},o){let s=i.stackSets[e],r=s.after||{},c=I.reduce(
(v,x)=>v+(r[x]||0),0)||1,l=o.filter(([,v])=>v===e).map(([v])=>i.stackSets[v].name),u=o.filter(([v])=>v===e).map(([,v])=>i.stackSets[v].name),d=()=>w({view:"flee\
t",set:s.name}),h=s.name+"; needs "+(l.join(", ")||"nothing")+"; needed by "+(u.join(", ")||"nothing")+"; "+y(M(r),"cell")+" not healthy",p=b("g",{class:"node"+
(f.set===s.name?" chosen":""),tabindex:0,role:"link","aria-label":h,onclick:d,onkeydown:v=>v.key==="Enter"&&d()},b("title",null,h),b("rect",{class:"box",x:t,y:n,
width:se,height:we,rx:8}),b("text",{x:t+12,y:n+20},dt(s.name,26))),g=t+12;for(let v of I.slice().reverse()){let x=(r[v]||0)/c*(se-24);x>0&&p.append(b("rect",{class:"\
v-"+v,x:g,y:n+31,width:Math.max(1.5,x),height:6})),g+=x}return p}function be(e,t,n=104,o=24){if(e.length<2)return a("span",{class:"muted small"},"no history yet");let s=Math.max(1,...e),r=(n-6)/(e.length-1),c=e.map((h,p)=>[3+
p*r,o-3-h/s*(o-6)]),l=c.map(([h,p])=>h.toFixed(1)+","+p.toFixed(1)).join(" "),[u,d]=c[c.length-1];return b("svg",{class:"spark",viewBox:"0 0 "+n+" "+o,width:n,height:o,
role:"img","aria-label":t+": "+e.join(", ")},b("polygon",{class:"area",points:"3,"+(o-2)+" "+l+" "+u+","+(o-2)}),b("polyline",{points:l}),b("circle",{cx:u,cy:d,
r:2.4}))}function Gt(e,t,n){let o=I.filter(g=>g!=="healthy"),s=52,r=22,c=e.map(g=>o.reduce((v,x)=>v+(g.before[x]||0),0)),l=So(Math.max(1,...c)),u=(t-s)/e.length,
d=Math.max(2,Math.min(34,u*.7)),h=g=>(n-r-8)*(1-g/l)+8,p=b("svg",{class:"chart",viewBox:"0 0 "+t+" "+n,role:"img","aria-label":"What each of the last "+e.length+
" runs found wrong"});for(let g of[0,l/2,l])p.append(b("line",{class:"grid",x1:s,x2:t,y1:h(g),y2:h(g)}),b("text",{x:s-8,y:h(g)+4,"text-anchor":"end"},m(g)));return e.
forEach((g,v)=>{let x=0,q=b("g",null,b("title",null,xo(g)));for(let Y of o){let J=g.before[Y]||0;J&&q.append(b("rect",{class:"v-"+Y,x:s+v*u+(u-d)/2,width:d,y:h(
x+J),height:Math.max(.5,h(x)-h(x+J))})),x+=J}p.append(q),v%Math.ceil(e.length/8)===0&&p.append(b("text",{x:s+v*u+u/2,y:n-4,"text-anchor":"middle"},A(O(g.at)).slice(
5,10)))}),p}function xo(e){let t=I.filter(n=>n!=="healthy"&&e.before[n]).map(n=>m(e.before[n])+" "+k(n).label.toLowerCase());return A(O(e.at))+" ("+e.result+"):\
 "+(t.join(", ")||"nothing wrong")+"; left wrong: "+m(M(e.after))}function So(e){let t=10**Math.floor(Math.log10(e));return(e<10?[2,4,6,8,10]:[1,1.2,1.6,2,2.4,3,
4,5,6,8,10].map(o=>o*t)).find(o=>o>=e)||e}function Oo(e){let t=[];return e.forEach((n,o)=>{let s=t.at(-1);s&&s.state===n.state?s.end=o+1:t.push({state:n.state,start:o,
end:o+1})}),t}function Yt(e,t){let n=Oo(t.map(s=>({state:s}))),o=s=>(s.state?k(s.state).label:"not there")+" for "+y(s.end-s.start,"run");return a("div",{class:"\
states",role:"img","aria-label":e+": "+n.map(o).join(", ")},n.map(s=>a("span",{class:s.state?"v-"+k(s.state).name:"absent",title:o(s),style:{"flex-grow":s.end-s.
start}},s.state&&H(s.state,12))))}function We(e,t){let n=e.map(o=>({item:o,key:t(o)}));return n.sort((o,s)=>o.key<s.key?-1:o.key>s.key?1:0),n.map(({item:o})=>o)}function Jt(e){let t={lanes:[],groups:[]};
for(let{label:n,more:o,groupLabel:s}of e){let r=t.groups.at(-1);(!r||r.label!==s)&&t.groups.push(r={label:s,start:t.lanes.length,end:t.lanes.length}),t.lanes.push(
{label:n,more:o,group:t.groups.length-1}),r.end=t.lanes.length}return t}function pt(e){let t=i.cells,n=new Map;for(let l of e)n.has(t.account[l])||n.set(t.account[l],
z(l));let o=new Map([...new Set(n.values())].map(l=>[l,F(l)])),s=l=>o.get(n.get(l)??-1)||"",r=We([...n.keys()],l=>s(l)+"\0"+N(i.accounts[l])+i.accounts[l].id);return{
axis:Jt(r.map(l=>({label:N(i.accounts[l]),more:i.accounts[l].id,groupLabel:s(l)}))),place:new Map(r.map((l,u)=>[l,u]))}}function Eo(e){let t=i.cells,n=i.regions.
length,o=new Map(i.levels.flatMap((l,u)=>l.map(d=>[d,u]))),s=new Set;for(let l of e)s.add(t.set[l]*n+t.region[l]);let r=We([...s],l=>{let u=Math.floor(l/n);return String(
o.get(u)??999).padStart(3,"0")+i.stackSets[u].name+"\0"+i.regions[l%n]});return{axis:Jt(r.map(l=>({label:i.regions[l%n],more:"",groupLabel:i.stackSets[Math.floor(
l/n)].name}))),place:new Map(r.map((l,u)=>[l,u]))}}function Zt(e){let t=i.cells,n=f.by!=="set",o=i.regions.length,s=pt(e),r=Eo(e),c=n?s.axis:r.axis,l=n?r.axis:s.
axis,u=new Int32Array(c.lanes.length*l.lanes.length);for(let d=0;d<t.count;d++){let h=s.place.get(t.account[d]),p=r.place.get(t.set[d]*o+t.region[d]);h===void 0||
p===void 0||(u[n?h*l.lanes.length+p:p*l.lanes.length+h]=d+1)}return{rows:c,columns:l,at:u,byUnit:n}}function qe(e,t,n,o,s){let r=new Float64Array(e.lanes.length+
1),c=o;for(let{start:l,end:u}of e.groups){l>0&&(c+=n);for(let d=l;d<u;d++)r[d]=c+(d-l)*t;c+=Math.max(s,(u-l)*t)}return r[e.lanes.length]=c,r}function ae(e,t){let n=0,
o=e.length-2;for(;n<o;){let s=n+o+1>>1;e[s]<=t?n=s:o=s-1}return n}var Ae=10,mt=new Map,Fe=a("span",{hidden:!0}),Xt=()=>mt.clear();function V(e){let t=mt.get(e);if(t)return t;Fe.isConnected||document.body.append(Fe),Fe.style.color=
"var("+e+")";let n=getComputedStyle(Fe).color;return mt.set(e,n),n}function Co(e,t,n){let o=document.createElement("canvas"),s=t>4?t-(t>8?2:1):t;o.width=o.height=
Math.max(1,Math.round(s*n));let r=o.getContext("2d"),c=k(e);return r.scale(o.width/16,o.height/16),r.fillStyle=V("--v-"+c.name),c.name==="notChecked"?Lo(r,t):c.
name==="removed"?Mo(r):(r.beginPath(),r.roundRect(0,0,16,16,t>8?3:0),r.fill()),t>=Ae&&c.name!=="removed"&&(r.strokeStyle=V(c.name==="notChecked"?"--v-notChecked\
-ink":"--v-"+c.name+"-ink"),r.globalAlpha=c.name==="healthy"?.5:1,r.lineWidth=t<14?2.4:1.9,r.lineCap=r.lineJoin="round",r.stroke(new Path2D(c.path))),o}function Mo(e){
e.beginPath(),e.arc(8,8,2.2,0,2*Math.PI),e.fill()}function Lo(e,t){if(e.strokeStyle=V("--v-notChecked"),e.lineWidth=t<8?4:1.6,t<8)return e.strokeRect(2,2,12,12);
e.beginPath(),e.roundRect(.8,.8,14.4,14.4,3),e.stroke()}function en(e,t,n,o){let{size:s,tall:r,x:c,y:l}=n,u=t.columns.lanes.length,d=window.devicePixelRatio||1,
h=f.when==="before"?i.cells.before:i.cells.verdict,p=i.verdicts.map(de=>Co(de,s,d)),g=s>4?s-(s>8?2:1):s,v=g+(r-s),[x,q,Y,J]=tn(t,n);for(let de of[!0,!1]){e.globalAlpha=
de?.13:1;for(let fe=x;fe<=q;fe++)for(let Ne=Y;Ne<=J;Ne++){let ze=t.at[fe*u+Ne]-1;ze>=0&&o[ze]===0===de&&e.drawImage(p[h[ze]],c[Ne],l[fe],g,v)}}e.globalAlpha=1}function tn(e,t){
let{x:n,y:o,left:s,top:r,width:c,height:l,headWidth:u,headHeight:d}=t;return[ae(o,r),ae(o,r+l-d),ae(n,s),ae(n,s+c-u)]}function nn(e,t,n){let{tall:o,y:s,headWidth:r}=n,
[c,l]=tn(t,n),{lanes:u,groups:d}=t.rows;e.textBaseline="middle";for(let h=u[c]?.group??0;h<=(u[l]?.group??-1);h++){let{label:p,start:g}=d[h];t.byUnit?Qt(e,p,s[g]-
9,r-20):Qt(e,p,s[g]+Math.max(6.5,o/2),r-(o<10?20:84))}if(!(o<10)){e.font="11px "+Te,e.fillStyle=V("--muted");for(let h=c;h<=l;h++){let p=gt(e,L(u[h].label),t.byUnit?
r-30:74);t.byUnit?e.fillText(p,20,s[h]+o/2-.5):(e.textAlign="right",e.fillText(p,r-8,s[h]+o/2-.5),e.textAlign="left")}}}var Te='Inter, ui-sans-serif, system-ui,\
 -apple-system, "Segoe UI", sans-serif';function Qt(e,t,n,o){e.font="600 11.5px "+Te,e.fillStyle=V("--text"),e.fillText(gt(e,L(t),o,!0),12,n)}function gt(e,t,n,o=!1){
if(e.measureText(t).width<=n)return t;let s=Math.floor(t.length*n/e.measureText(t).width),r=()=>o?"…"+t.slice(t.length-s):t.slice(0,s)+"…";for(;s>1&&e.measureText(
r()).width>n;)s--;return r()}function on(e,t,n){let{size:o,x:s,headHeight:r}=n,{groups:c}=t.columns,l=-1/0;e.font="600 11px "+Te,e.fillStyle=V("--text"),e.textBaseline=
"middle";for(let{label:u,start:d,end:h}of c){let p=(s[d]+s[h-1]+o)/2;p<l||(l=p+14,e.save(),e.translate(p,r-8),e.rotate(-Math.PI/4),e.fillText(gt(e,L(u),(r-16)*1.35,
!0),0,0),e.restore())}}var Ao=500,De=new Set;window.addEventListener("beforeprint",()=>De.forEach(e=>e.paint(!0,!0)));window.addEventListener("afterprint",()=>De.forEach(e=>e.paint(!0)));
var W=class{constructor(t){this.options=t,this.rowHeight=t.rowHeight||36,this.rows=[],this.sort=To(t.name)||t.sort||"",this.first=-1,this.shown=0,this.body=a("t\
body"),this.head=a("tr",{"aria-rowindex":1});let n=t.columns.map(o=>parseFloat(o.width||"8rem"));this.table=a("table",{class:"data","aria-label":t.label,style:{
"min-width":n.reduce((o,s)=>o+s,0)+"rem"}},a("colgroup",null,n.map(o=>a("col",{style:{width:o+"rem"}}))),a("thead",null,this.head),this.body),this.scroller=a("d\
iv",{class:"scroller",tabindex:0,role:"region","aria-label":t.label+", scrollable",onscroll:()=>this.paint(!1)},this.table),this.tally=a("span",{class:"muted ta\
lly"}),this.element=a("div",{class:"table-box"},a("div",{class:"table-tools"},this.tally,ge(t.name,()=>this.exported())),this.scroller),new ResizeObserver(()=>this.
paint(!1)).observe(this.scroller),De.add(this),this.paintHead()}show(t){this.rows=t.slice(),this.order(),this.tally.textContent=y(t.length,"row"),this.table.setAttribute(
"aria-rowcount",String(t.length+1)),this.paint(!0)}order(){let t=this.sort.startsWith("-"),n=this.sort.replace(/^-/,""),o=this.options.columns.find(r=>r.key===n);
if(!o)return;let s=new Map(this.rows.map(r=>[r,o.value(r)]));this.rows.sort((r,c)=>{let l=s.get(r),u=s.get(c);return(l<u?-1:l>u?1:0)*(t?-1:1)||r-c})}sortBy(t){let n=t.
key,o="-"+t.key,s=t.number?o:n,r=t.number?n:o;this.sort=this.sort===s?r:s,Do(this.options.name,this.sort),this.order(),this.paintHead(),this.scroller.scrollTop=
0,this.paint(!0)}paintHead(){this.head.replaceChildren(...this.options.columns.map(t=>{let n=this.sort===t.key?"ascending":this.sort==="-"+t.key?"descending":"n\
one",o=document.activeElement?.getAttribute("data-sort")===t.key&&this.head.contains(document.activeElement),s=a("button",{type:"button","data-sort":t.key,title:t.
title,onclick:()=>this.sortBy(t)},t.head?[t.head,a("span",{class:"hidden"},t.label)]:t.label,a("span",{class:"arrow","aria-hidden":"true"},n==="ascending"?"↑":
n==="descending"?"↓":""));return o&&queueMicrotask(()=>s.focus()),a("th",{scope:"col","aria-sort":n,class:t.number?"number":null},s)}))}paint(t,n=!1){let o=Math.
ceil((this.scroller.clientHeight||600)/this.rowHeight)+8,s=n?0:Math.max(0,Math.min(Math.floor(this.scroller.scrollTop/this.rowHeight)-4,this.rows.length-o));if(!t&&
s===this.first&&this.shown===o)return;this.first=s,this.shown=o;let r=Math.min(this.rows.length,n?Ao:s+o),c=[];s>0&&c.push(this.gap(s));for(let l=s;l<r;l++)c.push(
this.line(l));r<this.rows.length&&c.push(n?this.note("and "+m(this.rows.length-r)+" more"):this.gap(this.rows.length-r)),this.rows.length===0&&c.push(this.note(
this.options.none||"Nothing matches.")),this.body.replaceChildren(...c)}gap(t){return a("tr",{"aria-hidden":"true",class:"gap"},a("td",{colspan:this.options.columns.
length,style:{height:t*this.rowHeight+"px"}}))}note(t){return a("tr",null,a("td",{colspan:this.options.columns.length,class:"none"},t))}line(t){let n=this.rows[t],
{columns:o,open:s}=this.options,r=o.map((l,u)=>this.field(l,n,u===0)),c=a("tr",{"aria-rowindex":t+2,class:s?"opens":null,style:{height:this.rowHeight+"px"}},r);
return s&&c.addEventListener("click",l=>l.target.closest("a, button")||s(n)),c}field(t,n,o){let{open:s,openLabel:r}=this.options,c=t.show?t.show(n):t.value(n),l=t.
number?"number":null;return o?s?a("th",{scope:"row",class:l},a("button",{type:"button",class:"link",title:r?r(n):null,onclick:()=>s(n)},c)):a("th",{scope:"row",
class:l},c):a("td",{class:l},c)}exported(){let{columns:t}=this.options;return{header:t.map(n=>n.key),rows:this.rows.map(n=>t.map(o=>o.value(n)))}}};function To(e){
let t=f.sort.split(",").find(n=>n.startsWith(e+"."));return t?t.slice(e.length+1):""}function Do(e,t){let n=f.sort.split(",").filter(o=>o&&!o.startsWith(e+"."));
w({sort:[...n,e+"."+t].join(",")})}var Re=[2,3,4,6,8,10,12,14,16,20,26],wt=22,sn=6,yt=class{constructor(){this.canvas=a("canvas",{"aria-hidden":"true"}),this.space=a("div",{class:"matrix-space"},
this.canvas),this.scroller=a("div",{class:"matrix",tabindex:0,role:"application","aria-label":"Fleet matrix","aria-roledescription":"matrix","aria-describedby":"\
matrix-help",onscroll:()=>this.later(),onmousemove:t=>this.hover(t),onmouseleave:()=>this.point(-1,-1),onclick:t=>this.click(t),onkeydown:t=>this.key(t),onwheel:t=>this.
wheel(t)},this.space),this.tip=a("div",{class:"tip",hidden:!0}),this.voice=a("div",{class:"hidden",role:"status"}),this.element=a("div",{class:"matrix-box"},this.
scroller,this.tip,this.voice,a("p",{id:"matrix-help",class:"hidden"},"Arrow keys move from cell to cell, Enter opens its story, plus and minus zoom, 0 fits the \
width.")),this.row=this.column=-1,this.frame=0,new ResizeObserver(()=>this.resize()).observe(this.scroller)}show(t){this.mask=t.mask,this.layout=Zt(te()?t.hits:
Array.from(t.mask,(n,o)=>o)),this.row=this.column=-1,this.resize()}resize(){if(!this.layout||!this.scroller.isConnected)return;let{clientWidth:t,clientHeight:n}=this.
scroller;if(t===0)return;let o=t<700?150:230,s=132,r=Number(f.zoom)||this.usual(t-o),c=this.layout.byUnit,l=c?r:Math.max(r,7),u=qe(this.layout.columns,r,r<6?2:sn,
0,0),d=c?qe(this.layout.rows,l,wt,wt,0):qe(this.layout.rows,l,6,4,13);this.camera={size:r,tall:l,width:t,height:n,headWidth:o,headHeight:s,x:u,y:d,left:0,top:0},
this.space.style.width=o+u[u.length-1]+70+"px",this.space.style.height=s+d[d.length-1]+12+"px";let h=window.devicePixelRatio||1;this.canvas.width=t*h,this.canvas.
height=n*h,this.canvas.style.width=t+"px",this.canvas.style.height=n+"px",this.paint()}fit(t,n){let o=this.layout?.columns,s=o?.lanes.length||1,r=o?.groups.length||
0;return Re.findLast(c=>c<=n&&s*c+r*(c<6?2:sn)+70<=t)||Re[0]}usual(t){let n=this.fit(t,16),o=this.layout?.columns.lanes.length||1;return n<Ae&&o*Ae<t*1.4?Ae:n}later(){
this.frame||(this.frame=requestAnimationFrame(()=>this.paint()))}paint(){this.frame=0;let{camera:t,layout:n,mask:o}=this,s=this.canvas.getContext("2d");if(!t||!n||
!o||!s)return;t.left=this.scroller.scrollLeft,t.top=this.scroller.scrollTop;let{width:r,height:c,headWidth:l,headHeight:u,left:d,top:h}=t,p=window.devicePixelRatio||
1;if(s.setTransform(p,0,0,p,0,0),s.clearRect(0,0,r,c),n.rows.lanes.length===0)return this.paintNothing(s);this.clipped(s,l,u,r,c,l-d,u-h,()=>{en(s,n,t,o),this.paintCursor(
s)}),this.clipped(s,0,u,l-2,c,0,u-h,()=>nn(s,n,t)),this.clipped(s,l,0,r,u,l-d,0,()=>on(s,n,t))}paintNothing(t){t.font="14px "+Te,t.fillStyle=V("--muted"),t.fillText(
"Nothing matches.",24,40)}clipped(t,n,o,s,r,c,l,u){t.save(),t.beginPath(),t.rect(n,o,s-n,r-o),t.clip(),t.translate(c,l),u(),t.restore()}paintCursor(t){if(!this.
camera||this.row<0)return;let{x:n,y:o,size:s,tall:r}=this.camera;t.strokeStyle=V("--text"),t.lineWidth=2,t.strokeRect(n[this.column]-2,o[this.row]-2,s+2,r+2)}cell(){
return this.layout&&this.row>=0?this.layout.at[this.row*this.layout.columns.lanes.length+this.column]-1:-1}hover(t){let n=this.placeOf(t);if(!n)return this.point(
-1,-1);this.point(n.row,n.column),this.tell(t.clientX,t.clientY)}placeOf(t){if(!this.camera||!this.layout||this.layout.at.length===0)return null;let n=this.scroller.
getBoundingClientRect(),{camera:o}=this,s=t.clientX-n.left-o.headWidth+o.left,r=t.clientY-n.top-o.headHeight+o.top;if(t.clientX-n.left<o.headWidth||t.clientY-n.
top<o.headHeight)return null;let c=ae(o.x,s),l=ae(o.y,r);return s>=o.x[c]&&s<o.x[c]+o.size&&r>=o.y[l]&&r<o.y[l]+o.tall?{row:l,column:c}:null}point(t,n){t===this.
row&&n===this.column||(this.row=t,this.column=n,t<0&&(this.tip.hidden=!0),this.later())}tell(t,n){let o=this.cell();if(this.tip.hidden=o<0,o<0)return;this.tip.replaceChildren(
a("div",null,ee(an(o)),B(o)!==T(o)&&a("span",{class:"muted small"},f.when==="before"?" then "+k(T(o)).label.toLowerCase():" was "+k(B(o)).label.toLowerCase())),
a("strong",null,D(o).name),a("div",{class:"muted"},N(E(o))," · ",R(o)),a("div",{class:"reason small"},ct(j(o))));let s=this.element.getBoundingClientRect();this.
tip.style.left=Math.min(t-s.left+14,s.width-330)+"px",this.tip.style.top=n-s.top+18+"px"}click(t){let n=this.placeOf(t);n&&(this.point(n.row,n.column),this.cell()>=
0&&oe(this.cell()))}wheel(t){!t.ctrlKey&&!t.metaKey||(t.preventDefault(),this.zoom(t.deltaY<0?1:-1))}zoom(t){let n=Re.indexOf(this.camera?.size||14);w({zoom:String(
Re[Math.max(0,Math.min(Re.length-1,n+t))])})}fitWidth(){this.camera&&w({zoom:String(this.fit(this.camera.width-this.camera.headWidth,26))})}key(t){let n={ArrowLeft:[
0,-1],ArrowRight:[0,1],ArrowUp:[-1,0],ArrowDown:[1,0],PageUp:[-10,0],PageDown:[10,0],Home:[0,-1e6],End:[0,1e6]};if(!(t.ctrlKey||t.metaKey||t.altKey)){if(n[t.key])
this.move(...n[t.key]);else if(t.key==="Enter"&&this.cell()>=0)oe(this.cell());else if(t.key==="+"||t.key==="=")this.zoom(1);else if(t.key==="-")this.zoom(-1);else if(t.
key==="0")this.fitWidth();else return;t.preventDefault()}}move(t,n){if(!this.layout||!this.camera||this.layout.at.length===0)return;let o=(de,fe)=>Math.max(0,Math.
min(fe-1,de)),s=this.row<0;this.point(o(s?0:this.row+t,this.layout.rows.lanes.length),o(s?0:this.column+n,this.layout.columns.lanes.length)),this.reveal();let r=this.
cell(),c=this.layout.rows,l=this.layout.columns,u=c.lanes[this.row].label+", "+c.groups[c.lanes[this.row].group].label+"; "+l.groups[l.lanes[this.column].group].
label+", "+l.lanes[this.column].label;this.voice.textContent=L(r<0?u+": no instance, and none is wanted":k(an(r)).label+": "+u+". "+j(r));let d=this.scroller.getBoundingClientRect(),
{x:h,y:p,left:g,top:v,headWidth:x,headHeight:q,size:Y,tall:J}=this.camera;this.tell(d.left+x+h[this.column]-g+Y,d.top+q+p[this.row]-v+J)}reveal(){if(!this.camera)
return;let{x:t,y:n,size:o,tall:s,width:r,height:c,headWidth:l,headHeight:u}=this.camera,d=this.scroller;d.scrollLeft=Math.max(Math.min(d.scrollLeft,t[this.column]-
10),t[this.column]+o+10-(r-l)),d.scrollTop=Math.max(Math.min(d.scrollTop,n[this.row]-wt),n[this.row]+s+10-(c-u)),this.camera.left=d.scrollLeft,this.camera.top=d.
scrollTop}},an=e=>f.when==="before"?B(e):T(e);function kt(){let e=i.texts,t=i.cells;return[{key:"stackSet",label:"Stack set",width:"15rem",value:n=>D(n).name},{
key:"account",label:"Account",width:"9rem",value:n=>E(n).id,show:n=>a("span",{class:"code"},E(n).id)},{key:"accountName",label:"Name",width:"12rem",value:n=>E(n).
name||""},{key:"ou",label:"OU",width:"12rem",value:n=>F(z(n))},{key:"region",label:"Region",width:"8rem",value:R},{key:"verdict",label:"Verdict",width:"9rem",value:T,
show:n=>ee(T(n))},{key:"before",label:"Before",width:"9rem",value:B,show:n=>ee(B(n))},{key:"reason",label:"Reason",width:"26rem",value:j,show:n=>a("span",{title:j(
n)},ct(j(n)))},{key:"hint",label:"Hint",width:"18rem",value:n=>e[t.hint[n]],show:n=>a("span",{title:e[t.hint[n]]},e[t.hint[n]])}]}function bt(e,t,n){return a("d\
iv",{class:"segmented",role:"group","aria-label":e},n.map(([o,s])=>a("button",{type:"button","aria-pressed":String(f[t]===o),onclick:()=>w({[t]:o})},s)))}var U=null,
rn=()=>U;function ln(){U=null}function cn(){let e=_(),t=f.as==="table",n=a("div",{class:"panel-tools"},bt("Shown as","as",[["matrix","Matrix"],["table","Table"]]),
!t&&bt("Rows","by",[["ou","Accounts by OU"],["set","Stack sets"]]),bt("State","when",[["after","Now"],["before","Before the run"]]),!t&&a("div",{class:"segmente\
d",role:"group","aria-label":"Zoom"},a("button",{type:"button","aria-label":"Zoom out",onclick:()=>U?.zoom(-1)},"−"),a("button",{type:"button","aria-label":"Z\
oom in",onclick:()=>U?.zoom(1)},"+"),a("button",{type:"button",onclick:()=>U?.fitWidth()},"Fit"))),o=a("section",{class:"panel","aria-labelledby":"fleet-title"},
a("div",{class:"panel-head"},a("h2",{id:"fleet-title"},"The fleet"),a("span",{class:"muted"},y(e.hits.length,"cell")),n));if(t){let r=new W({name:"cells",label:"\
Cells",columns:kt(),open:oe,openLabel:c=>"Story of "+X(c),rowHeight:34});return r.show(e.hits),o.append(r.element),o}let s=U;return U=new yt,o.append(Ro(),U.element),
U.show(e),s&&s.layout?.at.length===U.layout?.at.length&&U.point(s.row,s.column),o}function Ro(){return a("ul",{class:"legend"},["removed",...I].reverse().map(e=>a(
"li",{title:k(e).meaning},H(e,14),k(e).label)),a("li",{class:"muted"},a("span",{class:"blank"}),"none wanted"))}function dn(){let e=i.history;if(e.length<2)return[a("section",{class:"panel"},a("div",{class:"panel-head"},a("h2",null,"History")),a("p",{class:"none"},"There \
is no history yet: it begins with the second run.")),un(),hn()];let t=le({class:"chart-box"},n=>Gt(e,n,220));return[a("section",{class:"panel","aria-labelledby":"\
history-title"},a("div",{class:"panel-head"},a("h2",{id:"history-title"},"History"),a("span",{class:"muted"},"found by the last ",y(e.length,"run"),", before he\
aling")),Io(e),t,Ho(),Po()),un(),hn()]}function No(e){let t=e.slice().sort((o,s)=>o-s),n=t.length>>1;return t.length===0?NaN:t.length%2?t[n]:(t[n-1]+t[n])/2}function Io(e){
let t=e.filter(s=>s.healSeconds),n=e[e.length-1],o=(s,r,c)=>a("div",null,a("dt",null,s),a("dd",null,r,c.length>1&&a("div",null,be(c,s,150,30))));return a("dl",{
class:"figures wide"},o("Time to heal, median",t.length?P(No(t.map(s=>s.healSeconds||0))):"not recorded",t.map(s=>s.healSeconds||0)),o("Found wrong, last run",m(
M(n.before)),e.map(s=>M(s.before))),o("Left wrong, last run",m(M(n.after)),e.map(s=>M(s.after))),o("Not checked, last run",m(n.after.notChecked||0),e.map(s=>s.after.
notChecked||0)),o("Run time, last run",P(n.seconds),e.map(s=>s.seconds)))}function Ho(){let e=i.stackSets.filter(n=>n.history?.length);if(e.length===0)return null;
let t=n=>(n.history||[]).reduce((o,s)=>o+(s.unhealthy?1:0),0);return a("div",{class:"states-box"},a("h3",null,"State of each stack set"),a("p",{class:"muted sma\
ll"},"The worst that each run found; runs that found the same are one stretch. Oldest left."),a("ul",{class:"state-lines"},e.sort((n,o)=>t(o)-t(n)).map(n=>a("li",
null,a("span",{class:"state-name"},n.name),Yt(n.name,(n.history||[]).map(o=>o.worst))))))}function Po(){let e=n=>i.history[n],t=new W({name:"history",label:"Run\
s",sort:"-at",rowHeight:34,columns:[{key:"at",label:"Run at",width:"13rem",value:n=>e(n).at,show:n=>a("span",{class:"code"},A(O(e(n).at)))},{key:"result",label:"\
Result",width:"7rem",value:n=>e(n).result},{key:"before",label:"Found wrong",number:!0,width:"8rem",value:n=>M(e(n).before)},{key:"after",label:"Left wrong",number:!0,
width:"8rem",value:n=>M(e(n).after)},{key:"healed",label:"Healed",number:!0,width:"7rem",value:n=>e(n).healed||0},{key:"attention",label:"For a person",number:!0,
width:"8rem",value:n=>e(n).attention||0},{key:"healSeconds",label:"Time to heal",number:!0,width:"9rem",value:n=>e(n).healSeconds||0,show:n=>e(n).healSeconds?P(
e(n).healSeconds||0):"–"},{key:"seconds",label:"Run time",number:!0,width:"8rem",value:n=>e(n).seconds,show:n=>P(e(n).seconds)},{key:"run",label:"Run",width:"\
16rem",value:n=>e(n).run,show:n=>a("span",{class:"code"},e(n).run)}]});return t.show(i.history.map((n,o)=>o)),t.element}function fn(e,t,n,o,s){let r=a("section",
{class:"panel","aria-labelledby":e+"-title"},a("div",{class:"panel-head"},a("h2",{id:e+"-title"},t))),c=kt().filter(l=>["stackSet","accountName","account","regi\
on","verdict","reason"].includes(l.key));return Se.then(l=>{let{mask:u}=_(),d=[...l.entries()].filter(([p,g])=>u[p]&&o(g,p)).map(([p])=>p);if(d.length===0)return r.
append(a("p",{class:"none"},n));let h=new W({name:e,label:t,columns:[...c.slice(0,4),s,...c.slice(4)],sort:"-"+s.key,open:oe,openLabel:p=>"Story of "+X(p),rowHeight:34});
r.append(h.element),h.show(d)}),r}function un(){return fn("repeat-offenders","Repeat offenders","No cell was healed more than once within the quarantine window.",
t=>(t.heals||0)>1,{key:"heals",label:"Heals",number:!0,width:"6rem",value:t=>Q.get(t)?.heals||0})}function hn(){let e=t=>Q.get(t)?.quarantined||"";return fn("qu\
arantine","Quarantine","Nothing is in quarantine.",(t,n)=>T(n)==="quarantined"||!!t.quarantined,{key:"quarantined",label:"Since",width:"14.5rem",value:e,show:t=>a(
"span",{class:"code"},A(O(e(t))))})}var _o=document.documentElement.dataset.live||"",Ve=e=>_o.replace(/\/$/,"")+"/api/"+e,pn=async()=>{};function mn(e){pn=e}async function gn(){let e=await fetch(Ve(
"state"),{credentials:"same-origin",cache:"no-store"});if(!e.ok)throw new Error("the server answered "+e.status);return e.json()}async function wn(e,t){try{let n=await fetch(
Ve(e),{method:"POST",credentials:"same-origin",headers:{"Content-Type":"application/json"},body:JSON.stringify(t)});return n.ok?(await pn(),""):(await n.text()).
trim()||"The server answered "+n.status+"."}catch(n){return"The server could not be reached: "+n}}function je(e,t){let n=S("live");n.hidden=!1,n.className="live "+e,n.textContent=t}var bn=3e3;function yn(e){if(!i.live)return;mn(e);let t=document.documentElement.
dataset.version||"",n=t,o=0,s=0,r=!1,c=async()=>{if(s=0,n===t||document.hidden)return;if(r)return l(300);let d=n;try{await e(),t=d,je("on","Live")}catch(h){je("\
off",L(h))}o=Date.now(),n!==t&&l(bn)},l=d=>{s||(s=window.setTimeout(c,d))};document.addEventListener("pointerdown",()=>r=!0),document.addEventListener("pointeru\
p",()=>r=!1),document.addEventListener("pointercancel",()=>r=!1),document.addEventListener("visibilitychange",()=>l(0));let u=new EventSource(Ve("events"));u.addEventListener(
"open",()=>je("on","Live")),u.addEventListener("error",()=>je("off","Connection lost")),u.addEventListener("state",d=>{n=d.data,n!==t&&l(Math.max(0,o+bn-Date.now()))})}function kn(e){let t=a("span",{role:"status",class:"small"}),n=o=>async()=>{t.textContent="Sending …";let s=await wn("approvals",{id:e.id,approve:o});t.textContent=
s?"Not accepted: "+L(s):o?"Approved.":"Denied."};return a("p",{class:"decide"},a("button",{type:"button",class:"primary",onclick:n(!0),"aria-label":"Approve "+e.
id},"Approve"),a("button",{type:"button",onclick:n(!1),"aria-label":"Deny "+e.id},"Deny"),t)}var vn=6,vt=30;function Sn(){let{mask:e}=_(),t=i.groups.map(n=>({group:n,cells:Array.from(n.cells).filter(o=>e[o])})).filter(({cells:n})=>n.length>0);return a("\
section",{class:"panel","aria-labelledby":"attention-title"},a("div",{class:"panel-head"},a("h2",{id:"attention-title"},"Needs attention"),a("span",{class:"mute\
d"},t.length?y(t.reduce((n,o)=>n+o.cells.length,0),"cell")+", "+y(t.length,"reason"):""),t.length?ge("attention",()=>qo(t)):null),Vo(),xn(n=>!xt(n)),Fo(),t.slice(
0,vt).map(({group:n,cells:o})=>On(n,o)),t.length>vt&&Uo(t.slice(vt)),t.length===0&&a("p",{class:"none"},i.groups.length?"Nothing that matches the filter needs a\
 person.":"Nothing needs a person."),xn(xt))}function Uo(e){let t=a("button",{type:"button",class:"link pad",onclick:()=>t.replaceWith(...e.map(({group:n,cells:o})=>On(
n,o)))},"Show ",y(e.length,"more reason"));return t}function On(e,t){let{texts:n}=i,o=i.verdicts[e.verdict],s=new Set(t.map(u=>D(u).name)),r=new Set(t.map(u=>E(
u).id)),c=a("ul",{class:"cells"},t.slice(0,vn).map(Wo)),l=t.length>vn&&a("button",{type:"button",class:"link small",onclick:()=>w({...Ie(),view:"fleet",as:"tabl\
e",group:Oe(e)})},"All ",m(t.length)," cells");return a("article",{class:"group"},a("div",{class:"group-mark"},H(o,24)),a("div",{class:"group-body"},a("div",{class:"\
group-top"},a("h3",null,Le(n[e.reason]||"No reason was given",!1)),a("strong",{class:"group-count"},m(t.length))),a("p",{class:"muted small"},k(o).label," · ",
y(s.size,"stack set")," · ",y(r.size,"account"),n[e.class]&&a("span",{class:"tag"},n[e.class])),n[e.hint]&&a("p",{class:"hint"},n[e.hint]),c,l))}function Wo(e){
return a("li",null,a("button",{type:"button",class:"cell-link",onclick:()=>oe(e)},H(T(e),14),a("span",null,D(e).name),a("span",{class:"muted"},N(E(e))," · ",R(
e))))}function qo(e){let t=["group","class","hint","stackSet","account","accountName","region","verdict","reason"],{texts:n}=i,o=e.flatMap(({group:s,cells:r})=>r.
map(c=>[n[s.reason],n[s.class],n[s.hint],D(c).name,E(c).id,E(c).name||"",R(c),T(c),j(c)]));return{header:t,rows:o}}function xt(e){return!!(e.accepted||e.opened)}
function xn(e){let t=new Set(i.approvals.map(n=>n.id));return i.guards.filter(e).filter(n=>!t.has(n.guard+(n.stackSet?":"+n.stackSet:""))).map(n=>{if(!xt(n))return $e(
"Guard "+n.guard,n.stackSet,n.reason,n.hint);let o=$e("Guard "+n.guard+(n.accepted?" (accepted)":" (has opened since)"),n.stackSet,n.reason,"");return o.classList.
remove("notice"),o})}function Fo(){return i.problems.map(e=>$e(e.stops?"Configuration, stops the stack set":"Configuration",e.stackSet,e.text,e.hint))}function $e(e,t,n,o,...s){
return a("article",{class:"group notice"},a("div",{class:"group-mark"},H("blocked",24)),a("div",{class:"group-body"},a("h3",{class:"reason"},n),a("p",{class:"mu\
ted small"},e,t?" · "+t:""),o&&a("p",{class:"hint"},o),s))}function Vo(){return i.approvals.map(e=>$e("Waits for approval"+(e.since?" since "+A(O(e.since)):""),
e.stackSet,e.reason,e.hint,i.live?kn(e):a("p",{class:"small"},"Decide on the command line: ",a("span",{class:"code"},"setmend heal --accept "+e.id))))}var jo=864e5;function St(e){let t=(e.operations||[]).filter(n=>["SUCCEEDED","FAILED","STOPPED"].includes(n.status));return t.length?t.filter(n=>n.status==="SUCC\
EEDED"&&!n.failedInstances).length/t.length:NaN}var En=e=>(e.history||[]).map(t=>t.unhealthy);function $o(e){let t=O(e.lastDriftCheck);return a("span",{class:isNaN(
t)||st()-t>2*jo?"old":null},isNaN(t)?"never":ne(t,!0))}function Bo(e){let t=(e.operations||[])[0];if(!t)return a("span",{class:"muted"},"none");let n={SUCCEEDED:t.
failedInstances?"partly":"ok",FAILED:"bad",STOPPED:"partly"}[t.status]||"busy";return a("span",{title:[t.kind,t.status,t.reason].filter(Boolean).join(": ")},a("\
span",{class:"dot "+n}),t.kind.toLowerCase().replaceAll("_"," ")," ",a("span",{class:"muted small"},ne(O(t.ended||t.created),!0)))}function zo(e){let t=St(e);return isNaN(
t)?a("span",{class:"muted"},"–"):a("span",{class:t<.5?"bad-text":t<.9?"old":null},Math.round(t*100)+" %")}function Ko(e){return a("span",{class:"set-name"},e.
name,e.mandatory&&a("span",{class:"tag",title:"mandatory: must be in every target"},"mandatory"),!e.selfHealing&&a("span",{class:"tag",title:"not tagged selfhea\
ling: reported, not healed"},"report only"))}function Go(){let e=n=>i.stackSets[n],t=I.slice().reverse().map(n=>({key:n,label:k(n).label,title:k(n).label+": "+k(
n).meaning,head:H(n,16),number:!0,width:"3.5rem",value:o=>e(o).after?.[n]||0,show:o=>e(o).after?.[n]?m(e(o).after[n]):a("span",{class:"faint"},"0")}));return[{key:"\
name",label:"Stack set",width:"16.9rem",value:n=>e(n).name,show:n=>Ko(e(n))},{key:"instances",label:"Instances",number:!0,width:"5.6rem",value:n=>e(n).instances,
show:n=>m(e(n).instances)},{key:"state",label:"State",number:!0,width:"6.4rem",value:n=>M(e(n).after||{}),show:n=>pe(e(n).after||{})},...t,{key:"lastDriftCheck",
label:"Drift check",width:"7.6rem",value:n=>e(n).lastDriftCheck||"",show:n=>$o(e(n))},{key:"lastOperation",label:"Last operation",width:"13.6rem",value:n=>e(n).
operations?.[0]?.ended||e(n).operations?.[0]?.created||"",show:n=>Bo(e(n))},{key:"successRate",label:"Success",title:"share of the recent operations that succee\
ded at every instance",number:!0,width:"5.2rem",value:n=>isNaN(St(e(n)))?-1:St(e(n)),show:n=>zo(e(n))},{key:"trend",label:"Trend",width:"8rem",title:"instances \
found unhealthy by the last runs",value:n=>En(e(n)).join(" "),show:n=>be(En(e(n)),"unhealthy instances over the last runs")}]}function Ot(){let e=i.stackSets.map(
(n,o)=>o);if(!te())return e;let t=new Set(_().hits.map(n=>i.cells.set[n]));return e.filter(n=>t.has(n))}function Cn(){let e=new W({name:"stack-sets",label:"Stac\
k sets",columns:Go(),sort:"-state",rowHeight:40,open:t=>w({view:"fleet",set:i.stackSets[t].name}),openLabel:t=>"Show "+i.stackSets[t].name+" in the fleet"});return e.
show(Ot()),a("section",{class:"panel","aria-labelledby":"sets-title"},a("div",{class:"panel-head"},a("h2",{id:"sets-title"},"Stack sets")),e.element)}function Mn(){return[a("div",{class:"columns"},Sn(),a("div",{class:"side"},Qo(),Yo(),Jo(),Zo()))]}function Yo(){let e=Ot().sort((t,n)=>M(i.stackSets[n].after||{})-
M(i.stackSets[t].after||{})||t-n).slice(0,8);return a("section",{class:"panel","aria-labelledby":"worst-title"},a("div",{class:"panel-head"},a("h2",{id:"worst-t\
itle"},"Stack sets"),a("button",{type:"button",class:"link",onclick:()=>w({view:"sets"})},"All ",m(i.stackSets.length))),a("ul",{class:"lines"},e.map(t=>{let n=i.
stackSets[t],o=M(n.after||{});return a("li",null,a("button",{type:"button",class:"link",onclick:()=>w({view:"fleet",set:n.name})},n.name),a("span",{class:o?"wro\
ng":"muted"},o?m(o)+" wrong":m(n.instances)),pe(n.after||{}))})))}function Jo(){let e=new Map;for(let n of i.actions){let o=(n.remedy||n.action.toLowerCase().replaceAll(
"_"," "))+" "+n.outcome;e.set(o,(e.get(o)||0)+n.cells)}let t=[...e.entries()].sort(([,n],[,o])=>o-n).map(([n,o])=>a("li",null,a("span",null,a("span",{class:"do\
t "+G(n.slice(n.indexOf(" ")+1))}),n),a("span",{class:"muted"},y(o,"cell"))));return a("section",{class:"panel","aria-labelledby":"summary-title"},a("div",{class:"\
panel-head"},a("h2",{id:"summary-title"},"This run"),a("button",{type:"button",class:"link",onclick:()=>w({view:"run"})},"Timeline")),t.length?a("ul",{class:"li\
nes two"},t):a("p",{class:"none"},"Nothing was changed."))}function Zo(){if(i.history.length<2)return null;let e=i.history.map(t=>M(t.before));return a("section",
{class:"panel","aria-labelledby":"trend-title"},a("div",{class:"panel-head"},a("h2",{id:"trend-title"},"Found wrong, run by run"),a("button",{type:"button",class:"\
link",onclick:()=>w({view:"history"})},"History")),a("div",{class:"pad"},le({},t=>be(e,"Found wrong",t,56)),a("p",{class:"muted small"},"last ",y(e.length,"run"),
"; highest ",m(Math.max(...e)),", last ",m(e[e.length-1]))))}function Qo(){let e=Array.from({length:i.cells.count},(s,r)=>r);if(e.length===0)return null;let t=pt(
e),n="The whole fleet, a line for each stack set, accounts by OU from left to right. Open the matrix.",o=le({class:"glance"},s=>Xo(t,Math.floor(s)));return a("s\
ection",{class:"panel","aria-labelledby":"glance-title"},a("div",{class:"panel-head"},a("h2",{id:"glance-title"},"The fleet"),a("button",{type:"button",class:"l\
ink",onclick:()=>w({view:"fleet",by:"set"})},"Matrix")),a("button",{type:"button",class:"glance-button","aria-label":n,title:n,onclick:()=>w({view:"fleet",by:"s\
et"})},o))}function Xo({axis:e,place:t},n){let o=es(),s=Math.max(2,Math.min(7,Math.floor(190/o.length))),r=window.devicePixelRatio||1,c=a("canvas",{width:n*r,height:o.
length*s*r,style:{width:n+"px",height:o.length*s+"px"}}),l=c.getContext("2d");if(!l)return c;l.scale(r,r);let u=Math.min(n,e.lanes.length),d=ts(o,t,u/e.lanes.length,
u),{mask:h}=_(),p=i.verdicts.map(v=>V("--v-"+k(v).name)),g=te();return d.forEach((v,x)=>{if(v<0)return;let q=Math.floor(x%u*n/u),Y=Math.floor((x%u+1)*n/u);l.fillStyle=
p[i.cells.verdict[v]],l.globalAlpha=g&&!h[v]?.15:1,l.fillRect(q,Math.floor(x/u)*s,Y-q,s-1)}),c}function es(){let e=new Map(i.levels.flatMap((t,n)=>t.map(o=>[o,n])));
return We(i.stackSets.map((t,n)=>n),t=>String(e.get(t)??999).padStart(3,"0")+i.stackSets[t].name)}function ts(e,t,n,o){let s=i.cells,r=new Map(e.map((d,h)=>[d,h])),
c=new Int32Array(e.length*o).fill(-1),{mask:l}=_(),u=d=>l[d]*100+s.verdict[d];for(let d=0;d<s.count;d++){let h=(r.get(s.set[d])??0)*o+Math.floor((t.get(s.account[d])??
0)*n);(c[h]<0||u(d)>u(c[h]))&&(c[h]=d)}return c}function Ln(){return[ns(),ls()]}function ns(){let e=i.actions.some(n=>!isNaN(C(n))),t=a("section",{class:"panel","aria-labelledby":"run-title"},a("div",{class:"\
panel-head"},a("h2",{id:"run-title"},"What this run did"),a("span",{class:"muted"},y(i.actions.length,"operation"))),os());if(e){let n={class:"timeline-box",tabindex:0,
role:"region","aria-label":"Timeline of operations, scrollable"};t.append(le(n,o=>zt(Math.max(560,o))),ss()||"")}return i.actions.length?t.append(rs()):t.append(
a("p",{class:"none"},"This run changed nothing.")),t}function os(){let{api:e,overrides:t}=i,n=i.actions.reduce((o,s)=>o+(s.action==="DETECT_DRIFT"?0:s.cells),0);
return a("dl",{class:"figures"},he("Duration",P(at())),he("Operations",m(i.actions.length)),he("Cells acted on",m(n)),he("API calls",m(e.calls)),he("of them wri\
tes",m(e.writes)),he("Throttled",m(e.throttled)),he("Overrides restored",m(t.restored)+" of "+m(t.saved)))}var he=(e,t)=>a("div",null,a("dt",null,e),a("dd",null,
t));function ss(){let e=i.actions.find(o=>o.id===f.action);if(!e)return null;let t=i.actions.filter(o=>(o.after||[]).includes(e.id)),n=o=>a("li",null,a("button",
{type:"button",class:"link",onclick:()=>w({action:o})},ye(o)));return a("div",{class:"chosen-action"},a("h3",null,ye(e.id)),a("p",null,a("span",{class:"dot "+G(
e.outcome)}),e.outcome," · ",y(e.cells,"cell")," · ",y(e.accounts.length,"account")," × ",y(e.regions.length,"region")," · ",A(C(e))),e.reason&&a("p",{class:"\
reason"},e.reason),e.operationId&&a("p",{class:"muted small code"},e.operationId),(e.after||[]).length>0&&a("div",null,a("h4",null,"Waited for"),a("ul",{class:"\
plain"},(e.after||[]).map(n))),t.length>0&&a("div",null,a("h4",null,"Waited for it"),a("ul",{class:"plain"},t.map(o=>n(o.id)))))}function ye(e){let t=i.actions.
find(n=>n.id===e);return t?t.action.toLowerCase().replaceAll("_"," ")+" "+i.stackSets[t.stackSet].name+" ("+m(t.cells)+")":e}function as(e){if(f.set&&i.stackSets[e.
stackSet].name!==f.set)return!1;let t=[i.stackSets[e.stackSet].name,e.id,e.action,e.remedy,e.outcome,e.reason,e.operationId,...Array.from(e.accounts,n=>i.accounts[n].
id+" "+(i.accounts[n].name||""))].join(" ").toLowerCase();return me(f.q).every(n=>t.includes(n))}function rs(){let e=n=>i.actions[n],t=new W({name:"operations",
label:"Operations",rowHeight:34,open:n=>w({action:e(n).id}),openLabel:n=>"Show "+ye(e(n).id),columns:[{key:"action",label:"Operation",width:"11rem",value:n=>e(n).
action,show:n=>e(n).action.toLowerCase().replaceAll("_"," ")},{key:"remedy",label:"Remedy",width:"7rem",value:n=>e(n).remedy},{key:"stackSet",label:"Stack set",
width:"15rem",value:n=>i.stackSets[e(n).stackSet].name},{key:"outcome",label:"Outcome",width:"8rem",value:n=>e(n).outcome,show:n=>a("span",null,a("span",{class:"\
dot "+G(e(n).outcome)}),e(n).outcome)},{key:"cells",label:"Cells",number:!0,width:"5rem",value:n=>e(n).cells,show:n=>m(e(n).cells)},{key:"started",label:"Starte\
d",width:"8rem",value:n=>e(n).started||"",show:n=>a("span",{class:"code",title:A(C(e(n)))},Me(C(e(n))))},{key:"seconds",label:"Took",number:!0,width:"7rem",value:n=>isNaN(
C(e(n)))?0:(ue(e(n))-C(e(n)))/1e3,show:n=>P((ue(e(n))-C(e(n)))/1e3)},{key:"after",label:"Waited for",width:"13rem",value:n=>(e(n).after||[]).join(" "),show:n=>(e(
n).after||[]).map(ye).join(", ")},{key:"reason",label:"Reason",width:"26rem",value:n=>e(n).reason,show:n=>a("span",{title:e(n).reason},e(n).reason)},{key:"opera\
tionId",label:"Operation id",width:"18rem",value:n=>e(n).operationId,show:n=>a("span",{class:"code"},e(n).operationId)}]});return t.show(i.actions.map((n,o)=>o).
filter(n=>as(i.actions[n]))),t.element}var re=(e,t)=>t<0?"":e[t];function ls(){let e=i.decisions,{texts:t}=i,n=i.stackSets.map(r=>r.name),o=i.accounts.map(r=>r.
id),s=new W({name:"decisions",label:"Decisions",rowHeight:34,none:e.count?"Nothing matches.":"No decision is recorded here; decisions.jsonl has them.",columns:[
{key:"time",label:"Time",width:"7rem",value:r=>new Date(e.start+e.time[r]).toISOString(),show:r=>a("span",{class:"code",title:A(e.start+e.time[r])},Me(e.start+e.
time[r]))},{key:"stackSet",label:"Stack set",width:"14rem",value:r=>re(n,e.set[r])},{key:"account",label:"Account",width:"12rem",value:r=>re(o,e.account[r]),show:r=>e.
account[r]<0?"":a("span",{title:o[e.account[r]]},N(i.accounts[e.account[r]]))},{key:"region",label:"Region",width:"8rem",value:r=>re(i.regions,e.region[r])},{key:"\
verdict",label:"Verdict",width:"9rem",value:r=>re(i.verdicts,e.verdict[r]),show:r=>e.verdict[r]<0?"":ee(i.verdicts[e.verdict[r]])},{key:"action",label:"Decision",
width:"8rem",value:r=>t[e.action[r]]},{key:"outcome",label:"Outcome",width:"8rem",value:r=>t[e.outcome[r]],show:r=>a("span",null,a("span",{class:"dot "+G(t[e.outcome[r]])}),
t[e.outcome[r]])},{key:"reason",label:"Reason",width:"30rem",value:r=>t[e.reason[r]],show:r=>a("span",{title:t[e.reason[r]]},t[e.reason[r]])},{key:"operationId",
label:"Operation id",width:"18rem",value:r=>t[e.operation[r]],show:r=>a("span",{class:"code"},t[e.operation[r]])}]});return s.show(is()),a("section",{class:"pan\
el","aria-labelledby":"decisions-title"},a("div",{class:"panel-head"},a("h2",{id:"decisions-title"},"Decisions"),i.omitted.decisions?a("span",{class:"muted"},"t\
he newest; "+m(i.omitted.decisions)+" more in decisions.jsonl"):null),s.element)}function is(){let e=i.decisions,{texts:t}=i,n=Z(),o=me(f.q);return Array.from({
length:e.count},(r,c)=>c).filter(r=>{if(f.set&&re(i.stackSets.map(u=>u.name),e.set[r])!==f.set||n.size&&!n.has(re(i.verdicts,e.verdict[r])))return!1;if(o.length===
0)return!0;let c=e.account[r]<0?"":i.accounts[e.account[r]].id+" "+(i.accounts[e.account[r]].name||""),l=[e.set[r]<0?"":i.stackSets[e.set[r]].name,c,re(i.regions,
e.region[r]),re(i.verdicts,e.verdict[r]),t[e.action[r]],t[e.outcome[r]],t[e.reason[r]],t[e.operation[r]]].join(" ").toLowerCase();return o.every(u=>l.includes(u))})}var cs=5;function us(e){let t=me(e),n=h=>t.every(p=>h.toLowerCase().includes(p));if(t.length===0)return[];let o=i.stackSets.filter(h=>n(h.name+" "+(h.description||
""))).map(h=>({kind:"Stack set",label:h.name,more:y(h.instances,"cell"),change:{view:"fleet",set:h.name,q:""}})),s=i.accounts.filter(h=>n(h.id+" "+(h.name||""))).
map(h=>({kind:"Account",label:N(h),more:h.id,change:{view:"fleet",account:h.id,q:""}})),r=i.ous.flatMap((h,p)=>n(F(p)+" "+h.id)?[{kind:"OU",label:F(p),more:h.id,
change:{view:"fleet",ou:h.id,q:""}}]:[]),c=i.regions.filter(n).map(h=>({kind:"Region",label:h,more:"",change:{view:"fleet",region:h,q:""}})),l=i.verdicts.filter(
h=>n(k(h).label)).map(h=>({kind:"Verdict",label:k(h).label,more:k(h).meaning,change:{view:"fleet",v:h,q:""}})),u=i.groups.flatMap(h=>n(i.texts[h.reason]+" "+i.texts[h.
hint])?[{kind:"Reason",label:i.texts[h.reason],more:y(h.cells.length,"cell"),change:{view:"fleet",as:"table",group:Oe(h),q:""}}]:[]),d=i.actions.filter(h=>n([h.
id,h.operationId,h.action,h.reason].join(" "))).map(h=>({kind:"Operation",label:ye(h.id),more:h.outcome,change:{view:"run",action:h.id,q:""}}));return[o,s,r,c,l,
u,d].flatMap(h=>h.slice(0,cs))}function An(){let e=S("search"),t=S("offers"),n=[],o=-1,s=0,r=()=>{t.hidden=!0,o=-1,e.setAttribute("aria-expanded","false"),e.removeAttribute(
"aria-activedescendant")},c=u=>{r(),e.value="",w(u.change)},l=()=>{t.hidden=n.length===0,e.setAttribute("aria-expanded",String(!t.hidden)),o>=0?e.setAttribute("\
aria-activedescendant","offer-"+o):e.removeAttribute("aria-activedescendant"),t.replaceChildren(...n.map((u,d)=>a("li",{id:"offer-"+d,role:"option","aria-select\
ed":String(d===o),onmousedown:h=>{h.preventDefault(),c(u)}},a("span",{class:"kind"},u.kind),a("span",{class:"offer"},u.label),a("span",{class:"muted small"},u.more))))};
e.value=f.q,e.addEventListener("input",()=>{n=us(e.value),o=-1,l(),clearTimeout(s),s=window.setTimeout(()=>w({q:e.value.trim()}),120)}),e.addEventListener("keyd\
own",u=>{if(u.key==="ArrowDown"||u.key==="ArrowUp"){if(n.length===0)return;o=(o+(u.key==="ArrowDown"?1:-1)+n.length+(o<0&&u.key==="ArrowUp"?1:0))%n.length,l(),u.
preventDefault()}else u.key==="Enter"?(clearTimeout(s),o>=0?c(n[o]):(r(),w({q:e.value.trim()}))):u.key==="Escape"&&(t.hidden?(e.value="",w({q:""})):r(),u.stopPropagation())}),
e.addEventListener("blur",r),ve.push(u=>{u.has("q")&&document.activeElement!==e&&(e.value=f.q)})}var Tn={overview:Mn,sets:Cn,fleet:cn,run:Ln,history:dn,graph:Kt},hs={fleet:["by","as","when"],run:["action"],overview:[],sets:[],history:[],graph:[]};function ke(){
let e=Tn[f.view]?f.view:"overview";De.clear(),Rt(),document.body.dataset.view=e;let t=Tn[e](),n=S("view");n.replaceChildren(...Array.isArray(t)?t:[t]),n.querySelector(
".matrix")||ln(),rn()?.resize(),Nt();for(let o of document.querySelectorAll("nav a"))o.getAttribute("data-view")===e?o.setAttribute("aria-current","page"):o.removeAttribute(
"aria-current"),o.setAttribute("href",Ge({...f,view:o.getAttribute("data-view")||"",cell:"",action:""}))}function Dn(e=!1){rt(),lt(),Pe();let t=i.groups.reduce(
(n,o)=>n+o.cells.length,0)+i.approvals.length;S("attention-count").textContent=t?m(t):"",e?Be(ke):ke(),ut(e)}function ds(){Ht(),Pe(),Be(ke)}function fs(e){$.some(
n=>e.has(n))&&(Pe(),e.has("v")&&lt());let t=e.has("view")||$.some(n=>e.has(n))||(hs[f.view]||[]).some(n=>e.has(n));t&&e.has("view")?ke():t?Be(ke):e.has("zoom")&&
U?.resize(),e.has("cell")&&ut()}function Be(e){let t=S("view"),n=".scroller, .matrix, .timeline-box, .graph-box",o=[...t.querySelectorAll(n)].map(l=>[l.scrollLeft,
l.scrollTop]),s=ps(t,document.activeElement),r=window.scrollY;e(),window.scrollTo({top:r}),t.querySelectorAll(n).forEach((l,u)=>o[u]&&l.scrollTo(o[u][0],o[u][1]));
let c=s&&s.reduce((l,u)=>l?.children[u],t);(c instanceof HTMLElement||c instanceof SVGElement)&&c.focus({preventScroll:!0})}function ps(e,t){let n=[];for(let o=t;o!==
e;o=o.parentElement){if(!o?.parentElement)return null;n.unshift([...o.parentElement.children].indexOf(o))}return n}function ms(){let e=()=>{Xt(),i&&Be(ke)},t=document.
documentElement,n=matchMedia("(prefers-color-scheme: dark)"),o=r=>{r==="light"||r==="dark"?t.dataset.theme=r:delete t.dataset.theme,e()};o((()=>{try{return localStorage.
getItem("setmend-theme")}catch{return null}})()),n.addEventListener("change",e),S("theme").addEventListener("click",()=>{let r=(t.dataset.theme||(n.matches?"dar\
k":"light"))==="dark"?"light":"dark";o(r);try{localStorage.setItem("setmend-theme",r)}catch{}})}function gs(){document.addEventListener("keydown",e=>{let t=e.target instanceof
HTMLInputElement;e.key==="Escape"&&f.cell?Ue():e.key==="/"&&!t&&(e.preventDefault(),S("search").focus())}),document.querySelector(".skip")?.addEventListener("cl\
ick",e=>{e.preventDefault(),S("view").focus()}),document.querySelector("nav")?.addEventListener("click",e=>{let t=e.target.closest("a");!t||e.ctrlKey||e.metaKey||
e.shiftKey||(e.preventDefault(),w({view:t.getAttribute("data-view")||"overview",cell:"",action:""}))})}async function ws(){let{core:e,details:t}=await gn(),n=tt(
t);Qe(n),Ze(et(e),Promise.resolve(n)),Dn(!0)}function bs(e){S("headline").textContent="This page could not be drawn: "+L(e),S("banner").className="banner bad"}async function ys(){
ms();let e=et(await Xe(S("core").textContent||""));performance.mark("setmend:unpacked");let t=async()=>{let n=tt(await Xe(S("details").textContent||""));return Qe(
n),f.q&&ds(),n};Ze(e,new Promise((n,o)=>setTimeout(()=>t().then(n,o),0))),gs(),An(),ve.push(fs),Dn(),performance.mark("setmend:usable"),performance.measure("set\
mend:load",{start:0,end:"setmend:usable"}),document.documentElement.dataset.ready="yes",yn(ws),setInterval(()=>document.hidden||rt(),3e4)}ys().catch(e=>bs(String(
e)));export{Dn as paintAll};
