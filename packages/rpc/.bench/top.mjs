import { readFileSync } from "node:fs";
for (const f of process.argv.slice(2)) {
  const p = JSON.parse(readFileSync(f)); const self = new Map(); const dt = p.timeDeltas; const nodes = new Map(p.nodes.map(n=>[n.id,n]));
  let total=0; p.samples.forEach((id,i)=>{ const n=nodes.get(id).callFrame; const k=n.functionName+" "+n.url.split("/").slice(-2).join("/")+":"+n.lineNumber; self.set(k,(self.get(k)??0)+dt[i]); total+=dt[i]; });
  console.log(f, Math.round(total/1000)); for (const [k,v] of [...self].sort((a,b)=>b[1]-a[1]).slice(0,14)) console.log("  ", (v/1000).toFixed(0).padStart(6), k);
}
