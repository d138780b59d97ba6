// Parses the AsyncAPI document on standard input; prints its complaints and the addresses it found, as JSON.
const { Parser } = require("@asyncapi/parser");

async function main() {
  const source = require("node:fs").readFileSync(0, "utf8");
  const { document, diagnostics } = await new Parser().parse(source);
  const complaints = diagnostics
    .filter((each) => each.severity <= 1)
    .map((each) => ({ isError: each.severity === 0, where: each.path.join("/"), what: each.message }));
  const addresses = document ? document.allChannels().all().map((channel) => channel.address()) : [];
  process.stdout.write(JSON.stringify({ complaints, addresses }));
}

main();
