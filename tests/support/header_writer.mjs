// Writes a header anew as the console's page does, in Node: order as JSON on standard input, answer as JSON on standard output.
const order = JSON.parse(await new Promise((done) => { let all = ""; process.stdin.on("data", (some) => (all += some)).on("end", () => done(all)); }));
const load = (name) => import(`${order.modules}/${name}.js`);
const [{ Identities }, { base64, unbase64 }, { newHeader }] = await Promise.all(["age", "bytes", "resealing"].map(load));

try {
  const { header, proof } = await newHeader(unbase64(order.header), new Identities(order.identities), order.recipients);
  console.log(JSON.stringify({ header: base64(header), proof: base64(proof) }));
} catch (error) {
  console.log(JSON.stringify({ error: error.kind ?? String(error.stack) }));
}
