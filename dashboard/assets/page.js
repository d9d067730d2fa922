var jt={view:"overview",v:"",q:"",set:"",ou:"",account:"",region:"",group:"",when:"after",by:"ou",as:"matrix",zoom:"",cell:"",action:"",only:"",order:"",sort:""},
X=["v","q","set","ou","account","region","group","only"],p=ut(),Ee=[];function ut(){let e={...jt};for(let[t,n]of new URLSearchParams(location.hash.slice(1)))t in
e&&(e[t]=n);return e}function dt(e){let t=new URLSearchParams;for(let[n,s]of Object.entries(e))s!==jt[n]&&t.set(n,s);return"#"+t.toString()}function y(e){let t={
...p,...e},n=["view","cell","v","set","ou","group","account"].some(s=>t[s]!==p[s]);try{history[n?"pushState":"replaceState"](null,"",dt(t))}catch{}ht(t)}function ht(e){
let t=new Set(Object.keys(e).filter(n=>e[n]!==p[n]));if(t.size!==0){p=e;for(let n of Ee)n(t)}}window.addEventListener("popstate",()=>ht(ut()));window.addEventListener(
"hashchange",()=>ht(ut()));var oe=()=>new Set(p.v.split(",").filter(Boolean));function $t(e){let t=oe();t.delete(e)||t.add(e),y({v:[...t].join(",")})}var Be=()=>Object.
fromEntries(X.map(e=>[e,""]));var i,Ae,ae=new Map,ft=0;function pt(e,t){i=e,Ae=t}function mt(e){ae=e}async function Me(e){let t=atob(e.trim().replaceAll("-","+").replaceAll("_","/")),n=new Uint8Array(
t.length);for(let a=0;a<n.length;a++)n[a]=t.charCodeAt(a);let s=new ReadableStream({start(a){a.enqueue(n),a.close()}});return JSON.parse(await new Response(s.pipeThrough(
new DecompressionStream("gzip"))).text())}function F(e){if(e.v)return Int32Array.from(e.v);let t=e.r||e.d||[],n=0;for(let a=1;a<t.length;a+=2)n+=t[a];let s=new Int32Array(
n);if(e.r){for(let a=0,r=0;a<t.length;a+=2)s.fill(t[a],r,r+=t[a+1]);return s}for(let a=0,r=0,l=0;a<t.length;a+=2)for(let c=0;c<t[a+1];c++)s[r++]=l+=t[a];return s}
function ls(e){let t=[...e.v||[]],n=e.r||e.d||[];for(let s=0,a=0;s<n.length;s+=2)for(let r=0;r<n[s+1];r++)t.push(a=e.d?a+n[s]:n[s]);return t.map(s=>String(s).padStart(
12,"0"))}function is(e,t){let n=F(e.state),s=F(e.ou);return(e.text||ls(e.id)).map((a,r)=>({id:a,name:e.name[r],state:t[n[r]],ou:s[r]}))}function cs(e){let t=e.count,
n=F(e.kind),s=Bt(e.kinds),a=()=>new Int32Array(t),r={count:t,kind:n,kinds:s,set:a(),account:a(),region:a(),ou:a(),want:a(),verdict:n.map(h=>s.verdict[h]),before:n.
map(h=>s.before[h]),desire:F(e.desire||{v:[]}),because:F(e.because||{v:[]})},l=(e.shapes||[]).map(h=>{let d=F(h.times),f=F(h.region),m=new Int32Array(f.length),
g=0;return F(h.account).forEach((b,S)=>m.fill(b,g,g+=d[S])),{account:m,region:f,ou:F(h.ou)}}),c=(e.wants||[]).map(F),u=0;for(let{set:h,shape:d,want:f}of e.blocks||
[]){let{account:m,region:g,ou:b}=l[d];r.set.fill(h,u,u+m.length),r.account.set(m,u),r.region.set(g,u),r.ou.set(b,u),r.want.set(c[f],u),u+=m.length}return r}function Bt(e){
for(let[t,n]of Object.entries(e))n===null?e[t]=new Int32Array(0):typeof n=="object"&&(e[t]=F(n));return e}function gt(e){e.cells=cs(e.cells),e.accounts=is(e.accounts,
e.texts),Bt(e.decisions);for(let t of e.groups)t.cells=F(t.cells);for(let t of e.actions)t.accounts=F(t.accounts),t.regions=F(t.regions);return e}function wt(e){
ft=e.omitted||0;let t=F(e.cells);return new Map(Array.from(t,(n,s)=>[n,e.stories[s]]))}var _=e=>i.verdicts[i.cells.verdict[e]],J=e=>i.verdicts[i.cells.before[e]],
I=e=>i.stackSets[i.cells.set[e]],L=e=>i.accounts[i.cells.account[e]],W=e=>i.regions[i.cells.region[e]],H=(e,t)=>i.texts[i.cells.kinds[e][i.cells.kind[t]]],re=e=>H(
"said",e)||H("reason",e),zt=e=>i.texts[i.cells.because[i.cells.want[e]]],Gt=e=>i.texts[i.cells.desire[i.cells.want[e]]];var Kt=e=>i.held[i.cells.kinds.held[i.cells.kind[e]]],ze=e=>!["healthy","notChecked","removed","absent"].includes(e),V=e=>e.name||e.id,ee=e=>L(e).ou>=0?L(e).ou:
i.cells.ou[e];function G(e){let t=[];for(let n=e;n>=0&&t.length<20;n=i.ous[n].parent)(i.ous[n].parent>=0||n===e)&&t.unshift(i.ous[n].name||i.ous[n].id);return t.
join(" / ")||"No organizational unit"}function Le(e){let t=2166136261;for(let n of e.pattern)t=Math.imul(t^(n.codePointAt(0)||0),16777619)>>>0;return t.toString(
36)}var Ge=()=>i.groups.find(e=>Le(e)===p.group),le=e=>I(e).name+"@"+L(e).id+"/"+W(e);function Yt(e){for(let t=0;t<i.cells.count;t++)if(e.endsWith(L(t).id+"/"+W(
t))&&le(t)===e)return t;return-1}performance.mark("setmend:start");var us="http://www.w3.org/2000/svg",ds=/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
function N(e){return String(e).replace(ds,t=>"⟨U+"+t.charCodeAt(0).toString(16).toUpperCase().padStart(4,"0")+"⟩")}function Jt(e,t){for(let[n,s]of Object.entries(
t||{}))if(!(s==null||s===!1))if(n.startsWith("on"))e.addEventListener(n.slice(2),s);else if(n==="style")for(let[a,r]of Object.entries(s))e.style.setProperty(a,String(
r));else{if(n==="href"&&!/^(https:\/\/|#|data:image\/)/.test(s))continue;e.setAttribute(n,s===!0?"":N(s))}}function Zt(e,t){for(let n of t.flat(20))n==null||n===
!1||e.append(n instanceof Node?n:N(n))}function o(e,t,...n){let s=document.createElement(e);return Jt(s,t||null),Zt(s,n),s}function v(e,t,...n){let s=document.createElementNS(
us,e);return Jt(s,t||null),Zt(s,n),s}var bt=[];function Qt(){bt=[]}function Xt(){for(let e of bt)e()}function te(e,t){let n=o("div",e),s=0,a=()=>{let r=getComputedStyle(
n),l=n.clientWidth-parseFloat(r.paddingLeft)-parseFloat(r.paddingRight);!(l>0)||l===s||(s=l,n.replaceChildren(t(l)))};return bt.push(a),new ResizeObserver(a).observe(
n),n}function E(e){let t=document.getElementById(e);if(!t)throw new Error("the page has no #"+e);return t}var hs=new Intl.NumberFormat("en"),w=e=>hs.format(e),k=(e,t,n)=>w(
e)+" "+(e===1?t:n||t+"s");var en={healthy:{name:"healthy",label:"Healthy",meaning:"current, and checked to be in sync",path:"M3.5 8.5 L6.8 11.5 L12.5 4.8"},notChecked:{name:"notChecked",
label:"Not checked",meaning:"current, but its drift is unknown or too old to trust",path:"M5.4 5.8 A2.7 2.7 0 1 1 8 8.6 V9.8 M8 12.6 V12.7"},outdated:{name:"out\
dated",label:"Outdated",meaning:"behind its stack set, without a failure of its own",path:"M8 3.6 V8.3 L11.2 10.4 M13 8 A5 5 0 1 1 11.5 4.4"},drifted:{name:"dri\
fted",label:"Drifted",meaning:"live resources differ from the template",path:"M3 6 H13 M3 10 H13 M10.6 3 L5.4 13"},missing:{name:"missing",label:"Missing",meaning:"\
must be there and is not",path:"M8 3 V13 M3 8 H13"},orphan:{name:"orphan",label:"Orphan",meaning:"is there and must not be",path:"M3 8 H13"},failed:{name:"faile\
d",label:"Failed",meaning:"its last operation failed",path:"M4 4 L12 12 M12 4 L4 12"},inoperable:{name:"inoperable",label:"Inoperable",meaning:"a deletion or an\
 import failed; StackSets has given up on it",path:"M8 3 V9 M8 12.6 V12.7"},blocked:{name:"blocked",label:"Blocked",meaning:"something outside the cell forbids \
acting on it",path:"M12.8 8 A4.8 4.8 0 1 1 3.2 8 A4.8 4.8 0 1 1 12.8 8 M4.6 11.4 L11.4 4.6"},quarantined:{name:"quarantined",label:"Quarantined",meaning:"given \
up after repeated heals; a person is needed",path:"M5.5 3.5 V12.5 M10.5 3.5 V12.5"},absent:{name:"absent",label:"Rightly absent",meaning:"must not be there, and\
 is not",path:"M7.9 8 H8.1"},removed:{name:"removed",label:"Removed",meaning:"was there and must not be; this run took it away",path:"M7.9 8 H8.1"}},P=["quarant\
ined","blocked","inoperable","failed","orphan","missing","drifted","outdated","notChecked","healthy"];function x(e){return en[e]||{name:"notChecked",label:e||"U\
nknown",meaning:"a verdict that this page does not know",path:en.notChecked.path}}function D(e,t=16){let n=x(e);return v("svg",{class:"glyph v-"+n.name,viewBox:"\
0 0 16 16",width:t,height:t,"aria-hidden":"true"},v("rect",{x:.75,y:.75,width:14.5,height:14.5,rx:3.5}),v("path",{d:n.path}))}function ie(e){return o("span",{class:"\
pill"},D(e,14),x(e).label)}function ce(e){let t=P.filter(a=>e[a]>0).reverse(),n=t.map(a=>w(e[a])+" "+x(a).label.toLowerCase()).join(", ")||"nothing",s=o("span",
{class:"bar",role:"img","aria-label":n,title:n});for(let a of t)s.append(o("span",{class:"v-"+x(a).name,style:{"flex-grow":e[a]}}));return s}function R(e){return P.
reduce((t,n)=>n==="healthy"||n==="notChecked"?t:t+(e[n]||0),0)}var yt={of:null,texts:new Map};function fs(){return yt.of!==ae&&(yt={of:ae,texts:new Map([...ae].map(([e,t])=>[e,JSON.stringify([t.drift,t.steps]).toLowerCase()]))}),
yt.texts}function tn(){Ne.model=null}var Ne={key:"",model:null,selection:{mask:new Uint8Array(0),hits:[]}};function q(){let e=[p.when,...X.map(t=>p[t])].join("\0");
return(Ne.key!==e||Ne.model!==i)&&(Ne={key:e,model:i,selection:ws()}),Ne.selection}var ue=()=>X.some(e=>p[e]!==""),ye=e=>e.toLowerCase().split(/\s+/).filter(Boolean),
Te=(e,t)=>Uint8Array.from(e,n=>n.toLowerCase().includes(t)?1:0);function ps(e){let t=i.cells,n=Te(i.stackSets.map(d=>d.name+" "+(d.description||"")),e),s=Te(i.ous.
map((d,f)=>G(f)+" "+i.ous[f].id),e),a=Uint8Array.from(i.accounts,d=>(d.id+" "+(d.name||"")+" "+d.state).toLowerCase().includes(e)||d.ou>=0&&s[d.ou]?1:0),r=Te(i.
regions,e),l=Te(i.verdicts.map(d=>d+" "+x(d).label),e),c=Te(i.texts,e),u=fs(),h=Uint8Array.from(t.kinds.verdict,(d,f)=>["reason","said","where","hint","class"].
some(m=>c[t.kinds[m][f]])?1:0);return d=>!!(n[t.set[d]]||a[t.account[d]]||r[t.region[d]]||l[t.verdict[d]]||h[t.kind[d]]||c[t.because[t.want[d]]]||u.get(d)?.includes(
e))}function ms(){let e=i.cells,t=p.q?ye(p.q).map(ps):[];if(p.set&&t.push(n=>I(n).name===p.set),p.account&&t.push(n=>L(n).id===p.account),p.region&&t.push(n=>W(
n)===p.region),p.ou){let n=Uint8Array.from(i.ous,(s,a)=>gs(a,p.ou)?1:0);t.push(s=>ee(s)>=0&&n[ee(s)]===1)}if(p.v){let n=oe(),s=Uint8Array.from(i.verdicts,r=>n.has(
r)?1:0),a=p.when==="before"?e.before:e.verdict;t.push(r=>s[a[r]]===1)}if(p.only==="wrong"){let n=Uint8Array.from(i.verdicts,a=>ze(a)?1:0),s=p.when==="before"?e.
before:e.verdict;t.push(a=>n[s[a]]===1)}if(p.group){let n=new Set(Ge()?.cells||[]);t.push(s=>n.has(s))}return t}function gs(e,t){for(let n=e;n>=0;n=i.ous[n].parent)
if(i.ous[n].id===t)return!0;return!1}function ws(){let e=new Uint8Array(i.cells.count).fill(1),t=[],n=ms();for(let s=0;s<e.length;s++){for(let a of n)if(!a(s)){
e[s]=0;break}e[s]&&t.push(s)}return{mask:e,hits:t}}function ke({reason:e="",said:t="",where:n=""},s=!0){return o("span",{class:"reason"},t||e,n&&o("span",{class:"muted small where"},n),s&&t&&e&&o("span",{class:"\
muted small where"},e))}async function bs(e){try{return await navigator.clipboard.writeText(e),!0}catch{return!1}}function kt(e){let t=o("code",{class:"code"},e),
n=o("button",{type:"button",class:"quiet","aria-label":"Copy: "+e},"Copy");return n.addEventListener("click",async()=>{let s=await bs(e);s||getSelection()?.selectAllChildren(
t),n.textContent=s?"Copied":"Selected",setTimeout(()=>n.textContent="Copy",2e3)}),o("span",{class:"command"},t,n)}var De=e=>/^[\w./][\w./:-]*$/.test(e)?e:"'"+e.
replaceAll("'","'\\''")+"'";function K(e,t=()=>null,n=[]){return e?.length?o("ul",{class:"next"},e.map(s=>o("li",null,o("span",{class:"muted small"},s.does),kt(
[s.command,...s.cell?n.map(De):[]].join(" ")),t(s)))):null}function C(e){let t=e?Date.parse(e):NaN;return t>0?t:NaN}function M(e){return isNaN(e)?"–":new Date(e).toISOString().slice(0,19).replace("T"," ")+" UTC"}var de=e=>isNaN(
e)?"–":new Date(e).toISOString().slice(11,19);function U(e){if(isNaN(e))return"–";let t=Math.max(0,Math.round(e));return t<60?t+" s":t<3600?Math.floor(t/60)+
" min"+(t%60&&t<600?" "+t%60+" s":""):t<172800?Math.floor(t/3600)+" h"+(t%3600>=60?" "+Math.floor(t%3600/60)+" min":""):Math.floor(t/86400)+" days"}var Re=()=>Math.
max(Date.now(),i&&C(i.dataAt)||0);function nn(e){if(isNaN(e))return"never";let t=(Re()-e)/1e3;return t<5?"just now":U(t)+" ago"}function Z(e,t=!1){let n=t?nn(e).
replace(/^(\d+ (?:h|min)) .* ago$/,"$1 ago"):nn(e);return o("time",{title:M(e),datetime:isNaN(e)?null:new Date(e).toISOString()},n)}var ys={healed:e=>"took "+e+" and left nothing wrong",attention:e=>"took "+e+" and left work for a person",stopped:e=>"was stopped after "+e,failed:e=>"failed a\
fter "+e},ks={good:"healthy",unsure:"notChecked",busy:"outdated",attention:"inoperable",bad:"failed"};function vt(){let{started:e,ended:t,virtualSeconds:n}=i.run;
return n>0?n:(C(t)-C(e))/1e3}function vs(){let{id:e,engine:t,result:n,cutOff:s}=i.run;if(!e)return[];if(t==="read")return["A fresh reading; nothing was healed"];
let a=ys[n],r=a?a(U(vt())):s?"was cut off":"is under way";return["Run ",o("span",{class:"code"},e)," ",r]}function xt(){let{headline:e,dataAt:t,api:n,overrides:s,
deeds:a}=i,r=C(t),l=a.reduce((u,h)=>u+h.cells,0);E("banner").className="banner "+e.tone,E("banner-mark").replaceChildren(D(ks[e.tone]||"notChecked",40)),E("head\
line").textContent=N(e.text),E("headline-detail").textContent=N(e.detail||""),E("headline-next").replaceChildren(...[K(e.next)].filter(u=>u!==null));let c=isNaN(
r)?[]:[o("span",{class:Re()-r>864e5?"old":null},"Data ",o("strong",null,Z(r))),o("span",null,vs()),l?o("span",null,k(l,"cell")," acted on"):null,n.calls?o("span",
null,k(n.calls,"API call"),n.throttled?", "+w(n.throttled)+" throttled":""):null,s.saved?o("span",{class:s.lost?"old":null},s.lost?k(s.lost,"override")+" lost":
k(s.restored,"override")+" restored"):null];E("run-line").replaceChildren(...c.filter(u=>u!==null)),E("fleet-bar").replaceChildren(ce(i.after))}function St(){let e=oe();
E("cards").replaceChildren(...P.map(t=>xs(t,e.has(t))))}function xs(e,t){let n=i.after[e]||0,s=i.before[e]||0,a=x(e),r=document.activeElement?.id==="card-"+e,l=o(
"button",{type:"button",id:"card-"+e,class:"card v-"+e+(n===0?" zero":""),"aria-pressed":String(t),title:a.label+": "+a.meaning,onclick:()=>$t(e)},o("span",{class:"\
card-label"},D(e,16),a.label),o("span",{class:"card-number"},w(n)),o("span",{class:"card-before"},n===s?"unchanged":"was "+w(s)));return r&&queueMicrotask(()=>l.
focus()),l}function Ke(){let e=E("filters");if(e.hidden=!ue(),e.hidden)return;let t={v:"Verdict",q:"Text",set:"Stack set",ou:"OU",account:"Account",region:"Regi\
on",group:"Reason",only:"Only"},n=X.filter(a=>p[a]).map(a=>o("button",{type:"button",class:"chip",onclick:()=>y({[a]:""})},o("span",{class:"muted"},t[a],": "),Ss(
a),o("span",{"aria-hidden":"true"}," ✕"),o("span",{class:"hidden"}," (remove)"))),{hits:s}=q();e.replaceChildren(o("span",{role:"status"},o("strong",null,w(s.
length))," of ",k(i.cells.count,"cell")," match"),...n,o("button",{type:"button",class:"link",onclick:()=>y(Be())},"Clear all"))}function Ss(e){return e==="v"?[
...oe()].map(t=>x(t).label).join(", "):e==="group"?Os(Ge()):e==="ou"?i.ous.find(t=>t.id===p.ou)?.name||p.ou:e==="account"?i.accounts.find(t=>t.id===p.account)?.
name||p.account:p[e]}var Os=e=>e&&(i.texts[e.said]||i.texts[e.reason])||"–";function Cs(e){if(typeof e=="number")return String(e);let t=String(e??"");return/^[=+\-@\t\r]/.test(t)&&(t="'"+t),/[",\n\r]/.test(t)?'"'+t.replaceAll('"','""')+
'"':t}function Es(e,t){return[e,...t].map(n=>n.map(Cs).join(",")).join(`\r
`)+`\r
`}function As(e,t){return JSON.stringify(t.map(n=>Object.fromEntries(e.map((s,a)=>[s,n[a]]))),null,1)+`
`}function sn(e,t,n){let s=document.createElement("a");s.href=URL.createObjectURL(new Blob([n],{type:t})),s.download=e,s.click(),setTimeout(()=>URL.revokeObjectURL(
s.href),1e4)}function ve(e,t){let n=s=>()=>{let{header:a,rows:r}=t();s==="csv"?sn(e+".csv","text/csv;charset=utf-8",Es(a,r)):sn(e+".json","application/json",As(
a,r))};return o("span",{class:"exports"},o("button",{type:"button",class:"quiet",onclick:n("csv"),"aria-label":"Export "+e+" as CSV"},"CSV"),o("button",{type:"b\
utton",class:"quiet",onclick:n("json"),"aria-label":"Export "+e+" as JSON"},"JSON"))}var he=14,Ot=8,T=e=>C(e.started),fe=e=>isNaN(C(e.ended))?e.open?T(e):Math.max(T(e),C(i.dataAt)||0):C(e.ended);function Ms(e){let t=[];return e.slice().sort((n,s)=>T(
n)-T(s)).map(n=>{let s=t.findIndex(a=>a<=T(n));return s<0&&(s=t.length),t[s]=fe(n),{action:n,level:s}})}function Ls(e){let t=new Map([]);for(let n of e)t.set(n.
stackSet,[...t.get(n.stackSet)||[],n]);return[...t.entries()].sort(([,n],[,s])=>Math.min(...n.map(T))-Math.min(...s.map(T)))}function Ct(){let e=i.actions.filter(
a=>!isNaN(T(a)));if(e.length===0)return"";let t=Math.min(...e.map(T)),n=Math.max(...e.map(fe)),s=M(t).slice(0,10)===M(n).slice(0,10);return M(t).slice(0,16)+" t\
o "+(s?M(n).slice(11,16):M(n).slice(0,16))+" UTC, "+U((n-t)/1e3)}function on(e){let t=i.actions.filter(m=>!isNaN(T(m))),n=e<560,s=n?4:Math.min(240,e*.28),a=n?18:
0,r=28,l=Math.min(...t.map(T)),c=Math.max(...t.map(fe),l+1e3),u=m=>s+(m-l)/(c-l)*(e-s-12),h=v("svg",{class:"timeline",width:e,role:"group","aria-label":"Operati\
ons over time"}),d=new Map,f=r;for(let[m,g]of Ls(t)){let b=Ms(g),S=Math.max(...b.map(O=>O.level+1))*(he+3)+Ot+a;h.append(v("line",{class:"grid",x1:0,x2:e,y1:f+S,
y2:f+S}),v("text",{class:"lane",x:4,y:f+Ot/2+he-3},Et(i.stackSets[m].name,Math.floor((n?e:s)/7))));for(let{action:O,level:A}of b)d.set(O.id,{action:O,start:u(T(
O)),end:Math.max(u(T(O))+4,u(fe(O))),y:f+Ot/2+a+A*(he+3)});f+=S}Ts(h,l,c,u,f),Ns(h,d);for(let m of d.values())h.append(Rs(m));return Ds(h),h.setAttribute("heigh\
t",String(f+6)),h.setAttribute("viewBox","0 0 "+e+" "+(f+6)),h}var Et=(e,t)=>e.length>t?e.slice(0,t-1)+"…":e;function Ts(e,t,n,s,a){let r=[1,5,10,30,60,120,300,
600,1200,1800,3600,7200,14400,43200,86400].map(c=>c*1e3),l=r.find(c=>(n-t)/c<=Math.max(2,(s(n)-s(t))/90))||r[r.length-1];for(let c=Math.ceil(t/l)*l;c<=n;c+=l)e.
append(v("line",{class:"grid",x1:s(c),x2:s(c),y1:20,y2:a}),s(c)<s(n)-40&&v("text",{class:"tick",x:s(c)+3,y:14},de(c).slice(0,n-t<6e5?8:5))||"")}function Ns(e,t){
let n=[];for(let s of t.values())for(let a of s.action.after||[]){let r=t.get(a);if(!r)continue;let l=p.action===a||p.action===s.action.id,c=r.end,u=s.start,h=r.
y+he/2,d=s.y+he/2,f=Math.max(12,(u-c)/2),m=v("path",{class:"wait"+(l?" chosen":""),d:`M${c} ${h} C${c+f} ${h} ${u-f} ${d} ${u} ${d}`});l?n.push(m):e.append(m)}e.
append(...n)}function Ds(e){let t=[...e.querySelectorAll(".op")],n=s=>t.forEach(a=>a.setAttribute("tabindex",a===s?"0":"-1"));n(t.find(s=>s.classList.contains("\
chosen"))||t[0]),e.addEventListener("keydown",s=>{let a={ArrowRight:1,ArrowDown:1,ArrowLeft:-1,ArrowUp:-1}[s.key],r=a&&t[t.indexOf(document.activeElement)+a];r&&
(s.preventDefault(),n(r),r.focus())})}function Rs({action:e,start:t,end:n,y:s}){let a=e.action.toLowerCase().replaceAll("_"," ")+" "+w(e.cells),r=e.open?"its en\
d was not seen":U((fe(e)-T(e))/1e3),l=`${a} of ${i.stackSets[e.stackSet].name}: ${e.outcome}, from ${de(T(e))}, ${r}`,c=()=>y({action:p.action===e.id?"":e.id}),
u=v("g",{class:"op tone-"+e.tone+(e.open?" open":"")+(p.action===e.id?" chosen":""),role:"button","aria-pressed":String(p.action===e.id),"aria-label":l,"data-ac\
tion":e.id,onclick:c,onkeydown:h=>{(h.key==="Enter"||h.key===" ")&&(h.preventDefault(),c())}},v("title",null,l),v("rect",{x:t,y:s,width:n-t,height:he,rx:3}));return e.
open&&u.append(v("path",{class:"open-end",d:`M${n} ${s+he/2} h26`})),n-t>a.length*6.4&&u.append(v("text",{x:t+5,y:s+he-3.5},a)),u}var ne=200,xe=46,Ye=76,Is=16,Ws=6;function Hs(){let e=new Map(i.stackSets.map((s,a)=>[s.name,a])),t=[],n=[];return i.stackSets.forEach((s,a)=>{for(let r of s.dependsOn||
[])e.has(r)&&t.push([e.get(r),a]);for(let r of s.antiDependsOn||[]){let l=e.get(r);l!==void 0&&!n.some(([c,u])=>c===l&&u===a)&&n.push([a,l])}}),{needs:t,conflicts:n}}
function _s(e,t){let n=new Map(e.flatMap((l,c)=>l.map(u=>[u,c]))),s=e.map(l=>l.map(c=>({x:0,y:0,height:xe,set:c,from:[]}))),a=new Map(s.flat().map(l=>[l.set,l])),
r=[];for(let[l,c]of t){let u=a.get(l),h=a.get(c);if(!u||!h)continue;let d=[u];for(let f=(n.get(l)??0)+1;f<(n.get(c)??0);f++){let m={x:0,y:0,height:Ws,set:-1,from:[
d[d.length-1]]};s[f].push(m),d.push(m)}h.from.push(d[d.length-1]),r.push([...d,h])}return s.forEach(Ps),{boxes:a,ways:r,height:Math.max(...s.map(l=>Math.max(...l.
map(c=>c.y+c.height))))}}function Ps(e,t){let n=r=>r.from.length?r.from.reduce((l,c)=>l+c.y+c.height/2,0)/r.from.length:1e6,s=new Map(e.map(r=>[r,n(r)])),a=34;for(let r of e.
sort((l,c)=>(s.get(l)??0)-(s.get(c)??0)||l.set-c.set))r.x=10+t*(ne+Ye),r.y=a,a+=r.height+Is}function an(){let{needs:e,conflicts:t}=Hs(),n=new Set([...e,...t].flat()),
s=i.levels.map(c=>c.filter(u=>n.has(u))),a=[...n].filter(c=>!s.some(u=>u.includes(c)));a.length&&s.push(a);let r=s.filter(c=>c.length>0),l=i.stackSets.map((c,u)=>u).
filter(c=>!n.has(c));return o("section",{class:"panel","aria-labelledby":"graph-title"},o("div",{class:"panel-head"},o("h2",{id:"graph-title"},"Dependencies"),o(
"span",{class:"muted"},k(e.length,"dependency","dependencies"),", ",k(t.length,"conflict"),", ",k(r.length,"level")),ve("dependencies",()=>({header:["from","rel\
ation","to"],rows:[...e.map(([c,u])=>[i.stackSets[u].name,"dependsOn",i.stackSets[c].name]),...t.map(([c,u])=>[i.stackSets[c].name,"antiDependsOn",i.stackSets[u].
name])]}))),n.size>0?o("div",{class:"graph-box",tabindex:0,role:"region","aria-label":"Dependency graph, scrollable"},te({},c=>Fs(r,e,t,c))):o("p",{class:"none"},
"No stack set depends on another, and none conflict."),n.size>0&&o("p",{class:"muted small pad"},o("span",{class:"key need"})," is created before, and deleted a\
fter, what it points to   ",o("span",{class:"key conflict"})," never share a target"),l.length>0&&o("div",{class:"pad"},o("h3",null,"On their own"),o("ul",{class:"\
cells"},l.map(c=>o("li",null,o("button",{type:"button",class:"cell-link",onclick:()=>y({view:"set",set:i.stackSets[c].name})},i.stackSets[c].name))))))}var Us=.62;
function Fs(e,t,n,s){let a=e.length*(ne+Ye);if(s<a*Us)return Vs(e,t,n);let r=qs(e,t,n);return a>s&&(r.setAttribute("height",String(Number(r.getAttribute("height"))*
s/a)),r.setAttribute("width",String(s))),r}function Vs(e,t,n){let s=a=>a.map(r=>i.stackSets[r].name).join(", ");return o("ol",{class:"graph-list"},e.map((a,r)=>o(
"li",null,o("h3",null,"Level "+r),a.map(l=>{let c=t.filter(([,h])=>h===l).map(([h])=>h),u=n.filter(h=>h.includes(l)).map(([h,d])=>h===l?d:h);return o("p",null,o(
"button",{type:"button",class:"cell-link",onclick:()=>y({view:"set",set:i.stackSets[l].name})},i.stackSets[l].name),c.length>0&&o("span",{class:"muted small"},"\
 needs ",s(c)),u.length>0&&o("span",{class:"muted small"}," never beside ",s(u)))}))))}function qs(e,t,n){let{boxes:s,ways:a,height:r}=_s(e,t),l=e.length*(ne+Ye),
c=r+16,u=v("svg",{class:"graph",width:l,height:c,viewBox:`0 0 ${l} ${c}`,role:"group","aria-label":"Dependencies between stack sets"});e.forEach((h,d)=>u.append(
v("text",{class:"level",x:10+d*(ne+Ye),y:18},"Level "+d)));for(let h of a)u.append(js(h));for(let[h,d]of n){let f=s.get(h),m=s.get(d);f&&m&&u.append($s(f,m))}for(let h of s.
values())u.append(Bs(h,t));return u}function js(e){let t="",n=0,s=0;e.forEach((r,l)=>{let c=r.x-(l===e.length-1?7:0),u=r.y+r.height/2,h=Math.max(30,(c-n)/2);l>0&&
(t+=`C${n+h} ${s} ${c-h} ${u} ${c} ${u} `),n=r.x+ne,s=u,l<e.length-1&&(t+=(l===0?"M":"L")+`${n} ${s} `)});let a=e[e.length-1];return v("g",{class:"need"},v("pat\
h",{d:t}),v("path",{class:"tip-mark",d:`M${a.x-7} ${s-4} l7 4 l-7 4 z`}))}function $s(e,t){if(e.x===t.x){let a=e.y+xe/2,r=t.y+xe/2,l=e.x+ne;return v("path",{class:"\
conflict",d:`M${l} ${a} C${l+40} ${a} ${l+40} ${r} ${l} ${r}`})}let[n,s]=e.x<t.x?[e,t]:[t,e];return v("path",{class:"conflict",d:`M${n.x+ne} ${n.y+xe-8} L${s.x}\
 ${s.y+xe-8}`})}function Bs({set:e,x:t,y:n},s){let a=i.stackSets[e],r=a.after||{},l=P.reduce((g,b)=>g+(r[b]||0),0)||1,c=s.filter(([,g])=>g===e).map(([g])=>i.stackSets[g].
name),u=s.filter(([g])=>g===e).map(([,g])=>i.stackSets[g].name),h=()=>y({view:"set",set:a.name}),d=a.name+"; needs "+(c.join(", ")||"nothing")+"; needed by "+(u.
join(", ")||"nothing")+"; "+k(R(r),"cell")+" not healthy",f=v("g",{class:"node"+(p.set===a.name?" chosen":""),tabindex:0,role:"link","aria-label":d,onclick:h,onkeydown:g=>g.
key==="Enter"&&h()},v("title",null,d),v("rect",{class:"box",x:t,y:n,width:ne,height:xe,rx:8}),v("text",{x:t+12,y:n+20},Et(a.name,26))),m=t+12;for(let g of P.slice().
reverse()){let b=(r[g]||0)/l*(ne-24);b>0&&f.append(v("rect",{class:"v-"+g,x:m,y:n+31,width:Math.max(1.5,b),height:6})),m+=b}return f}function pe(e,t,n=104,s=24){if(e.length<2)return o("span",{class:"muted small"},"no history yet");let a=Math.max(1,...e),r=(n-6)/(e.length-1),l=e.map((d,f)=>[3+
f*r,s-3-d/a*(s-6)]),c=l.map(([d,f])=>d.toFixed(1)+","+f.toFixed(1)).join(" "),[u,h]=l[l.length-1];return v("svg",{class:"spark",viewBox:"0 0 "+n+" "+s,width:n,height:s,
role:"img","aria-label":t+": "+e.join(", ")},v("polygon",{class:"area",points:"3,"+(s-2)+" "+c+" "+u+","+(s-2)}),v("polyline",{points:c}),v("circle",{cx:u,cy:h,
r:2.4}))}function rn(e,t,n){let s=P.filter(m=>m!=="healthy"),a=52,r=22,l=e.map(m=>s.reduce((g,b)=>g+(m.before[b]||0),0)),c=Gs(Math.max(1,...l)),u=(t-a)/e.length,
h=Math.max(2,Math.min(34,u*.7)),d=m=>(n-r-8)*(1-m/c)+8,f=v("svg",{class:"chart",viewBox:"0 0 "+t+" "+n,role:"img","aria-label":"What each of the last "+e.length+
" runs found wrong"});for(let m of[0,c/2,c])f.append(v("line",{class:"grid",x1:a,x2:t,y1:d(m),y2:d(m)}),v("text",{x:a-8,y:d(m)+4,"text-anchor":"end"},w(m)));return e.
forEach((m,g)=>{let b=0,S=v("g",null,v("title",null,zs(m)));for(let O of s){let A=m.before[O]||0;A&&S.append(v("rect",{class:"v-"+O,x:a+g*u+(u-h)/2,width:h,y:d(
b+A),height:Math.max(.5,d(b)-d(b+A))})),b+=A}f.append(S),g%Math.ceil(e.length/8)===0&&f.append(v("text",{x:a+g*u+u/2,y:n-4,"text-anchor":"middle"},M(C(m.at)).slice(
5,10)))}),f}function zs(e){let t=P.filter(n=>n!=="healthy"&&e.before[n]).map(n=>w(e.before[n])+" "+x(n).label.toLowerCase());return M(C(e.at))+" ("+e.result+"):\
 "+(t.join(", ")||"nothing wrong")+"; left wrong: "+w(R(e.after))}function Gs(e){let t=10**Math.floor(Math.log10(e));return(e<10?[2,4,6,8,10]:[1,1.2,1.6,2,2.4,3,
4,5,6,8,10].map(s=>s*t)).find(s=>s>=e)||e}function Ks(e){let t=[];return e.forEach((n,s)=>{let a=t.at(-1);a&&a.state===n.state?a.end=s+1:t.push({state:n.state,start:s,
end:s+1})}),t}function ln(e,t){let n=Ks(t.map(a=>({state:a}))),s=a=>(a.state?x(a.state).label:"not there")+" for "+k(a.end-a.start,"run");return o("div",{class:"\
states",role:"img","aria-label":e+": "+n.map(s).join(", ")},n.map(a=>o("span",{class:a.state?"v-"+x(a.state).name:"absent",title:s(a),style:{"flex-grow":a.end-a.
start}},a.state&&D(a.state,12))))}var Ie=e=>e.toLowerCase().replace(/\d+/g,t=>t.padStart(12,"0"));function At(e,t){let n=i.cells,s=p.when==="before"?n.before:n.verdict,a=new Map,r=i.verdicts.map(
(l,c)=>ze(l)?c:0);for(let l of e){let c=t(l),u=r[s[l]];a.has(c)||a.set(c,{worst:0,wrong:0});let h=a.get(c);u>h.worst&&(h.worst=u),u>0&&h.wrong++}return l=>{let{
worst:c,wrong:u}=a.get(l)||{worst:0,wrong:0};return String(99-c).padStart(2,"0")+String(1e9-u).padStart(10,"0")}}function Je(e,t){let n=e.map(s=>({item:s,key:t(
s)}));return n.sort((s,a)=>s.key<a.key?-1:s.key>a.key?1:0),n.map(({item:s})=>s)}function cn(e){let t={lanes:[],groups:[]};for(let{label:n,more:s,groupLabel:a}of e){
let r=t.groups.at(-1);(!r||r.label!==a)&&t.groups.push(r={label:a,start:t.lanes.length,end:t.lanes.length}),t.lanes.push({label:n,more:s,group:t.groups.length-1}),
r.end=t.lanes.length}return t}function Mt(e){let t=i.cells,n=new Map;for(let d of e)n.has(t.account[d])||n.set(t.account[d],ee(d));let s=new Map([...new Set(n.values())].
map(d=>[d,G(d)])),a=d=>s.get(n.get(d)??-1)||"",r=p.order==="worst",l=r?At(e,d=>n.get(t.account[d])??-1):()=>"",c=r?At(e,d=>t.account[d]):()=>"",u=Je([...n.keys()],
d=>l(n.get(d)??-1)+Ie(a(d))+"\0"+c(d)+Ie(V(i.accounts[d]))+i.accounts[d].id);return{axis:cn(u.map(d=>({label:V(i.accounts[d]),more:i.accounts[d].id,groupLabel:a(
d)}))),place:new Map(u.map((d,f)=>[d,f]))}}function Ys(e){let t=i.cells,n=i.regions.length,s=new Map(i.levels.flatMap((u,h)=>u.map(d=>[d,h]))),a=new Set;for(let u of e)
a.add(t.set[u]*n+t.region[u]);let r=p.order==="worst"?At(e,u=>t.set[u]):()=>"",l=Je([...a],u=>{let h=Math.floor(u/n);return r(h)+String(s.get(h)??999).padStart(
3,"0")+Ie(i.stackSets[h].name)+"\0"+i.regions[u%n]});return{axis:cn(l.map(u=>({label:i.regions[u%n],more:"",groupLabel:i.stackSets[Math.floor(u/n)].name}))),place:new Map(
l.map((u,h)=>[u,h]))}}function un(e){let t=i.cells,n=p.by!=="set",s=i.regions.length,a=Mt(e),r=Ys(e),l=n?a.axis:r.axis,c=n?r.axis:a.axis,u=new Int32Array(l.lanes.
length*c.lanes.length);for(let h=0;h<t.count;h++){let d=a.place.get(t.account[h]),f=r.place.get(t.set[h]*s+t.region[h]);d===void 0||f===void 0||(u[n?d*c.lanes.length+
f:f*c.lanes.length+d]=h+1)}return{rows:l,columns:c,at:u,byUnit:n}}function Ze(e,t,n,s,a,r=0,l=e.lanes.length){let c=new Float64Array(l-r+1),u=s;for(let h=r;h<l;){
let{end:d}=e.groups[e.lanes[h].group],f=Math.min(d,l);h>r&&(u+=n);for(let m=h;m<f;m++)c[m-r]=u+(m-h)*t;u+=Math.max(a,(f-h)*t),h=f}return c[l-r]=u,c}function dn(e,t,n,s){
let a=s(0,e.lanes.length),r=a[e.lanes.length]/t,l=[];for(let c=0;c<e.lanes.length;){let u=l.length===t-1,h=a[c]+r,d=c+1;for(;d<e.lanes.length&&(u||a[d]<h);)d++;
l.push({first:c,end:d,left:l.length*n,y:s(c,d)}),c=d}return l}function me(e,t){let n=0,s=e.length-2;for(;n<s;){let a=n+s+1>>1;e[a]<=t?n=a:s=a-1}return n}var We=10,Lt=new Map,Qe=o("span",{hidden:!0}),fn=()=>Lt.clear();function B(e){let t=Lt.get(e);if(t)return t;Qe.isConnected||document.body.append(Qe),Qe.style.color=
"var("+e+")";let n=getComputedStyle(Qe).color;return Lt.set(e,n),n}function Js(e,t,n){let s=document.createElement("canvas"),a=t>4?t-(t>8?2:1):t;s.width=s.height=
Math.max(1,Math.round(a*n));let r=s.getContext("2d"),l=x(e);return r.scale(s.width/16,s.height/16),r.fillStyle=B("--v-"+l.name),l.name==="notChecked"?Qs(r,t):l.
name==="removed"||l.name==="absent"?Zs(r):(r.beginPath(),r.roundRect(0,0,16,16,t>8?3:0),r.fill()),t>=We&&l.name!=="removed"&&l.name!=="absent"&&(r.strokeStyle=B(
l.name==="notChecked"?"--v-notChecked-ink":"--v-"+l.name+"-ink"),r.globalAlpha=l.name==="healthy"?.5:1,r.lineWidth=t<14?2.4:1.9,r.lineCap=r.lineJoin="round",r.stroke(
new Path2D(l.path))),s}function Zs(e){e.beginPath(),e.arc(8,8,2.2,0,2*Math.PI),e.fill()}function Qs(e,t){if(e.strokeStyle=B("--v-notChecked"),e.lineWidth=t<8?4:
1.6,t<8)return e.strokeRect(2,2,12,12);e.beginPath(),e.roundRect(.8,.8,14.4,14.4,3),e.stroke()}function pn(e,t,n,s,a){let{size:r,tall:l,x:c}=n,{y:u,first:h}=s,d=t.
columns.lanes.length,f=window.devicePixelRatio||1,m=p.when==="before"?i.cells.before:i.cells.verdict,g=i.verdicts.map(qe=>Js(qe,r,f)),b=r>4?r-(r>8?2:1):r,S=b+(l-
r),[O,A,Q,be]=mn(n,s);for(let qe of[!0,!1]){e.globalAlpha=qe?.13:1;for(let je=O;je<=A;je++)for(let $e=Q;$e<=be;$e++){let ct=t.at[(h+je)*d+$e]-1;ct>=0&&a[ct]===0===
qe&&e.drawImage(g[m[ct]],c[$e],u[je],b,S)}}e.globalAlpha=1}function mn({x:e,left:t,top:n,width:s,height:a,headWidth:r,headHeight:l,panels:c},{y:u}){let h=c.length===
1;return[me(u,n),me(u,n+a-l),h?me(e,t):0,h?me(e,t+s-r):e.length-2]}function gn(e,t,n,s){let{tall:a,headWidth:r}=n,{y:l,first:c,end:u}=s,[h,d]=mn(n,s),{lanes:f,groups:m}=t.
rows;e.textBaseline="middle";for(let g=f[c+h]?.group??0;g<=(f[c+d]?.group??-1);g++){let b=Math.max(m[g].start,c)-c,S=m[g].label+(m[g].start<c?" (continued)":"");
t.byUnit?hn(e,S,l[b]-9,r-20):hn(e,S,l[b]+Math.max(6.5,a/2),r-96)}if(!(a<10)){e.font="11px "+Se,e.fillStyle=B("--muted");for(let g=h;g<=d&&c+g<u;g++){let b=Xe(e,
N(f[c+g].label),t.byUnit?r-30:86);t.byUnit?e.fillText(b,20,l[g]+a/2-.5):(e.textAlign="right",e.fillText(b,r-8,l[g]+a/2-.5),e.textAlign="left")}}}var Se='Inter, \
ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';function hn(e,t,n,s){e.font="600 11.5px "+Se,e.fillStyle=B("--text"),e.fillText(Xe(e,N(t),s,!0),
12,n)}function Xe(e,t,n,s=!1){if(e.measureText(t).width<=n)return t;let a=Math.floor(t.length*n/e.measureText(t).width),r=()=>s?"…"+t.slice(t.length-a):t.slice(
0,a)+"…";for(;a>1&&e.measureText(r()).width>n;)a--;return r()}var et=84;function wn(e,t,n){let{size:s,x:a,headHeight:r,regions:l}=n,{groups:c,lanes:u}=t.columns,
h=r-8-(l?et:0),d=s>4?s-(s>8?2:1):s,f=-1/0;e.textBaseline="middle";for(let{label:m,start:g,end:b}of c){let S=a[g],O=a[b-1]+d,A=(S+O)/2;e.fillStyle=B("--line-stro\
ng"),e.fillRect(S,h+4,O-S,1.5),!(A<f)&&(f=A+14,e.fillRect(A-.5,h,1,4),e.save(),e.translate(A,h-2),e.rotate(-Math.PI/4),e.font="600 11px "+Se,e.fillStyle=B("--te\
xt"),e.fillText(Xe(e,N(m),(h-10)*1.35,!0),0,0),e.restore())}l&&(e.font="10px "+Se,e.fillStyle=B("--muted"),u.forEach(({label:m},g)=>{e.save(),e.translate(a[g]+d/
2,r-6),e.rotate(-Math.PI/2),e.fillText(Xe(e,N(m),et-10),0,0),e.restore()}))}function bn(e){if(!/^\s*[[{]/.test(e))return e;try{return JSON.stringify(JSON.parse(e),null,2)}catch{return e}}var yn=e=>e.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu)||
[],kn=600;function xn(e,t){let n=yn(e),s=yn(t);if(n.length>kn||s.length>kn)return[[o("mark",null,e)],[o("mark",null,t)]];let a=Sn(n,s),r=l=>{let c=[];for(let[u,
h]of a){if(u!==" "&&u!==l)continue;let d=u===l,f=c.at(-1);f&&f.changed===d?f.text+=h:c.push({text:h,changed:d})}for(let u=1;u<c.length-1;u++)!c[u].changed&&!c[u].
text.trim()&&(c[u].changed=!0);return c.map(({text:u,changed:h})=>h?o("mark",null,u):u)};return[r("-"),r("+")]}function Sn(e,t){let n=t.length+1,s=new Uint16Array(
(e.length+1)*n);for(let c=e.length-1;c>=0;c--)for(let u=t.length-1;u>=0;u--)s[c*n+u]=e[c]===t[u]?s[(c+1)*n+u+1]+1:Math.max(s[(c+1)*n+u],s[c*n+u+1]);let a=[],r=0,
l=0;for(;r<e.length||l<t.length;)r<e.length&&l<t.length&&e[r]===t[l]?a.push([" ",(l++,e[r++])]):l>=t.length||r<e.length&&s[(r+1)*n+l]>=s[r*n+l+1]?a.push(["-",e[r++]]):
a.push(["+",t[l++]]);return a}var vn=400;function Xs(e){let t=bn(e.expected),n=bn(e.actual),s=t.split(`
`),a=n.split(`
`);if(e.type==="ADD"||!e.expected)return a.map(r=>se("+",r));if(e.type==="REMOVE"||!e.actual)return s.map(r=>se("-",r));if(s.length===1&&a.length===1){let[r,l]=xn(
t,n);return[se("-",...r),se("+",...l)]}return s.length>vn||a.length>vn?[...s.map(r=>se("-",r)),...a.map(r=>se("+",r))]:eo(Sn(s,a))}function eo(e){let t=[];for(let n=0;n<
e.length;n++){let[s,a]=e[n],r=e[n+1],l=e[n-1]?.[0]!=="-"&&e[n+2]?.[0]!=="+";if(s==="-"&&r?.[0]==="+"&&l){let[c,u]=xn(a,r[1]);t.push(se("-",...c),se("+",...u)),n++}else
t.push(se(s,a))}return t}function se(e,...t){let[n,s]={"-":["should","should be"],"+":["is","is"]," ":["same",""]}[e];return o("div",{class:"line "+n},o("span",
{class:"sign"},s),o("span",null,t))}var to={MODIFIED:"modified",DELETED:"deleted",IN_SYNC:"in sync",NOT_CHECKED:"not checked"};function On(e){let t=e.differences||
[];return o("section",{class:"resource"},o("h4",null,e.logicalId,o("span",{class:"tag"},to[e.status]||e.status)),o("p",{class:"muted small"},e.resourceType,e.physicalId?
" · "+e.physicalId:""),e.status==="DELETED"&&o("p",null,"The resource is gone from the account."),t.map(n=>o("figure",{class:"diff"},o("figcaption",null,n.path),
o("div",{class:"lines"},Xs(n)))),t.length>0&&o("p",{class:"muted small"},"Should be: the template's value. Is: the live one."))}function no(e){return e.startsWith("cn-")?e+".console.amazonaws.cn":e.startsWith("us-gov-")?e+".console.amazonaws-us-gov.com":e+".console.aws.amazon.com"}function Cn(e,t){
return/^[a-z]{2}(-[a-z0-9]+)+$/.test(e)?"https://"+no(e)+"/cloudformation/home?region="+e+"#"+t:""}function tt(e){if(!i.links.console)return"";let t=e.id?"/stac\
ksets/"+encodeURIComponent(e.id)+"/stacks":"/stacksets?filteringText="+encodeURIComponent(e.name);return Cn(i.links.home,t)}function En(e){let{console:t,portal:n,
role:s}=i.links;if(!t)return"";let a=Cn(W(e),"/stacks?filteringText="+encodeURIComponent("StackSet-"+I(e).name+"-"));return!a||!n||!s?a:n.replace(/\/$/,"")+"/#/\
console?account_id="+L(e).id+"&role_name="+encodeURIComponent(s)+"&destination="+encodeURIComponent(a)}function He(e,...t){return e?o("a",{class:"outside",href:e,
target:"_blank",rel:"noopener noreferrer"},t,o("span",{"aria-hidden":"true"}," ↗"),o("span",{class:"hidden"}," (opens the AWS console)")):null}var nt=null;function ge(e){nt=document.activeElement,y({cell:le(e)})}function st(){y({cell:""}),nt instanceof HTMLElement&&nt.isConnected&&nt.focus()}var so=e=>({
must:"must be there",may:"may be there",mustNot:"must not be there"})[e]||"is there",Y=(e,...t)=>o("div",{class:"fact"},o("dt",null,e),o("dd",null,t));function oo(e){
let t=I(e),n=L(e);return o("header",null,o("div",{class:"story-top"},ie(_(e)),J(e)!==_(e)&&o("span",{class:"muted small"},"was ",x(J(e)).label.toLowerCase()," b\
efore this run"),o("button",{type:"button",class:"icon","aria-label":"Close",title:"Close (Esc)",onclick:st},"✕")),o("h2",{id:"story-title",tabindex:-1},t.name),
o("p",{class:"muted"},V(n),n.name?o("span",{class:"code"}," ",n.id):null," · ",W(e)),o("p",{class:"links"},He(En(e),"Stack in ",V(n)),He(tt(t),"Stack set")))}function ao(e){
let t=I(e),n=L(e),s=Kt(e),a=i.groups.find(l=>l.cells.includes(e)),r=zt(e);return o("dl",null,Y("Why",ke({reason:H("reason",e)||(H("said",e)?"":"No reason was re\
corded."),said:H("said",e),where:H("where",e)}),H("class",e)&&o("span",{class:"tag"},H("class",e))),s&&Y("What holds it back",s.why,K(s.next)),a&&Y("Next",K(a.next,
void 0,[t.name,n.id,W(e)])),Y("Should it be there?","It ",so(Gt(e)),r?": "+r.replace(/\.$/,""):"","."),Y("Where",G(ee(e))),Y("Account",(n.state||"state unknown").
toLowerCase().replaceAll("_"," ")),H("state",e)?Y("In AWS",o("span",{class:"code"},H("state",e))):null,Y("Last drift check of the set",Z(C(t.lastDriftCheck))))}
function ro(e){let t=i.actions.find(n=>n.id===e.action);return o("li",{class:"step tone-"+e.tone},o("div",null,o("strong",null,e.remedy)," ",o("span",{class:"ou\
tcome"},e.outcome),e.class&&o("span",{class:"tag"},e.class),o("div",{class:"muted small"},M(C(e.at)))),(e.reason||e.said)&&o("div",{class:"small"},ke(e)),t&&o("\
button",{type:"button",class:"link small",onclick:()=>y({view:"run",action:t.id})},"Show the operation"))}var An=(e,t)=>ft>0&&!t&&_(e)==="healthy"&&J(e)!=="heal\
thy";function lo(e){if(!e||!(e.remedy||e.pinned||e.checked))return null;let t=C(e.notBefore);return o("dl",null,e.remedy?Y("Next",e.remedy,isNaN(t)?"":", not be\
fore "+M(t)):null,e.pinned?Y("It cannot be redeployed",e.pinned):null,e.checked?Y("Its drift was checked",Z(C(e.checked))):null)}function io(e,t){let n=t?.drift||
[],s=t?.steps||[];return o("div",null,t?.quarantined&&o("p",{class:"callout"},"Quarantined since ",M(C(t.quarantined)),"."),lo(t),n.length>0&&o("section",null,o(
"h3",null,_(e)==="drifted"?"What differs":"What differed"),n.map(On)),s.length>0&&o("section",null,o("h3",null,"What was tried"),o("ol",{class:"steps"},s.map(ro))),
t?.heals?o("p",{class:"muted small"},"Healed ",k(t.heals,"time")," within the quarantine window."):null,An(e,t)&&o("p",{class:"muted"},"What differed and was tr\
ied is left out of this page to keep it small; report.json has it."),s.length+n.length===0&&!An(e,t)&&o("p",{class:"muted small"},"Nothing was tried on it in th\
is run."),co(e))}function co(e){let t=i.decisions,n=i.cells,s=[];for(let a=0;a<t.count;a++)t.set[a]===n.set[e]&&t.account[a]===n.account[e]&&t.region[a]===n.region[e]&&
s.push(o("li",null,o("span",{class:"code muted"},de(t.start+t.time[a]))," ",o("strong",null,i.texts[t.action[a]])," ",o("span",{class:"outcome"},o("span",{class:"\
dot tone-"+i.texts[t.tone[a]]}),i.texts[t.outcome[a]]),o("div",{class:"small"},ke({reason:i.texts[t.reason[a]],said:i.texts[t.said[a]],where:i.texts[t.where[a]]}))));
return s.length>0&&o("section",null,o("h3",null,"Decisions"),o("ol",{class:"plain"},s))}async function Tt(e=!1){let t=E("story"),n=p.cell?Yt(p.cell):-1;if(document.
body.classList.toggle("telling",p.cell!==""),t.hidden=p.cell==="",t.hidden)return;if(n<0){t.replaceChildren(o("header",null,o("button",{type:"button",class:"ico\
n","aria-label":"Close",onclick:st},"✕"),o("h2",{id:"story-title",tabindex:-1},"Not in this report"),o("p",null,"There is no ",p.cell," here.")));return}let s=H(
"hint",n),a=o("div",{class:"rest"});t.replaceChildren(oo(n),s?o("p",{class:"callout"},o("strong",null,"What to do: "),s):"",ao(n),a),e||(t.scrollTop=0,E("story-\
title").focus({preventScroll:!0}));let r=(await Ae).get(n);p.cell===le(n)&&a.replaceChildren(io(n,r))}var uo=500,ho=.6,fo=24,_e=new Set;window.addEventListener("beforeprint",()=>_e.forEach(e=>e.paint(!0,!0)));window.addEventListener("afterprint",()=>_e.forEach(e=>e.
paint(!0)));var j=class{constructor(t){this.options=t,this.rowHeight=t.rowHeight||36,this.rows=[],this.sort=po(t.name)||t.sort||"",this.first=-1,this.shown=0,this.
body=o("tbody"),this.head=o("tr",{"aria-rowindex":1});let n=t.columns.map(s=>parseFloat(s.width||"8rem"));this.wanted=n.reduce((s,a)=>s+a,0),this.cards=!1,this.
lineHeight=this.rowHeight,this.table=o("table",{class:"data","aria-label":t.label},o("colgroup",null,n.map(s=>o("col",{style:{width:100*s/this.wanted+"%"}}))),o(
"thead",null,this.head),this.body),this.scroller=o("div",{class:"scroller",tabindex:0,role:"region","aria-label":t.label+", scrollable",onscroll:()=>this.paint(
!1)},this.table),this.tally=o("span",{class:"muted tally"}),this.element=o("div",{class:"table-box"},o("div",{class:"table-tools"},this.tally,ve(t.name,()=>this.
exported())),this.scroller),new ResizeObserver(()=>this.fit()).observe(this.scroller),_e.add(this),this.paintHead()}fit(){let t=this.scroller.clientWidth,n=parseFloat(
getComputedStyle(document.documentElement).fontSize)||14,s=t>0&&t<this.wanted*n*ho;s!==this.cards&&(this.cards=s,this.table.classList.toggle("stacked",s),this.rowHeight=
s?this.options.columns.length*fo+18:this.lineHeight,this.first=-1),this.paint(this.first<0)}show(t){this.rows=t.slice(),this.order(),this.tally.textContent=k(t.
length,"row"),this.table.setAttribute("aria-rowcount",String(t.length+1)),this.paint(!0)}order(){let t=this.sort.startsWith("-"),n=this.sort.replace(/^-/,""),s=this.
options.columns.find(r=>r.key===n);if(!s)return;let a=new Map(this.rows.map(r=>{let l=s.value(r);return[r,typeof l=="string"?Ie(l):l]}));this.rows.sort((r,l)=>{
let c=a.get(r),u=a.get(l);return(c<u?-1:c>u?1:0)*(t?-1:1)||r-l})}sortBy(t){let n=t.key,s="-"+t.key,a=t.number?s:n,r=t.number?n:s;this.sort=this.sort===a?r:a,mo(
this.options.name,this.sort),this.order(),this.paintHead(),this.scroller.scrollTop=0,this.paint(!0)}paintHead(){this.head.replaceChildren(...this.options.columns.
map(t=>{let n=this.sort===t.key?"ascending":this.sort==="-"+t.key?"descending":"none",s=document.activeElement?.getAttribute("data-sort")===t.key&&this.head.contains(
document.activeElement),a=o("button",{type:"button","data-sort":t.key,title:t.title,onclick:()=>this.sortBy(t)},t.head?[t.head,o("span",{class:"hidden"},t.label)]:
t.label,o("span",{class:"arrow","aria-hidden":"true"},n==="ascending"?"↑":n==="descending"?"↓":""));return s&&queueMicrotask(()=>a.focus()),o("th",{scope:"c\
ol","aria-sort":n,class:t.number?"number":null},a)}))}paint(t,n=!1){let s=Math.ceil((this.scroller.clientHeight||600)/this.rowHeight)+8,a=n?0:Math.max(0,Math.min(
Math.floor(this.scroller.scrollTop/this.rowHeight)-4,this.rows.length-s));if(!t&&a===this.first&&this.shown===s)return;this.first=a,this.shown=s;let r=Math.min(
this.rows.length,n?uo:a+s),l=[];a>0&&l.push(this.gap(a));for(let c=a;c<r;c++)l.push(this.line(c));r<this.rows.length&&l.push(n?this.note("and "+w(this.rows.length-
r)+" more"):this.gap(this.rows.length-r)),this.rows.length===0&&l.push(this.note(this.options.none||"Nothing matches.")),this.body.replaceChildren(...l)}gap(t){
return o("tr",{"aria-hidden":"true",class:"gap"},o("td",{colspan:this.options.columns.length,style:{height:t*this.rowHeight+"px"}}))}note(t){return o("tr",null,
o("td",{colspan:this.options.columns.length,class:"none"},t))}line(t){let n=this.rows[t],{columns:s,open:a}=this.options,r=s.map((c,u)=>this.field(c,n,u===0)),l=o(
"tr",{"aria-rowindex":t+2,class:a?"opens":null,style:{height:this.rowHeight+"px"}},r);return a&&l.addEventListener("click",c=>c.target.closest("a, button")||a(n)),
l}field(t,n,s){let{open:a,openLabel:r}=this.options,l=t.show?t.show(n):t.value(n),c=t.number?"number":null;return s?a?o("th",{scope:"row",class:c,"data-label":t.
label},o("button",{type:"button",class:"link",title:r?r(n):null,onclick:()=>a(n)},l)):o("th",{scope:"row",class:c,"data-label":t.label},l):o("td",{class:c,"data\
-label":t.label},l)}exported(){let{columns:t}=this.options;return{header:t.map(n=>n.key),rows:this.rows.map(n=>t.map(s=>s.value(n)))}}};function po(e){let t=p.sort.
split(",").find(n=>n.startsWith(e+"."));return t?t.slice(e.length+1):""}function mo(e,t){let n=p.sort.split(",").filter(s=>s&&!s.startsWith(e+"."));y({sort:[...n,
e+"."+t].join(",")})}var Pe=[2,3,4,6,8,10,12,14,16,20,26],Nt=22,Mn=6,Dt=70,Rt=class{constructor(){this.canvas=o("canvas",{"aria-hidden":"true"}),this.space=o("div",{class:"matrix-sp\
ace"},this.canvas),this.scroller=o("div",{class:"matrix",tabindex:0,role:"application","aria-label":"Fleet matrix","aria-roledescription":"matrix","aria-describ\
edby":"matrix-help",onscroll:()=>this.later(),onmousemove:t=>this.hover(t),onmouseleave:()=>this.point(-1,-1),onclick:t=>this.click(t),onkeydown:t=>this.key(t),
onwheel:t=>this.wheel(t)},this.space),this.tip=o("div",{class:"tip",hidden:!0}),this.voice=o("div",{class:"hidden",role:"status"}),this.element=o("div",{class:"\
matrix-box"},this.scroller,this.tip,this.voice,o("p",{id:"matrix-help",class:"hidden"},"Arrow keys move from cell to cell, Enter opens its story, plus and minus\
 zoom, 0 fits the width.")),this.row=this.column=-1,this.frame=0,new ResizeObserver(()=>this.resize()).observe(this.scroller)}show(t){this.mask=t.mask,this.layout=
un(ue()?t.hits:Array.from(t.mask,(n,s)=>s)),this.row=this.column=-1,this.resize()}resize(){if(!this.layout||!this.scroller.isConnected)return;let{clientWidth:t,
clientHeight:n}=this.scroller;if(t===0)return;let{rows:s,columns:a,byUnit:r}=this.layout,l=t<700?150:230,c=Number(p.zoom)||this.usual(t-l),u=r?c:Math.max(c,12),
h=r&&c>=10,d=132+(h?et:0),f=Ze(a,c,c<6?2:Mn,0,0),m=l+f[f.length-1]+Dt,g=(Q,be)=>r?Ze(s,u,Nt,Nt,0,Q,be):Ze(s,u,6,4,13,Q,be),b=Math.max(1,Math.min(s.groups.length*
4,Math.floor((t+Dt)/m))),S=dn(s,b,m,g),O=Math.max(0,...S.map(({y:Q})=>Q[Q.length-1]));this.camera={size:c,tall:u,width:t,height:n,headWidth:l,headHeight:d,x:f,panels:S,
span:m,regions:h,left:0,top:0},this.space.style.width=(S.length>1?t:m)+"px",this.space.style.height=d+O+12+"px";let A=window.devicePixelRatio||1;this.canvas.width=
t*A,this.canvas.height=n*A,this.canvas.style.width=t+"px",this.canvas.style.height=n+"px",this.paint()}fit(t,n){let s=this.layout?.columns,a=s?.lanes.length||1,
r=s?.groups.length||0;return Pe.findLast(l=>l<=n&&a*l+r*(l<6?2:Mn)+Dt<=t)||Pe[0]}usual(t){let n=this.fit(t,16),s=this.layout?.columns.lanes.length||1;return n<We&&
s*We<t*1.4?We:n}later(){this.frame||(this.frame=requestAnimationFrame(()=>this.paint()))}paint(){this.frame=0;let{camera:t,layout:n,mask:s}=this,a=this.canvas.getContext(
"2d");if(!t||!n||!s||!a)return;let{width:r,height:l,headWidth:c,headHeight:u,panels:h,span:d}=t,f=h.length<2,m=window.devicePixelRatio||1;t.left=f?this.scroller.
scrollLeft:0,t.top=this.scroller.scrollTop;let{left:g,top:b}=t;if(a.setTransform(m,0,0,m,0,0),a.clearRect(0,0,r,l),n.rows.lanes.length===0)return this.paintNothing(
a);for(let S of h){let O=S.left,A=f?r:Math.min(r,O+d);this.clipped(a,O+c,u,A,l,O+c-g,u-b,()=>{pn(a,n,t,S,s),this.paintCursor(a,S)}),this.clipped(a,O,u,O+c-2,l,O,
u-b,()=>gn(a,n,t,S)),this.clipped(a,O+c,0,A,u,O+c-g,0,()=>wn(a,n,t))}}paintNothing(t){t.font="14px "+Se,t.fillStyle=B("--muted"),t.fillText("Nothing matches.",24,
40)}clipped(t,n,s,a,r,l,c,u){t.save(),t.beginPath(),t.rect(n,s,a-n,r-s),t.clip(),t.translate(l,c),u(),t.restore()}paintCursor(t,n){if(!this.camera||this.row<n.first||
this.row>=n.end)return;let{x:s,size:a,tall:r}=this.camera;t.strokeStyle=B("--text"),t.lineWidth=2,t.strokeRect(s[this.column]-2,n.y[this.row-n.first]-2,a+2,r+2)}cell(){
return this.layout&&this.row>=0?this.layout.at[this.row*this.layout.columns.lanes.length+this.column]-1:-1}hover(t){let n=this.placeOf(t);if(!n)return this.point(
-1,-1);this.point(n.row,n.column),this.tell(t.clientX,t.clientY)}placeOf(t){if(!this.camera||!this.layout||this.layout.at.length===0)return null;let n=this.scroller.
getBoundingClientRect(),{x:s,size:a,tall:r,headWidth:l,headHeight:c,left:u,top:h,panels:d,span:f}=this.camera,m=t.clientX-n.left,g=d[d.length>1?Math.min(d.length-
1,Math.floor(m/f)):0];if(!g||m<g.left+l||t.clientY-n.top<c)return null;let b=m-g.left-l+u,S=t.clientY-n.top-c+h,O=me(s,b),A=me(g.y,S);return b>=s[O]&&b<s[O]+a&&
S>=g.y[A]&&S<g.y[A]+r?{row:g.first+A,column:O}:null}point(t,n){t===this.row&&n===this.column||(this.row=t,this.column=n,t<0&&(this.tip.hidden=!0),this.later())}tell(t,n){
let s=this.cell();this.tip.hidden=s<0,!(s<0)&&(this.tip.replaceChildren(o("div",null,ie(Ln(s)),J(s)!==_(s)&&o("span",{class:"muted small"},p.when==="before"?" t\
hen "+x(_(s)).label.toLowerCase():" was "+x(J(s)).label.toLowerCase())),o("strong",null,I(s).name),o("div",{class:"muted"},V(L(s))," · ",W(s)),o("div",{class:"\
reason small"},re(s))),this.keepInSight(t,n))}keepInSight(t,n){let{offsetWidth:s,offsetHeight:a}=this.tip,{clientWidth:r,clientHeight:l}=document.documentElement,
c=(u,h,d,f)=>u+f+h+4<=d?u+f:Math.max(4,Math.min(u-f-h,d-h-4));this.tip.style.left=c(t,s,r,14)+"px",this.tip.style.top=c(n,a,l,18)+"px"}click(t){let n=this.placeOf(
t);n&&(this.point(n.row,n.column),this.cell()>=0&&ge(this.cell()))}wheel(t){!t.ctrlKey&&!t.metaKey||(t.preventDefault(),this.zoom(t.deltaY<0?1:-1))}zoom(t){let n=Pe.
indexOf(this.camera?.size||14);y({zoom:String(Pe[Math.max(0,Math.min(Pe.length-1,n+t))])})}fitWidth(){this.camera&&y({zoom:String(this.fit(this.camera.width-this.
camera.headWidth,26))})}key(t){let n={ArrowLeft:[0,-1],ArrowRight:[0,1],ArrowUp:[-1,0],ArrowDown:[1,0],PageUp:[-10,0],PageDown:[10,0],Home:[0,-1e6],End:[0,1e6]};
if(!(t.ctrlKey||t.metaKey||t.altKey)){if(n[t.key])this.move(...n[t.key]);else if(t.key==="Enter"&&this.cell()>=0)ge(this.cell());else if(t.key==="+"||t.key==="=")
this.zoom(1);else if(t.key==="-")this.zoom(-1);else if(t.key==="0")this.fitWidth();else return;t.preventDefault()}}move(t,n){if(!this.layout||!this.camera||this.
layout.at.length===0)return;let s=(Q,be)=>Math.max(0,Math.min(be-1,Q)),a=this.row<0;this.point(s(a?0:this.row+t,this.layout.rows.lanes.length),s(a?0:this.column+
n,this.layout.columns.lanes.length)),this.reveal();let r=this.cell(),l=this.layout.rows,c=this.layout.columns,u=l.lanes[this.row].label+", "+l.groups[l.lanes[this.
row].group].label+"; "+c.groups[c.lanes[this.column].group].label+", "+c.lanes[this.column].label;this.voice.textContent=N(r<0?u+": no instance, and none is wan\
ted":x(Ln(r)).label+": "+u+". "+re(r));let h=this.scroller.getBoundingClientRect(),{x:d,left:f,top:m,headWidth:g,headHeight:b,size:S,tall:O}=this.camera,A=this.
panelOf(this.row);A&&this.tell(h.left+A.left+g+d[this.column]-f+S,h.top+b+A.y[this.row-A.first]-m+O)}panelOf(t){return this.camera?.panels.find(({first:n,end:s})=>t>=
n&&t<s)}reveal(){let t=this.panelOf(this.row);if(!this.camera||!t)return;let{x:n,size:s,tall:a,width:r,height:l,headWidth:c,headHeight:u,panels:h}=this.camera,d=t.
y[this.row-t.first],f=this.scroller;h.length===1&&(f.scrollLeft=Math.max(Math.min(f.scrollLeft,n[this.column]-10),n[this.column]+s+10-(r-c))),f.scrollTop=Math.max(
Math.min(f.scrollTop,d-Nt),d+a+10-(l-u)),this.camera.left=h.length===1?f.scrollLeft:0,this.camera.top=f.scrollTop}},Ln=e=>p.when==="before"?J(e):_(e);function It(){
return[{key:"stackSet",label:"Stack set",width:"15rem",value:e=>I(e).name},{key:"account",label:"Account",width:"9rem",value:e=>L(e).id,show:e=>o("span",{class:"\
code"},L(e).id)},{key:"accountName",label:"Name",width:"12rem",value:e=>L(e).name||""},{key:"ou",label:"OU",width:"12rem",value:e=>G(ee(e))},{key:"region",label:"\
Region",width:"8rem",value:W},{key:"verdict",label:"Verdict",width:"9rem",value:_,show:e=>ie(_(e))},{key:"before",label:"Before",width:"9rem",value:J,show:e=>ie(
J(e))},{key:"reason",label:"Reason",width:"26rem",value:re,show:e=>o("span",{title:re(e)},re(e))},{key:"hint",label:"Hint",width:"18rem",value:e=>H("hint",e),show:e=>o(
"span",{title:H("hint",e)},H("hint",e))}]}function Ue(e,t,n){return o("div",{class:"segmented",role:"group","aria-label":e},n.map(([s,a])=>o("button",{type:"but\
ton","aria-pressed":String(p[t]===s),onclick:()=>y({[t]:s})},a)))}var z=null,Tn=()=>z;function Nn(){z=null}function Dn(){let e=q(),t=p.as==="table",n=o("div",{class:"\
panel-tools"},Ue("Shown as","as",[["matrix","Matrix"],["table","Table"]]),!t&&Ue("Rows","by",[["ou","Accounts by OU"],["set","Stack sets"]]),Ue("Cells","only",[
["","All"],["wrong","Wrong only"]]),!t&&Ue("Order","order",[["","By name"],["worst","Worst first"]]),Ue("State","when",[["after","Now"],["before","Before the ru\
n"]]),!t&&o("div",{class:"segmented",role:"group","aria-label":"Zoom"},o("button",{type:"button","aria-label":"Zoom out",onclick:()=>z?.zoom(-1)},"−"),o("butt\
on",{type:"button","aria-label":"Zoom in",onclick:()=>z?.zoom(1)},"+"),o("button",{type:"button",onclick:()=>z?.fitWidth()},"Fit"))),s=o("section",{class:"panel",
"aria-labelledby":"fleet-title"},o("div",{class:"panel-head"},o("h2",{id:"fleet-title"},"The fleet"),o("span",{class:"muted"},k(e.hits.length,"cell")),n));if(t){
let a=new j({name:"cells",label:"Cells",columns:It(),open:ge,openLabel:r=>"Story of "+le(r),rowHeight:34});return a.show(e.hits),s.append(a.element),s}return s.
append(Wt()),s}function Wt(){let e=z;return z=new Rt,z.show(q()),e&&e.layout?.at.length===z.layout?.at.length&&z.point(e.row,e.column),o("div",null,wo(),go(),z.
element)}function go(){return p.by==="set"||i.regions.length===0?"":o("p",{class:"muted small regions"},"A stack set's columns are its regions, from left to rig\
ht: ",i.regions.toSorted().join(", "),".")}function wo(){return o("ul",{class:"legend"},["absent","removed",...P].reverse().map(e=>o("li",{title:x(e).meaning},D(
e,14),x(e).label)),o("li",{class:"muted"},o("span",{class:"blank"}),"none wanted"))}function Wn(){let e=i.history;if(e.length<2)return[o("section",{class:"panel"},o("div",{class:"panel-head"},o("h2",null,"History")),o("p",{class:"none"},"There \
is no history yet: it begins with the second run.")),Rn(),In()];let t=te({class:"chart-box"},n=>rn(e,n,220));return[o("section",{class:"panel","aria-labelledby":"\
history-title"},o("div",{class:"panel-head"},o("h2",{id:"history-title"},"History"),o("span",{class:"muted"},"found by the last ",k(e.length,"run"),", before he\
aling")),yo(e),t,ko(),vo()),Rn(),In()]}function bo(e){let t=e.slice().sort((s,a)=>s-a),n=t.length>>1;return t.length===0?NaN:t.length%2?t[n]:(t[n-1]+t[n])/2}function yo(e){
let t=e.filter(a=>a.healSeconds),n=e[e.length-1],s=(a,r,l)=>o("div",null,o("dt",null,a),o("dd",null,r,l.length>1&&o("div",null,pe(l,a,150,30))));return o("dl",{
class:"figures wide"},s("Time to heal, median",t.length?U(bo(t.map(a=>a.healSeconds||0))):"not recorded",t.map(a=>a.healSeconds||0)),s("Found wrong, last run",w(
R(n.before)),e.map(a=>R(a.before))),s("Left wrong, last run",w(R(n.after)),e.map(a=>R(a.after))),s("Not checked, last run",w(n.after.notChecked||0),e.map(a=>a.after.
notChecked||0)),s("Run time, last run",U(n.seconds),e.map(a=>a.seconds)))}function ko(){let e=i.stackSets.filter(n=>n.history?.length);if(e.length===0)return null;
let t=n=>(n.history||[]).reduce((s,a)=>s+(a.unhealthy?1:0),0);return o("div",{class:"states-box"},o("h3",null,"State of each stack set"),o("p",{class:"muted sma\
ll"},"The worst that each run found; runs that found the same are one stretch. Oldest left."),o("ul",{class:"state-lines"},e.sort((n,s)=>t(s)-t(n)).map(n=>o("li",
null,o("span",{class:"state-name"},n.name),ln(n.name,(n.history||[]).map(s=>s.worst))))))}function vo(){let e=n=>i.history[n],t=new j({name:"history",label:"Run\
s",sort:"-at",rowHeight:34,columns:[{key:"at",label:"Run at",width:"13rem",value:n=>e(n).at,show:n=>o("span",{class:"code"},M(C(e(n).at)))},{key:"result",label:"\
Result",width:"7rem",value:n=>e(n).result},{key:"before",label:"Found wrong",number:!0,width:"8rem",value:n=>R(e(n).before)},{key:"after",label:"Left wrong",number:!0,
width:"8rem",value:n=>R(e(n).after)},{key:"healed",label:"Healed",number:!0,width:"7rem",value:n=>e(n).healed||0},{key:"attention",label:"For a person",number:!0,
width:"8rem",value:n=>e(n).attention||0},{key:"healSeconds",label:"Time to heal",number:!0,width:"9rem",value:n=>e(n).healSeconds||0,show:n=>e(n).healSeconds?U(
e(n).healSeconds||0):"–"},{key:"seconds",label:"Run time",number:!0,width:"8rem",value:n=>e(n).seconds,show:n=>U(e(n).seconds)},{key:"run",label:"Run",width:"\
16rem",value:n=>e(n).run,show:n=>o("span",{class:"code"},e(n).run)}]});return t.show(i.history.map((n,s)=>s)),t.element}function Hn(e,t,n,s,a){let r=o("section",
{class:"panel","aria-labelledby":e+"-title"},o("div",{class:"panel-head"},o("h2",{id:e+"-title"},t))),l=It().filter(c=>["stackSet","accountName","account","regi\
on","verdict","reason"].includes(c.key));return Ae.then(c=>{let{mask:u}=q(),h=[...c.entries()].filter(([f,m])=>u[f]&&s(m,f)).map(([f])=>f);if(h.length===0)return r.
append(o("p",{class:"none"},n));let d=new j({name:e,label:t,columns:[...l.slice(0,4),a,...l.slice(4)],sort:"-"+a.key,open:ge,openLabel:f=>"Story of "+le(f),rowHeight:34});
r.append(d.element),d.show(h)}),r}function Rn(){return Hn("repeat-offenders","Repeat offenders","No cell was healed more than once within the quarantine window.",
t=>(t.heals||0)>1,{key:"heals",label:"Heals",number:!0,width:"6rem",value:t=>ae.get(t)?.heals||0})}function In(){let e=t=>ae.get(t)?.quarantined||"";return Hn("\
quarantine","Quarantine","Nothing is in quarantine.",(t,n)=>_(n)==="quarantined"||!!t.quarantined,{key:"quarantined",label:"Since",width:"14.5rem",value:e,show:t=>o(
"span",{class:"code"},M(C(e(t))))})}var xo=document.documentElement.dataset.live||"",ot=e=>xo.replace(/\/$/,"")+"/api/"+e,_n=async()=>{};function Pn(e){_n=e}async function Un(){let e=await fetch(ot(
"state"),{credentials:"same-origin",cache:"no-store"});if(!e.ok)throw new Error("the server answered "+e.status);return e.json()}async function Fe(e,t,n=!0){try{
let s=await fetch(ot(e),{method:"POST",credentials:"same-origin",headers:{"Content-Type":"application/json"},body:JSON.stringify(t)});return s.ok?(n&&await _n(),
""):(await s.text()).trim()||"The server answered "+s.status+"."}catch(s){return"The server could not be reached: "+s}}function at(e,t){let n=E("live");n.hidden=!1,n.className="live "+e,n.textContent=t}var Fn=3e3;function Vn(e){if(!i.live)return;Pn(e);let t=document.documentElement.
dataset.version||"",n=t,s=0,a=0,r=!1,l=async()=>{if(a=0,n===t||document.hidden)return;if(r)return c(300);let h=n;try{await e(),t=h,at("on","Live")}catch(d){at("\
off",N(d))}s=Date.now(),n!==t&&c(Fn)},c=h=>{a||(a=window.setTimeout(l,h))};document.addEventListener("pointerdown",()=>r=!0),document.addEventListener("pointeru\
p",()=>r=!1),document.addEventListener("pointercancel",()=>r=!1),document.addEventListener("visibilitychange",()=>c(0));let u=new EventSource(ot("events"));u.addEventListener(
"open",()=>at("on","Live")),u.addEventListener("error",()=>at("off","Connection lost")),u.addEventListener("state",h=>{n=h.data,n!==t&&c(Math.max(0,s+Fn-Date.now()))})}var jn=e=>e.stackSet||"all stack sets";function $n(){let e=i.approvals.filter(n=>!n.decision),t=i.approvals.filter(n=>n.decision);return[...e.map(So),...t.map(Co)]}
function Bn(e,t,n,...s){return o("article",{class:"group"+(e==="blocked"?" notice":"")},o("div",{class:"group-mark"},D(e,24)),o("div",{class:"group-body"},o("h3",
{class:"reason"},n.reason),o("p",{class:"muted small"},t," · ",jn(n)),s))}function So(e){return Bn("blocked","Waits for approval"+(e.since?" since "+M(C(e.since)):
""),e,e.hint&&o("p",{class:"hint"},e.hint),zn(e),i.live?Oo(e):K([{does:"Approve it, for 24 hours",command:"setmend approvals approve "+De(e.id)}]))}function zn(e){
let t=[e.all?["Counted",w(e.of||0)+" of "+w(e.all)]:null,e.cells===void 0?null:["Cells that would be acted on",w(e.cells)],e.operations?["Operations, at least",
w(e.operations)]:null].filter(s=>s!==null),n=e.destroys||[];return o("dl",{class:"consequences"},t.map(([s,a])=>o("div",null,o("dt",null,s),o("dd",null,a))),e.cells===
void 0?null:o("div",null,o("dt",null,"Would be destroyed"),o("dd",null,n.length?o("ul",null,n.map(s=>o("li",null,k(s.cells,"stack")," of ",s.stackSet,": ",s.note))):
"nothing")))}function Oo(e){return o("p",{class:"decide"},o("button",{type:"button",class:"primary",onclick:()=>qn(e,!0),"aria-label":"Approve "+e.id},"Approve \
…"),o("button",{type:"button",onclick:()=>qn(e,!1),"aria-label":"Deny "+e.id},"Deny …"))}function qn(e,t){let n=document.activeElement,s=o("span",{role:"sta\
tus",class:"small"}),a=o("textarea",{id:"approval-note",rows:2,maxlength:500}),r=o("button",{type:"submit",class:"primary"},t?"Approve for 24 hours":"Deny"),l=o(
"form",{method:"dialog"},o("h2",{id:"approval-title"},t?"Approve this for ":"Deny this for ",jn(e),"?"),o("p",{class:"reason"},e.reason),t&&zn(e),o("p",{class:"\
muted small"},t?"It takes effect at the next heal, holds for what was counted and no more, and can be undone until then.":"Nothing of it is done until it is ask\
ed and answered anew."),o("label",{for:"approval-note"},"Note, for who reads it later"),a,o("p",{class:"decide"},r,o("button",{type:"button",onclick:()=>c.close()},
"Cancel"),s)),c=o("dialog",{class:"approval","aria-labelledby":"approval-title"},l);l.addEventListener("submit",async u=>{u.preventDefault(),r.disabled=!0,s.textContent=
"Sending …";let h=await Fe("approvals",{id:e.id,approve:t,note:a.value.trim()});if(!h)return c.close();r.disabled=!1,s.textContent="Not accepted: "+N(h)}),c.addEventListener(
"close",()=>{c.remove(),n instanceof HTMLElement&&n.isConnected&&n.focus()}),document.body.append(c),c.showModal()}function Co(e){let t=e.decision==="approved",
n=o("span",{role:"status",class:"small"}),s=async()=>{let a=await Fe("approvals",{id:e.id,undo:!0});n.textContent=a?"Not undone: "+N(a):""};return Bn(t?"healthy":
"blocked",t?"Approved":"Denied",e,o("p",{class:"hint"},(t?"Approved":"Denied")+" by "+(e.by||"somebody unnamed"),e.until?" until "+M(C(e.until)):"",t?"; it take\
s effect at the next heal.":".",e.note?o("span",{class:"where"},"“",e.note,"”"):null),i.live?o("p",{class:"decide"},o("button",{type:"button",onclick:s,"ari\
a-label":"Undo the answer to "+e.id},"Undo"),n):null)}var Gn=6,Ht=30;function Yn(){let{mask:e}=q(),t=i.groups.map(n=>({group:n,cells:Array.from(n.cells).filter(s=>e[s])})).filter(({cells:n})=>n.length>0);return o("\
section",{class:"panel","aria-labelledby":"attention-title"},o("div",{class:"panel-head"},o("h2",{id:"attention-title"},"Needs attention"),o("span",{class:"mute\
d"},t.length?k(t.reduce((n,s)=>n+s.cells.length,0),"cell")+", "+k(t.length,"reason"):""),t.length?ve("attention",()=>Lo(t)):null),$n(),Pt(n=>!_t(n)),To(),i.loose.
map(Xn),t.slice(0,Ht).map(({group:n,cells:s})=>Ut(n,s)),t.length>Ht&&Ao(t.slice(Ht)),t.length===0&&o("p",{class:"none"},i.groups.length?"Nothing that matches th\
e filter needs a person.":"Nothing needs a person."),Pt(_t))}function Jn(e){let t=i.stackSets[e].name,n=i.groups.map(r=>({group:r,cells:Array.from(r.cells).filter(
l=>i.cells.set[l]===e)})).filter(({cells:r})=>r.length>0),s=Pt(r=>r.stackSet===t),a=i.held.filter((r,l)=>Kn(e,l));return o("section",{class:"panel","aria-labell\
edby":"set-attention-title"},o("div",{class:"panel-head"},o("h2",{id:"set-attention-title"},"What is wrong in it")),s,i.loose.filter(r=>r.stackSet===t).map(Xn),
n.map(({group:r,cells:l})=>Ut(r,l)),a.map(r=>Qn({...r,cells:Kn(e,i.held.indexOf(r))})),n.length+s.length+a.length===0&&o("p",{class:"none"},"Nothing in it is kn\
own to be wrong."))}function Kn(e,t){let n=i.cells,s=0;for(let a=0;a<n.count;a++)n.set[a]===e&&n.kinds.held[n.kind[a]]===t&&s++;return s}function Zn(){let e=i.held.
filter(t=>t.cells>0).sort((t,n)=>n.cells-t.cells);return e.length===0&&i.absent===0?null:o("section",{class:"panel","aria-labelledby":"held-title"},o("div",{class:"\
panel-head"},o("h2",{id:"held-title"},"Wrong, and not for a person"),o("span",{class:"muted"},k(e.reduce((t,n)=>t+n.cells,0),"cell"))),e.map(Qn),i.absent>0&&o("\
p",{class:"muted small pad"},k(i.absent,"cell")," must not have an instance and ",i.absent===1?"has":"have"," none: rightly absent, and not counted as wrong."))}
function Qn(e){return o("article",{class:"group"},o("div",{class:"group-body"},o("div",{class:"group-top"},o("h3",null,e.why),o("strong",{class:"group-count"},w(
e.cells))),e.until?o("p",{class:"muted small"},"The first of them not before ",M(e.until),"."):null,K(e.next)))}function Xn(e){return rt("Stack set",e.stackSet,
e.reason||e.said||"",e.hint,K(e.next))}function Eo(e,t){if(!e.release||!i.live)return null;let n=o("span",{role:"status",class:"small"}),a=o("button",{type:"but\
ton",class:"primary",onclick:async()=>{n.textContent="Sending …";let r=await Fe("release",{cells:t.map(l=>({stackSet:I(l).name,account:L(l).id,region:W(l)}))},
!1);a.disabled=!r,n.textContent=r?"Not released: "+N(r):"Released; the next heal tries again."}},"Release ",k(t.length,"cell"));return o("span",{class:"decide"},
a,n)}function Ao(e){let t=o("button",{type:"button",class:"link pad",onclick:()=>t.replaceWith(...e.map(({group:n,cells:s})=>Ut(n,s)))},"Show ",k(e.length,"more\
 reason"));return t}function Ut(e,t){let{texts:n}=i,s=i.verdicts[e.verdict],a=new Set(t.map(u=>I(u).name)),r=new Set(t.map(u=>L(u).id)),l=o("ul",{class:"cells"},
t.slice(0,Gn).map(Mo)),c=t.length>Gn&&o("button",{type:"button",class:"link small",onclick:()=>y({...Be(),view:"fleet",as:"table",group:Le(e)})},"All ",w(t.length),
" cells");return o("article",{class:"group"},o("div",{class:"group-mark"},D(s,24)),o("div",{class:"group-body"},o("div",{class:"group-top"},o("h3",null,ke({reason:n[e.
reason]||"No reason was given",said:n[e.said],where:n[e.where]},!1)),o("strong",{class:"group-count"},w(t.length))),o("p",{class:"muted small"},x(s).label," · ",
k(a.size,"stack set")," · ",k(r.size,"account"),n[e.class]&&o("span",{class:"tag"},n[e.class]),e.differ&&" · worded as for "+V(L(e.example))+"; the others dif\
fer in names and times"),n[e.hint]&&o("p",{class:"hint"},n[e.hint]),K(e.next,u=>Eo(u,t),[I(t[0]).name,L(t[0]).id,W(t[0])]),l,c))}function Mo(e){return o("li",null,
o("button",{type:"button",class:"cell-link",onclick:()=>ge(e)},D(_(e),14),o("span",null,I(e).name),o("span",{class:"muted"},V(L(e))," · ",W(e))))}function Lo(e){
let t=["group","class","hint","stackSet","account","accountName","region","verdict","reason"],{texts:n}=i,s=e.flatMap(({group:a,cells:r})=>r.map(l=>[n[a.said]||
n[a.reason],n[a.class],n[a.hint],I(l).name,L(l).id,L(l).name||"",W(l),_(l),re(l)]));return{header:t,rows:s}}function _t(e){return!!(e.accepted||e.opened)}function Pt(e){
let t=new Set(i.approvals.map(n=>n.id));return i.guards.filter(e).filter(n=>!t.has(n.guard+(n.stackSet?":"+n.stackSet:""))).map(n=>{if(!_t(n))return rt("Guard "+
n.guard,n.stackSet,n.reason,n.hint);let s=rt("Guard "+n.guard+(n.accepted?" (accepted)":" (has opened since)"),n.stackSet,n.reason,"");return s.classList.remove(
"notice"),s})}function To(){return i.problems.map(e=>rt(e.stops?"Configuration, stops the stack set":"Configuration",e.stackSet,e.text,e.hint))}function rt(e,t,n,s,...a){
return o("article",{class:"group notice"},o("div",{class:"group-mark"},D("blocked",24)),o("div",{class:"group-body"},o("h3",{class:"reason"},n),o("p",{class:"mu\
ted small"},e,t?" · "+t:""),s&&o("p",{class:"hint"},s),a))}var No=864e5;function Ve(e){let t=(e.operations||[]).filter(n=>["SUCCEEDED","FAILED","STOPPED"].includes(n.status));return t.length?t.filter(n=>n.status==="SUCC\
EEDED"&&!n.failedInstances).length/t.length:NaN}var lt=e=>(e.history||[]).map(t=>t.unhealthy);function Do(e){let t=C(e.lastDriftCheck);return o("span",{class:isNaN(
t)||Re()-t>2*No?"old":null},isNaN(t)?"never":Z(t,!0))}function Ro(e){let t=(e.operations||[])[0];if(!t)return o("span",{class:"muted"},"none");let n={SUCCEEDED:t.
failedInstances?"warn":"good",FAILED:"bad",STOPPED:"warn"}[t.status]||"busy";return o("span",{title:[t.kind,t.status,t.reason].filter(Boolean).join(": ")},o("sp\
an",{class:"dot tone-"+n}),t.kind.toLowerCase().replaceAll("_"," ")," ",o("span",{class:"muted small"},Z(C(t.ended||t.created),!0)))}function Io(e){let t=Ve(e);
return isNaN(t)?o("span",{class:"muted"},"–"):o("span",{class:t<.5?"bad-text":t<.9?"old":null},Math.round(t*100)+" %")}function Ft(e){return o("span",{class:"\
set-name"},e.name,e.mandatory&&o("span",{class:"tag",title:"mandatory: must be in every target"},"mandatory"),!e.selfHealing&&o("span",{class:"tag",title:"not t\
agged selfhealing: reported, not healed"},"report only"))}function Wo(){let e=n=>i.stackSets[n],t=P.slice().reverse().map(n=>({key:n,label:x(n).label,title:x(n).
label+": "+x(n).meaning,head:D(n,16),number:!0,width:"3.5rem",value:s=>e(s).after?.[n]||0,show:s=>e(s).after?.[n]?w(e(s).after[n]):o("span",{class:"faint"},"0")}));
return[{key:"name",label:"Stack set",width:"16.9rem",value:n=>e(n).name,show:n=>Ft(e(n))},{key:"instances",label:"Instances",number:!0,width:"5.6rem",value:n=>e(
n).instances,show:n=>w(e(n).instances)},{key:"state",label:"State",number:!0,width:"6.4rem",value:n=>R(e(n).after||{}),show:n=>ce(e(n).after||{})},...t,{key:"la\
stDriftCheck",label:"Drift check",width:"7.6rem",value:n=>e(n).lastDriftCheck||"",show:n=>Do(e(n))},{key:"lastOperation",label:"Last operation",width:"13.6rem",
value:n=>e(n).operations?.[0]?.ended||e(n).operations?.[0]?.created||"",show:n=>Ro(e(n))},{key:"successRate",label:"Success",title:"share of the recent operatio\
ns that succeeded at every instance",number:!0,width:"5.2rem",value:n=>isNaN(Ve(e(n)))?-1:Ve(e(n)),show:n=>Io(e(n))},{key:"trend",label:"Trend",width:"8rem",title:"\
instances found unhealthy by the last runs",value:n=>lt(e(n)).join(" "),show:n=>pe(lt(e(n)),"unhealthy instances over the last runs")}]}function Vt(){let e=i.stackSets.
map((n,s)=>s);if(!ue())return e;let t=new Set(q().hits.map(n=>i.cells.set[n]));return e.filter(n=>t.has(n))}function es(){let e=new j({name:"stack-sets",label:"\
Stack sets",columns:Wo(),sort:"-state",rowHeight:40,open:t=>y({view:"set",set:i.stackSets[t].name}),openLabel:t=>"Show the stack set "+i.stackSets[t].name});return e.
show(Vt()),o("section",{class:"panel","aria-labelledby":"sets-title"},o("div",{class:"panel-head"},o("h2",{id:"sets-title"},"Stack sets")),e.element)}var $=(e,t)=>o(
"div",null,o("dt",null,e),o("dd",null,t));function ts(){return[o("div",{class:"columns"},o("div",{class:"main-column"},Yn(),Zn()),o("div",{class:"side"},Uo(),Ho(),_o(),Po()))]}function Ho(){let e=Vt().sort(
(t,n)=>R(i.stackSets[n].after||{})-R(i.stackSets[t].after||{})||t-n).slice(0,8);return o("section",{class:"panel","aria-labelledby":"worst-title"},o("div",{class:"\
panel-head"},o("h2",{id:"worst-title"},"Stack sets"),o("button",{type:"button",class:"link",onclick:()=>y({view:"sets"})},"All ",w(i.stackSets.length))),o("ul",
{class:"lines"},e.map(t=>{let n=i.stackSets[t],s=R(n.after||{});return o("li",null,o("button",{type:"button",class:"link",onclick:()=>y({view:"set",set:n.name})},
n.name),o("span",{class:s?"wrong":"muted"},s?w(s)+" wrong":w(n.instances)),ce(n.after||{}))})))}function _o(){let e=i.deeds.slice().sort((t,n)=>n.cells-t.cells).
map(t=>o("li",null,o("span",null,o("span",{class:"dot tone-"+t.tone}),t.remedy," ",t.outcome),o("span",{class:"muted"},k(t.cells,"cell"))));return o("section",{
class:"panel","aria-labelledby":"summary-title"},o("div",{class:"panel-head"},o("h2",{id:"summary-title"},"This run"),o("button",{type:"button",class:"link",onclick:()=>y(
{view:"run"})},"Timeline")),e.length?o("ul",{class:"lines two"},e):o("p",{class:"none"},"Nothing was changed."))}function Po(){if(i.history.length<2)return null;
let e=i.history.map(t=>R(t.before));return o("section",{class:"panel","aria-labelledby":"trend-title"},o("div",{class:"panel-head"},o("h2",{id:"trend-title"},"F\
ound wrong, run by run"),o("button",{type:"button",class:"link",onclick:()=>y({view:"history"})},"History")),o("div",{class:"pad"},te({},t=>pe(e,"Found wrong",t,
56)),o("p",{class:"muted small"},"last ",k(e.length,"run"),"; highest ",w(Math.max(...e)),", last ",w(e[e.length-1]))))}function Uo(){let e=Array.from({length:i.
cells.count},(a,r)=>r);if(e.length===0)return null;let t=Mt(e),n="The whole fleet, a line for each stack set, accounts by OU from left to right. Open the matrix\
.",s=te({class:"glance"},a=>Fo(t,Math.floor(a)));return o("section",{class:"panel","aria-labelledby":"glance-title"},o("div",{class:"panel-head"},o("h2",{id:"gl\
ance-title"},"The fleet"),o("button",{type:"button",class:"link",onclick:()=>y({view:"fleet",by:"set"})},"Matrix")),o("button",{type:"button",class:"glance-butt\
on","aria-label":n,title:n,onclick:()=>y({view:"fleet",by:"set"})},s))}function Fo({axis:e,place:t},n){let s=Vo(),a=Math.max(2,Math.min(7,Math.floor(190/s.length))),
r=window.devicePixelRatio||1,l=o("canvas",{width:n*r,height:s.length*a*r,style:{width:n+"px",height:s.length*a+"px"}}),c=l.getContext("2d");if(!c)return l;c.scale(
r,r);let u=Math.min(n,e.lanes.length),h=qo(s,t,u/e.lanes.length,u),{mask:d}=q(),f=i.verdicts.map(g=>B("--v-"+x(g).name)),m=ue();return h.forEach((g,b)=>{if(g<0)
return;let S=Math.floor(b%u*n/u),O=Math.floor((b%u+1)*n/u);c.fillStyle=f[i.cells.verdict[g]],c.globalAlpha=m&&!d[g]?.15:1,c.fillRect(S,Math.floor(b/u)*a,O-S,a-1)}),
l}function Vo(){let e=new Map(i.levels.flatMap((t,n)=>t.map(s=>[s,n])));return Je(i.stackSets.map((t,n)=>n),t=>String(e.get(t)??999).padStart(3,"0")+i.stackSets[t].
name)}function qo(e,t,n,s){let a=i.cells,r=new Map(e.map((h,d)=>[h,d])),l=new Int32Array(e.length*s).fill(-1),{mask:c}=q(),u=h=>c[h]*100+a.verdict[h];for(let h=0;h<
a.count;h++){let d=(r.get(a.set[h])??0)*s+Math.floor((t.get(a.account[h])??0)*n);(l[d]<0||u(h)>u(l[d]))&&(l[d]=h)}return l}function ns(){return[jo(),Ko()]}function jo(){let e=i.actions.some(n=>!isNaN(T(n))),t=o("section",{class:"panel","aria-labelledby":"run-title"},o("div",{class:"\
panel-head"},o("h2",{id:"run-title"},"What this run did"),o("span",{class:"muted"},k(i.actions.length,"operation"))),$o());if(e){let n={class:"timeline-box",tabindex:0,
role:"region","aria-label":"Timeline of operations, "+Ct()};t.append(o("p",{class:"muted small pad range"},Ct()),te(n,s=>on(s)),Bo()||"")}return i.actions.length?
t.append(Go()):t.append(o("p",{class:"none"},"This run changed nothing.")),t}function $o(){let{api:e,overrides:t}=i,n=i.deeds.reduce((s,a)=>s+a.cells,0);return o(
"dl",{class:"figures"},$("Duration",U(vt())),$("Operations",w(i.actions.length)),$("Cells acted on",w(n)),$("API calls",w(e.calls)),$("of them writes",w(e.writes)),
$("Throttled",w(e.throttled)),$("Overrides restored",w(t.restored)+" of "+w(t.saved)))}function Bo(){let e=i.actions.find(s=>s.id===p.action);if(!e)return null;
let t=i.actions.filter(s=>(s.after||[]).includes(e.id)),n=s=>o("li",null,o("button",{type:"button",class:"link",onclick:()=>y({action:s})},Oe(s)));return o("div",
{class:"chosen-action"},o("h3",null,Oe(e.id)),o("p",null,o("span",{class:"dot tone-"+e.tone}),e.outcome," · ",k(e.cells,"cell")," · ",k(e.reached,"account"),"\
 × ",k(e.regions.length,"region")," · ",M(T(e))),e.reason&&o("p",{class:"reason"},e.reason),e.operationId&&o("p",{class:"muted small code"},e.operationId),(e.
after||[]).length>0&&o("div",null,o("h4",null,"Waited for"),o("ul",{class:"plain"},(e.after||[]).map(n))),t.length>0&&o("div",null,o("h4",null,"Waited for it"),
o("ul",{class:"plain"},t.map(s=>n(s.id)))))}function Oe(e){let t=i.actions.find(n=>n.id===e);return t?t.action.toLowerCase().replaceAll("_"," ")+" "+i.stackSets[t.
stackSet].name+" ("+w(t.cells)+")":e}function zo(e){if(p.set&&i.stackSets[e.stackSet].name!==p.set)return!1;let t=[i.stackSets[e.stackSet].name,e.id,e.action,e.
remedy,e.outcome,e.reason,e.operationId,...Array.from(e.accounts,n=>i.accounts[n].id+" "+(i.accounts[n].name||""))].join(" ").toLowerCase();return ye(p.q).every(
n=>t.includes(n))}function Go(){let e=n=>i.actions[n],t=new j({name:"operations",label:"Operations",rowHeight:34,open:n=>y({action:e(n).id}),openLabel:n=>"Show "+
Oe(e(n).id),columns:[{key:"action",label:"Operation",width:"11rem",value:n=>e(n).action,show:n=>e(n).action.toLowerCase().replaceAll("_"," ")},{key:"remedy",label:"\
Remedy",width:"7rem",value:n=>e(n).remedy},{key:"stackSet",label:"Stack set",width:"15rem",value:n=>i.stackSets[e(n).stackSet].name},{key:"outcome",label:"Outco\
me",width:"8rem",value:n=>e(n).outcome,show:n=>o("span",null,o("span",{class:"dot tone-"+e(n).tone}),e(n).outcome)},{key:"cells",label:"Cells",number:!0,width:"\
5rem",value:n=>e(n).cells,show:n=>w(e(n).cells)},{key:"started",label:"Started",width:"8rem",value:n=>e(n).started||"",show:n=>o("span",{class:"code",title:M(T(
e(n)))},de(T(e(n))))},{key:"seconds",label:"Took",number:!0,width:"7rem",value:n=>isNaN(T(e(n)))?0:(fe(e(n))-T(e(n)))/1e3,show:n=>U((fe(e(n))-T(e(n)))/1e3)},{key:"\
after",label:"Waited for",width:"13rem",value:n=>(e(n).after||[]).join(" "),show:n=>(e(n).after||[]).map(Oe).join(", ")},{key:"reason",label:"Reason",width:"26r\
em",value:n=>e(n).reason,show:n=>o("span",{title:e(n).reason},e(n).reason)},{key:"operationId",label:"Operation id",width:"18rem",value:n=>e(n).operationId,show:n=>o(
"span",{class:"code"},e(n).operationId)}]});return t.show(i.actions.map((n,s)=>s).filter(n=>zo(i.actions[n]))),t.element}var we=(e,t)=>t<0?"":e[t];function Ko(){
let e=i.decisions,{texts:t}=i,n=i.stackSets.map(r=>r.name),s=i.accounts.map(r=>r.id),a=new j({name:"decisions",label:"Decisions",rowHeight:34,none:e.count?"Noth\
ing matches.":"No decision is recorded here; decisions.jsonl has them.",columns:[{key:"time",label:"Time",width:"7rem",value:r=>new Date(e.start+e.time[r]).toISOString(),
show:r=>o("span",{class:"code",title:M(e.start+e.time[r])},de(e.start+e.time[r]))},{key:"stackSet",label:"Stack set",width:"14rem",value:r=>we(n,e.set[r])},{key:"\
account",label:"Account",width:"12rem",value:r=>we(s,e.account[r]),show:r=>e.account[r]<0?"":o("span",{title:s[e.account[r]]},V(i.accounts[e.account[r]]))},{key:"\
region",label:"Region",width:"8rem",value:r=>we(i.regions,e.region[r])},{key:"verdict",label:"Verdict",width:"9rem",value:r=>we(i.verdicts,e.verdict[r]),show:r=>e.
verdict[r]<0?"":ie(i.verdicts[e.verdict[r]])},{key:"action",label:"Decision",width:"8rem",value:r=>t[e.action[r]]},{key:"outcome",label:"Outcome",width:"8rem",value:r=>t[e.
outcome[r]],show:r=>o("span",null,o("span",{class:"dot tone-"+t[e.tone[r]]}),t[e.outcome[r]])},{key:"reason",label:"Reason",width:"30rem",value:r=>t[e.said[r]]||
t[e.reason[r]],show:r=>o("span",{title:t[e.reason[r]]},t[e.said[r]]||t[e.reason[r]])},{key:"operationId",label:"Operation id",width:"18rem",value:r=>t[e.operation[r]],
show:r=>o("span",{class:"code"},t[e.operation[r]])}]});return a.show(Yo()),o("section",{class:"panel","aria-labelledby":"decisions-title"},o("div",{class:"panel\
-head"},o("h2",{id:"decisions-title"},"Decisions"),i.omitted.decisions?o("span",{class:"muted"},"the newest; "+w(i.omitted.decisions)+" more in decisions.jsonl"):
null),a.element)}function Yo(){let e=i.decisions,{texts:t}=i,n=oe(),s=ye(p.q);return Array.from({length:e.count},(r,l)=>l).filter(r=>{if(p.set&&we(i.stackSets.map(
u=>u.name),e.set[r])!==p.set||n.size&&!n.has(we(i.verdicts,e.verdict[r])))return!1;if(s.length===0)return!0;let l=e.account[r]<0?"":i.accounts[e.account[r]].id+
" "+(i.accounts[e.account[r]].name||""),c=[e.set[r]<0?"":i.stackSets[e.set[r]].name,l,we(i.regions,e.region[r]),we(i.verdicts,e.verdict[r]),t[e.action[r]],t[e.outcome[r]],
t[e.reason[r]],t[e.said[r]],t[e.operation[r]]].join(" ").toLowerCase();return s.every(u=>c.includes(u))})}var Jo=5;function Zo(e){let t=ye(e),n=d=>t.every(f=>d.toLowerCase().includes(f));if(t.length===0)return[];let s=i.stackSets.filter(d=>n(d.name+" "+(d.description||
""))).map(d=>({kind:"Stack set",label:d.name,more:k(d.instances,"cell"),change:{view:"set",set:d.name,q:""}})),a=i.accounts.filter(d=>n(d.id+" "+(d.name||""))).
map(d=>({kind:"Account",label:V(d),more:d.id,change:{view:"fleet",account:d.id,q:""}})),r=i.ous.flatMap((d,f)=>n(G(f)+" "+d.id)?[{kind:"OU",label:G(f),more:d.id,
change:{view:"fleet",ou:d.id,q:""}}]:[]),l=i.regions.filter(n).map(d=>({kind:"Region",label:d,more:"",change:{view:"fleet",region:d,q:""}})),c=i.verdicts.filter(
d=>n(x(d).label)).map(d=>({kind:"Verdict",label:x(d).label,more:x(d).meaning,change:{view:"fleet",v:d,q:""}})),u=i.groups.flatMap(d=>n([i.texts[d.reason],i.texts[d.
said],i.texts[d.hint]].join(" "))?[{kind:"Reason",label:i.texts[d.said]||i.texts[d.reason],more:k(d.cells.length,"cell"),change:{view:"fleet",as:"table",group:Le(
d),q:""}}]:[]),h=i.actions.filter(d=>n([d.id,d.operationId,d.action,d.reason].join(" "))).map(d=>({kind:"Operation",label:Oe(d.id),more:d.outcome,change:{view:"\
run",action:d.id,q:""}}));return[s,a,r,l,c,u,h].flatMap(d=>d.slice(0,Jo))}function ss(){let e=E("search"),t=E("offers"),n=[],s=-1,a=0,r=()=>{t.hidden=!0,s=-1,e.
setAttribute("aria-expanded","false"),e.removeAttribute("aria-activedescendant")},l=u=>{r(),e.value="",y(u.change)},c=()=>{t.hidden=n.length===0,e.setAttribute(
"aria-expanded",String(!t.hidden)),s>=0?e.setAttribute("aria-activedescendant","offer-"+s):e.removeAttribute("aria-activedescendant"),t.replaceChildren(...n.map(
(u,h)=>o("li",{id:"offer-"+h,role:"option","aria-selected":String(h===s),onmousedown:d=>{d.preventDefault(),l(u)}},o("span",{class:"kind"},u.kind),o("span",{class:"\
offer"},u.label),o("span",{class:"muted small"},u.more))))};e.value=p.q,e.addEventListener("input",()=>{n=Zo(e.value),s=-1,c(),clearTimeout(a),a=window.setTimeout(
()=>y({q:e.value.trim()}),120)}),e.addEventListener("keydown",u=>{if(u.key==="ArrowDown"||u.key==="ArrowUp"){if(n.length===0)return;s=(s+(u.key==="ArrowDown"?1:
-1)+n.length+(s<0&&u.key==="ArrowUp"?1:0))%n.length,c(),u.preventDefault()}else u.key==="Enter"?(clearTimeout(a),s>=0?l(n[s]):(r(),y({q:e.value.trim()}))):u.key===
"Escape"&&(t.hidden?(e.value="",y({q:""})):r(),u.stopPropagation())}),e.addEventListener("blur",r),Ee.push(u=>{u.has("q")&&document.activeElement!==e&&(e.value=
p.q)})}function os(){let e=i.stackSets.findIndex(n=>n.name===p.set);if(e<0)return[o("section",{class:"panel"},o("p",{class:"none"},p.set?"There is no stack set "+p.set+
" in this report.":"No stack set is chosen."))];let t=i.stackSets[e];return[Qo(t),Jn(e),Xo(t),ta(t)]}function Qo(e){let t=Ve(e),n=C(e.lastDriftCheck),s=e.after||
{},a=i.stackSets.filter(r=>(r.dependsOn||[]).includes(e.name)).map(r=>r.name);return o("section",{class:"panel","aria-labelledby":"set-title"},o("div",{class:"p\
anel-head"},o("h2",{id:"set-title"},Ft(e)),He(tt(e),"In the console"),o("button",{type:"button",class:"link",onclick:()=>y({view:"sets",set:""})},"All stack set\
s")),o("div",{class:"pad"},e.description&&o("p",null,e.description),ce(s),o("ul",{class:"tallies"},P.slice().reverse().filter(r=>s[r]).map(r=>o("li",null,D(r,14),
x(r).label," ",o("strong",null,w(s[r]))))),kt("setmend explain "+De(e.name))),o("dl",{class:"figures"},$("Instances",w(e.instances)),$("Permissions",(e.permissionModel||
"–").toLowerCase().replaceAll("_"," ")),$("Drift checked",isNaN(n)?"never":Z(n,!0)),$("Recent success",isNaN(t)?"–":Math.round(t*100)+" %"),$("Found wrong b\
y the last runs",pe(lt(e),"unhealthy instances over the last runs"))),o("dl",{class:"relations"},qt("Needs",e.dependsOn||[]),qt("Is needed by",a),qt("Never besi\
de",e.antiDependsOn||[])))}function qt(e,t){return t.length===0?null:o("div",null,o("dt",null,e),o("dd",null,t.map(n=>o("button",{type:"button",class:"cell-link",
onclick:()=>y({view:"set",set:n})},n))))}function Xo(e){return o("section",{class:"panel","aria-labelledby":"set-fleet-title"},o("div",{class:"panel-head"},o("h\
2",{id:"set-fleet-title"},"Its instances"),o("span",{class:"panel-tools"},o("button",{type:"button",class:"link",onclick:()=>y({view:"fleet",as:"table",set:e.name})},
"As a table"))),Wt())}var ea={SUCCEEDED:"good",FAILED:"bad",STOPPED:"warn"};function ta(e){let t=e.operations||[],n=r=>t[r],s=r=>(C(n(r).ended)-C(n(r).created))/
1e3,a=new j({name:"set-operations",label:"Recent operations",rowHeight:34,none:"AWS was not asked for its operations, or has none.",columns:[{key:"kind",label:"\
Operation",width:"10rem",value:r=>n(r).kind,show:r=>n(r).kind.toLowerCase().replaceAll("_"," ")},{key:"status",label:"Result",width:"9rem",value:r=>n(r).status,
show:r=>o("span",null,o("span",{class:"dot tone-"+(ea[n(r).status]||"busy")}),n(r).status.toLowerCase())},{key:"failed",label:"Failed at",number:!0,width:"6rem",
value:r=>n(r).failedInstances||0},{key:"created",label:"Began",width:"13rem",value:r=>n(r).created||"",show:r=>o("span",{class:"code"},M(C(n(r).created)))},{key:"\
took",label:"Took",number:!0,width:"6rem",value:r=>s(r)||0,show:r=>U(s(r))},{key:"reason",label:"AWS's reason",width:"20rem",value:r=>n(r).reason||""},{key:"id",
label:"Operation id",width:"18rem",value:r=>n(r).id,show:r=>o("span",{class:"code"},n(r).id)}]});return a.show(t.map((r,l)=>l)),o("section",{class:"panel","aria\
-labelledby":"set-operations-title"},o("div",{class:"panel-head"},o("h2",{id:"set-operations-title"},"Recent operations"),o("span",{class:"muted"},k(t.length,"o\
peration"))),a.element)}var as={overview:ts,set:os,sets:es,fleet:Dn,run:ns,history:Wn,graph:an},na={fleet:["by","as","when","order"],set:["when"],run:["action"],overview:[],sets:[],history:[],
graph:[]};function Ce(){let e=as[p.view]?p.view:"overview";_e.clear(),Qt(),document.body.dataset.view=e;let t=as[e](),n=E("view");n.replaceChildren(...Array.isArray(
t)?t:[t]),n.querySelector(".matrix")||Nn(),Tn()?.resize(),Xt();for(let s of document.querySelectorAll("nav a"))s.getAttribute("data-view")===(e==="set"?"sets":e)?
s.setAttribute("aria-current","page"):s.removeAttribute("aria-current"),s.setAttribute("href",dt({...p,view:s.getAttribute("data-view")||"",cell:"",action:""}))}
function rs(e=!1){xt(),St(),Ke();let t=i.groups.reduce((n,s)=>n+s.cells.length,0)+i.loose.length+i.approvals.filter(n=>!n.decision).length;E("attention-count").
textContent=t?w(t):"",e?it(Ce):Ce(),Tt(e)}function sa(){tn(),Ke(),it(Ce)}function oa(e){X.some(n=>e.has(n))&&(Ke(),e.has("v")&&St());let t=e.has("view")||X.some(
n=>e.has(n))||(na[p.view]||[]).some(n=>e.has(n));t&&e.has("view")?Ce():t?it(Ce):e.has("zoom")&&z?.resize(),e.has("cell")&&Tt()}function it(e){let t=E("view"),n="\
.scroller, .matrix, .timeline-box, .graph-box",s=[...t.querySelectorAll(n)].map(c=>[c.scrollLeft,c.scrollTop]),a=aa(t,document.activeElement),r=window.scrollY;e(),
window.scrollTo({top:r}),t.querySelectorAll(n).forEach((c,u)=>s[u]&&c.scrollTo(s[u][0],s[u][1]));let l=a&&a.reduce((c,u)=>c?.children[u],t);(l instanceof HTMLElement||
l instanceof SVGElement)&&l.focus({preventScroll:!0})}function aa(e,t){let n=[];for(let s=t;s!==e;s=s.parentElement){if(!s?.parentElement)return null;n.unshift(
[...s.parentElement.children].indexOf(s))}return n}function ra(){let e=()=>{fn(),i&&it(Ce)},t=document.documentElement,n=matchMedia("(prefers-color-scheme: dark\
)"),s=r=>{r==="light"||r==="dark"?t.dataset.theme=r:delete t.dataset.theme,e()};s((()=>{try{return localStorage.getItem("setmend-theme")}catch{return null}})()),
n.addEventListener("change",e),E("theme").addEventListener("click",()=>{let r=(t.dataset.theme||(n.matches?"dark":"light"))==="dark"?"light":"dark";s(r);try{localStorage.
setItem("setmend-theme",r)}catch{}})}function la(){document.addEventListener("keydown",e=>{let t=e.target instanceof HTMLInputElement;e.key==="Escape"&&p.cell?st():
e.key==="/"&&!t&&(e.preventDefault(),E("search").focus())}),document.querySelector(".skip")?.addEventListener("click",e=>{e.preventDefault(),E("view").focus()}),
document.querySelector("nav")?.addEventListener("click",e=>{let t=e.target.closest("a");!t||e.ctrlKey||e.metaKey||e.shiftKey||(e.preventDefault(),y({view:t.getAttribute(
"data-view")||"overview",cell:"",action:""}))})}async function ia(){let e=await Un(),t=gt(await Me(e.core)),n=wt(await Me(e.details));mt(n),pt(t,Promise.resolve(
n)),rs(!0)}function ca(e){E("headline").textContent="This page could not be drawn: "+N(e),E("banner").className="banner bad"}async function ua(){ra();let e=gt(await Me(
E("core").textContent||""));performance.mark("setmend:unpacked");let t=async()=>{let n=wt(await Me(E("details").textContent||""));return mt(n),p.q&&sa(),n};pt(e,
new Promise((n,s)=>setTimeout(()=>t().then(n,s),0))),la(),ss(),Ee.push(oa),rs(),performance.mark("setmend:usable"),performance.measure("setmend:load",{start:0,end:"\
setmend:usable"}),document.documentElement.dataset.ready="yes",Vn(ia),setInterval(()=>document.hidden||xt(),3e4)}ua().catch(e=>ca(String(e)));export{rs as paintAll};
