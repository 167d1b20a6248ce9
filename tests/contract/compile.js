// Prints the bytecode of every contract of the Solidity file named, as JSON.
const fs = require("fs");
const solc = require("solc");

const file = process.argv[2];
const input = {
  language: "Solidity",
  sources: { "contract.sol": { content: fs.readFileSync(file, "utf8") } },
  settings: { evmVersion: "paris", optimizer: { enabled: true }, outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors || []).filter((error) => error.severity === "error");
if (errors.length) {
  console.error(errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}
const contracts = output.contracts["contract.sol"];
const bytecode = Object.fromEntries(Object.entries(contracts).map(([name, one]) => [name, "0x" + one.evm.bytecode.object]));
console.log(JSON.stringify(bytecode));
