// Blocks are mined with each transaction. The chain begins in the past, so that its events are history.
module.exports = {
  solidity: "0.8.26",
  networks: {
    hardhat: {
      chainId: 31337,
      initialDate: "2024-01-01T00:00:00Z",
      mining: { auto: true },
      loggingEnabled: false,
    },
  },
};
